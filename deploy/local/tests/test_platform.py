import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from argon2 import PasswordHasher
from local.platform import AlreadyRunningError, Platform
from local.postgres import SERVICES
from local.supervisor import StartError

PATIENCE = 120.0

# Stands for a service: `migrate` needs its own database, running shows its settings and counts its starts there.
SERVICE = """#!{python}
import asyncio, json, os, sys
from pathlib import Path
import asyncpg, uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

async def sql(statement):
    connection = await asyncpg.connect(os.environ["DATABASE_URL"].replace("+asyncpg", ""))
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()

if sys.argv[1:] == ["migrate"]:
    asyncio.run(sql("CREATE TABLE IF NOT EXISTS starts (at timestamptz DEFAULT now())"))
    sys.exit(0)

async def show(request):
    clock = Path(os.environ["CLOCK_FILE"])
    starts = await sql("SELECT count(*) FROM starts")
    own = {{"name": Path(sys.argv[0]).name, "starts": starts, "pid": os.getpid()}}
    return JSONResponse({{**os.environ, **own, "clock": clock.read_text() if clock.exists() else ""}})

asyncio.run(sql("INSERT INTO starts DEFAULT VALUES"))
app = Starlette(routes=[Route("/{{path:path}}", show)])
uvicorn.run(app, host=os.environ["HTTP_HOST"], port=int(os.environ["HTTP_PORT"]), log_level="warning")
"""
TOPICS = """#!{python}
import asyncio, os
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
async def main():
    admin = AIOKafkaAdminClient(bootstrap_servers=os.environ["KAFKA_BOOTSTRAP_SERVERS"])
    await admin.start()
    if "kept" not in await admin.list_topics():
        await admin.create_topics([NewTopic("kept", 1, 1)])
        print("created", flush=True)
    await admin.close()
asyncio.run(main())
"""


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bin")
    for name, text in {**dict.fromkeys(SERVICES, SERVICE), "ateliers-topics": TOPICS}.items():
        (folder / name).write_text(text.format(python=sys.executable))
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory, programs: Path) -> Iterator[Platform]:
    var = tmp_path_factory.mktemp("platform") / "var"
    with Platform(var, port=28000, programs=programs) as platform:
        yield platform


def shown(platform: Platform, path: str) -> dict[str, object]:
    for _ in range(100):
        answer = httpx.get(platform.public_url + path, timeout=PATIENCE)
        if answer.status_code == 200:
            return dict(answer.json())
        time.sleep(0.1)
    raise AssertionError(answer.text)


def test_one_address_serves_the_four_services_with_their_settings_and_the_mails(platform: Platform) -> None:
    paths = {"/": "registration", "/groupes/1": "scheduling", "/messages": "notification", "/retours": "feedback"}
    for path, service in paths.items():
        seen = shown(platform, path)
        assert seen["name"] == service
        assert seen["ENVIRONMENT"] == "local"
        assert seen["PUBLIC_URL"] == platform.public_url
        assert PasswordHasher().verify(str(seen["TEAM_PASSWORD_HASH"]), platform.team_password)
    assert "Messages reçus" in httpx.get(f"{platform.public_url}/mails/").text
    platform.shift_clock(timedelta(days=14))
    assert shown(platform, "/")["clock"] == "1209600\n"
    secret = platform.var / "mot-de-passe-equipe.txt"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600


def test_a_second_platform_on_the_same_folder_is_refused(platform: Platform, programs: Path) -> None:
    with pytest.raises(AlreadyRunningError, match="utilise déjà"):
        Platform(platform.var, programs=programs).start()
    assert shown(platform, "/")["name"] == "registration"


def test_kill_9_and_a_new_start_keep_what_was_done(tmp_path: Path, programs: Path) -> None:
    with Platform(tmp_path / "var", port=28000, programs=programs) as platform:
        first = shown(platform, "/retours")
        for name in ("kafka", "postgresql", "feedback"):
            os.kill(platform.pids()[name], signal.SIGKILL)
        deadline = time.monotonic() + PATIENCE
        while (seen := shown(platform, "/retours"))["pid"] == first["pid"]:
            assert time.monotonic() < deadline
        assert seen["starts"] == 2
    with Platform(tmp_path / "var", port=28000, programs=programs) as again:
        seen = shown(again, "/retours")
        assert seen["starts"] == 3
        assert seen["SECRET_KEY"] == first["SECRET_KEY"]
        assert again.team_password == platform.team_password
    assert (tmp_path / "var" / "logs" / "topics.log").read_text().count("created") == 1


def test_other_servers_in_the_environment_replace_the_embedded_ones(tmp_path: Path, programs: Path) -> None:
    given = {f"{service.upper()}_DATABASE_URL": f"postgresql+asyncpg://db/{service}" for service in SERVICES}
    given |= {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9", "SMTP_URL": "smtp://mail.exemple.fr"}
    refusing = tmp_path / "bin"
    shutil.copytree(programs, refusing)
    (refusing / "ateliers-topics").write_text(f"#!{sys.executable}\nraise SystemExit('no Kafka at 127.0.0.1:9')")
    platform = Platform(tmp_path / "var", environ=given, programs=refusing)
    with pytest.raises(StartError, match="no Kafka at 127"):
        platform.start()
    platform.stop()
    settings = platform.settings("feedback")
    assert settings["DATABASE_URL"] == "postgresql+asyncpg://db/feedback"
    assert settings["SMTP_URL"] == "smtp://mail.exemple.fr"
    assert (platform.kafka, platform.postgres, platform.mails_url) == (None, None, None)


def test_the_command_says_in_one_sentence_that_the_folder_is_in_use(platform: Platform) -> None:
    command = [sys.executable, "-c", "from local.cli import main; main()", "run", "--var", str(platform.var)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)  # noqa: S603 - our own
    assert done.returncode == 1
    assert done.stderr.strip() == f"Une plateforme utilise déjà le dossier {platform.var}."
