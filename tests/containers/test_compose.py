"""The platform of docker-compose.yml: shut-out neighbours, shared partitions, restarts under load, data that stays.

One platform serves all of it, in the order of this file.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from chassis.web.french import PARIS
from local.demo.season import small_season
from local.demo.team import Team
from local.demo.truth import until

from tests.containers.compose import Compose
from tests.containers.conftest import SERVICES

KAFKA_AWAY = 2
"""Status of the portal when Kafka does not answer."""
ACCEPTED = {
    "scheduling": "SELECT count(*) FROM inscriptions",
    "feedback": "SELECT count(*) FROM participants",
    "notification": "SELECT count(*) FROM envois WHERE etat = 'envoye' AND modele = 'inscription-validee'",
}
"""How many accepted inscriptions each service knows."""
GROUP = ("exec", "-T", "kafka", "/opt/kafka/bin/kafka-consumer-groups.sh", "--bootstrap-server", "kafka:9092")
RESTARTED = (
    "registration-worker",
    "postgres",
    "kafka",
    "notification-worker",
    "scheduling-worker",
    "feedback-worker",
    "registration",
    "notification",
    "scheduling",
    "feedback",
    "mail",
    "proxy",
)


class Platform(Compose):
    """Adds what goes in: inscriptions of the example portal, always of other people."""

    def __init__(self, folder: Path) -> None:
        super().__init__("ateliers-test", folder, "--profile", "demo")
        self.sent = 0

    def register(self, people: int) -> None:
        """Send inscriptions and wait until each is answered; what Kafka did not take is sent again as it is."""
        portal = ("run", "--rm", "--no-deps", "-T", "--entrypoint", "portal", "demo", "--timeout", "240")
        some = ("--bootstrap-servers", "kafka:9092", "-n", str(people), "--seed", str(secrets.randbelow(10**9)))
        deadline = time.monotonic() + 240
        code, output = self.attempt(*portal, *some)
        while code == KAFKA_AWAY and time.monotonic() < deadline:
            time.sleep(1)
            code, output = self.attempt(*portal, *some)
        assert code == 0, output
        self.sent += people

    async def settled(self) -> bool:
        """Wait until everybody who registered is known to each service that must know them, and was written to."""

        async def all_known() -> bool:
            accepted = self.sql("registration", "SELECT count(*) FROM inscriptions WHERE etat = 'validee'")
            known = {service: self.sql(service, query) for service, query in ACCEPTED.items()}
            return self.answered() == self.sent and set(known.values()) == {accepted}

        return await until(all_known, 180)

    def mails(self) -> int:
        """How many mails people have received."""
        return int(httpx.get(f"{self.url}/mails/api/v1/messages?limit=1").json()["total"])

    def answered(self) -> int:
        return int(self.sql("registration", "SELECT count(*) FROM inscriptions WHERE etat IN ('validee', 'refusee')"))


@pytest.fixture(scope="module")
async def platform(images: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    """Start it with one command; open a campagne through the team's pages."""
    assert images
    platform = Platform(tmp_path_factory.mktemp("compose"))
    try:
        services = [name for name in platform("config", "--services").split() if name != "demo"]
        platform("up", "--detach", *services)
        team = Team(platform.url, (platform.secrets / "team_password").read_text().strip())
        today = datetime.now(PARIS).date()
        campagne = await team.create_campagne(small_season(today), today)
        await team.open_campagne(campagne)
        await team.close_browser()
        platform.register(20)
        assert await platform.settled()
        yield platform
    finally:
        platform("down", "--volumes", "--remove-orphans")


async def test_every_container_is_healthy_or_has_finished(platform: Platform) -> None:
    async def all_well() -> bool:
        states = platform("ps", "--all", "--format", "{{.Service}} {{.Status}}").splitlines()
        return len(states) == 18 and all("(healthy)" in s or "Exited (0)" in s for s in states)

    assert await until(all_well, 120), platform("ps", "--all")


def test_no_container_holds_a_secret_in_its_environment(platform: Platform) -> None:
    kept = [file.read_text().strip() for file in platform.secrets.rglob("*") if file.is_file()]
    passwords = [value for value in kept if not value.startswith("smtp://mail")]
    shown = platform("config") + "".join(
        platform("exec", "-T", name, "cat", "/proc/1/environ") for name in ("registration", "notification-worker")
    )
    assert len(passwords) > 20
    assert [value for value in passwords if value in shown] == []


@pytest.mark.parametrize("login", SERVICES)
def test_a_login_reads_its_own_database_only(platform: Platform, login: str) -> None:
    password = (platform.secrets / "postgres" / login).read_text().strip()

    def connect(database: str) -> tuple[int, str]:
        address = f"postgresql://{login}:{password}@127.0.0.1/{database}"
        return platform.attempt("exec", "-T", "postgres", "psql", "-XAtqc", "SELECT count(*) FROM outbox", address)

    assert connect(login)[0] == 0
    for other in {*SERVICES, "postgres", "template1"} - {login}:
        code, said = connect(other)
        assert code != 0
        assert "permission denied for database" in said


def test_kafka_and_postgresql_answer_inside_only(platform: Platform) -> None:
    published = platform("ps", "--format", "{{.Service}} {{.Ports}}")
    assert [line.split()[0] for line in published.splitlines() if "->" in line] == ["proxy"]
    code, _ = platform.attempt("exec", "-T", "registration-worker", "python", "-c", _CONNECT.format("proxy", 8000))
    assert code != 0
    platform("exec", "-T", "registration-worker", "python", "-c", _CONNECT.format("kafka", 9092))


_CONNECT = "import socket; socket.create_connection(('{}', {}), 3)"


async def test_three_workers_share_the_partitions(platform: Platform) -> None:
    platform("up", "--detach", "--no-recreate", "--scale", "registration-worker=3", "registration-worker")

    async def shared() -> bool:
        code, table = platform.attempt(*GROUP, "--group", "registration", "--describe", "--members")
        counts = [int(line.split()[4]) for line in table.splitlines() if line.startswith("registration ")]
        return code == 0 and len(counts) == 3 and min(counts) >= 1

    assert await until(shared, 120)
    platform.register(200)
    busy = [
        platform("exec", "-T", "--index", str(index), "registration-worker", "python", "-c", _RECORDS)
        for index in (1, 2, 3)
    ]
    assert [count for count in busy if not float(count)] == []
    assert await platform.settled()


_RECORDS = """
import urllib.request
lines = urllib.request.urlopen("http://127.0.0.1:8080/metrics").read().decode().splitlines()
print(sum(float(l.split()[-1]) for l in lines if l.startswith("ateliers_records_total")))
"""


async def test_each_container_is_restarted_under_load_and_nothing_is_lost(platform: Platform) -> None:
    restarting = True

    def load() -> None:
        while restarting:
            platform.register(100)

    async with asyncio.TaskGroup() as group:
        loading = group.create_task(asyncio.to_thread(load))
        for service in RESTARTED:
            assert not loading.done()
            await asyncio.to_thread(platform, "restart", service)
            assert await until(lambda service=service: _is_healthy(platform, service), 120), service  # type: ignore[misc]
        restarting = False
    assert await platform.settled()
    for service in SERVICES:
        assert platform.sql(service, "SELECT count(*) FROM dlq") == "0"
        assert platform.sql(service, "SELECT count(*) FROM outbox WHERE sent_at IS NULL") == "0"
    answers = "SELECT count(*), count(DISTINCT key) FROM outbox WHERE topic = 'ateliers.inscriptions'"
    assert platform.sql("registration", answers) == f"{platform.sent}|{platform.sent}"


async def _is_healthy(platform: Platform, service: str) -> bool:
    states = platform("ps", "--format", "{{.Status}}", service).splitlines()
    return bool(states) and all("(healthy)" in state for state in states)


async def test_an_upgrade_of_one_service_touches_nobody_else(platform: Platform) -> None:
    before = _started(platform)
    platform("up", "--detach", "--force-recreate", "--no-deps", "notification-worker", "notification")
    after = _started(platform)
    assert {name for name in before if before[name] != after.get(name)} == {"notification-worker", "notification"}
    platform.register(20)
    assert await platform.settled()


def _started(platform: Platform) -> dict[str, str]:
    lines = platform("ps", "--format", "{{.Service}} {{.CreatedAt}} {{.ID}}").splitlines()
    return {line.split()[0]: line.split()[-1] for line in lines if not line.startswith("registration-worker")}


async def test_data_is_kept_when_everything_goes_down_and_up_again(platform: Platform) -> None:
    before = {service: platform.sql(service, "SELECT count(*), max(id) FROM outbox") for service in SERVICES}
    passwords = {file: file.read_text() for file in platform.secrets.rglob("*") if file.is_file()}
    platform("down")
    platform("up", "--detach", "--wait", "proxy")
    assert {service: platform.sql(service, "SELECT count(*), max(id) FROM outbox") for service in SERVICES} == before
    assert {file: file.read_text() for file in passwords} == passwords
    platform.register(20)
    assert await platform.settled()


@pytest.mark.parametrize("service", SERVICES)
async def test_a_database_is_restored_and_hears_again_what_it_missed(platform: Platform, service: str) -> None:
    mails = platform.mails()
    dump = platform.read("exec", "-T", "postgres", "pg_dump", "-U", "postgres", "-Fc", service)
    moment = datetime.now().astimezone().isoformat(timespec="milliseconds")
    platform.register(20)
    assert await platform.settled()
    new = platform.mails() - mails
    platform("stop", service, f"{service}-worker")
    restore = ("pg_restore", "-U", "postgres", "--clean", "--create", "--if-exists", "-d", "postgres")
    platform("exec", "-T", "postgres", *restore, stdin=dump)
    reset = ("--all-topics", "--reset-offsets", "--to-datetime", moment, "--execute")

    async def is_reset() -> bool:  # once the group has noticed that its members are gone
        code, _ = platform.attempt(*GROUP, "--group", service, *reset)
        return code == 0

    assert await until(is_reset, 90)
    platform("up", "--detach", "--wait", service)
    assert await platform.settled()
    again = new if service == "notification" else 0  # who forgets what was sent sends it again
    assert platform.mails() == mails + new + again
    login = "SELECT count(*) FROM pg_database WHERE datname = '{}' AND has_database_privilege('{}', datname, 'CONNECT')"
    others = [other for other in SERVICES if other != service]
    assert platform.sql("postgres", login.format(service, service)) == "1"
    assert [other for other in others if platform.sql("postgres", login.format(service, other)) == "1"] == []
