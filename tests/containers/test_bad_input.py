"""What an operator can get wrong: one line says what to do, and the container ends or waits."""

from pathlib import Path

import feedback
import pytest
from chassis.migrations import newest
from local.demo.truth import until

from tests.containers.conftest import SERVICES
from tests.containers.servers import Servers
from tests.containers.service import CONFINED, NOWHERE, ServiceContainer


def plain(output: str) -> list[str]:
    """Lines that are not log records."""
    return [line for line in output.splitlines() if not line.startswith("{")]


@pytest.mark.parametrize("service", SERVICES)
def test_a_missing_secret_ends_it_with_one_line(images: dict[str, str], service: str, tmp_path: Path) -> None:
    secrets = {"smtp_url": "smtp://mail:1025"}
    container = ServiceContainer(images[service], [], tmp_path, secrets=secrets, MAIL_FROM="essai@exemple.fr")
    (tmp_path / "secret_key").unlink()
    with container:
        assert container.end() == 2
        (line,) = plain(container.output())
        assert line.startswith(f"{service}: SECRET_KEY: is not set, nor is there a file /run/secrets/secret_key (Signs")


def test_a_secret_that_it_may_not_read_is_named(images: dict[str, str], tmp_path: Path) -> None:
    container = ServiceContainer(images["feedback"], [], tmp_path)
    (tmp_path / "secret_key").chmod(0o600)
    with container:
        assert container.end() == 2
        assert plain(container.output()) == [
            "feedback: /run/secrets/secret_key can't be read (PermissionError): let user 10001 read it"
        ]


def test_secrets_that_are_not_mounted_are_named(images: dict[str, str], tmp_path: Path) -> None:
    container = ServiceContainer(images["feedback"], [], tmp_path, SECRETS_DIR="/run/absent")
    with container:
        assert container.end() == 2
        assert plain(container.output()) == [
            "feedback: SECRETS_DIR: /run/absent is not a folder: mount the secrets there, or unset it"
        ]


@pytest.fixture(scope="module")
def database(stand: Servers) -> str:
    return stand.postgres.create("bad_input")


def test_a_wrong_password_ends_the_migration(
    images: dict[str, str], stand: Servers, database: str, tmp_path: Path
) -> None:
    secrets = {"database_url": database.replace(f":{stand.postgres.password}@", ":wrong@")}
    with ServiceContainer(images["feedback"], ["migrate"], tmp_path, stand.network, secrets) as container:
        assert container.end() == 2
        assert plain(container.output()) == [
            "feedback: PostgreSQL refuses the login or the password: correct DATABASE_URL"
        ]


async def test_a_wrong_password_makes_the_service_wait(
    images: dict[str, str], stand: Servers, database: str, tmp_path: Path
) -> None:
    secrets = {"database_url": database.replace(f":{stand.postgres.password}@", ":wrong@")}
    with ServiceContainer(images["feedback"], [], tmp_path, stand.network, secrets) as container:
        assert await container.says("PostgreSQL refuses the login or the password: correct DATABASE_URL")
        assert container.exec(["python", "/opt/ateliers/healthcheck.py"]).exit_code == 1
        assert container.state()["Running"]


def test_a_database_that_is_not_there_ends_the_migration(images: dict[str, str], tmp_path: Path) -> None:
    with ServiceContainer(images["feedback"], ["migrate"], tmp_path, secrets={"database_url": NOWHERE}) as container:
        assert container.end() == 2
        (line,) = plain(container.output())
        assert line.startswith("feedback: PostgreSQL does not answer (gaierror): check DATABASE_URL")


async def test_a_database_of_a_newer_version_is_left_alone(
    images: dict[str, str], stand: Servers, tmp_path: Path
) -> None:
    secrets = {"database_url": stand.postgres.create("newer")}
    with ServiceContainer(images["feedback"], ["migrate"], tmp_path, stand.network, secrets) as container:
        assert container.end() == 0, container.output()
    stand.postgres.sql("UPDATE alembic_version SET version_num = '9999'", "newer")
    known = newest(Path(feedback.__path__[0]) / "migrations")
    line = f"the database is of a newer version (9999, this program knows {known}): run the newer program"
    with ServiceContainer(images["feedback"], ["migrate"], tmp_path, stand.network, secrets) as container:
        assert container.end() == 2
        (told,) = plain(container.output())
        assert told.startswith(f"feedback: {line}")
    with ServiceContainer(images["feedback"], [], tmp_path, stand.network, secrets) as container:
        assert await container.says(line)


async def test_a_worker_without_topics_waits_and_says_so(
    images: dict[str, str], stand: Servers, tmp_path: Path
) -> None:
    secrets = {"database_url": stand.postgres.create("no_topics")}
    with ServiceContainer(images["feedback"], ["migrate"], tmp_path, stand.network, secrets) as container:
        assert container.end() == 0, container.output()
    with ServiceContainer(images["feedback"], [], tmp_path, stand.network, secrets) as container:
        assert await container.says("run `ateliers-topics create`")
        assert container.exec(["python", "/opt/ateliers/healthcheck.py"]).exit_code == 1


async def test_a_port_that_is_taken_is_named(images: dict[str, str], stand: Servers, tmp_path: Path) -> None:
    first = ServiceContainer(images["feedback"], [], tmp_path, stand.network)
    with first:

        async def listens() -> bool:
            return bool(first.exec(["python", "/opt/ateliers/healthcheck.py"]).output.startswith(b"{"))

        assert await until(listens, 60)
        second = ServiceContainer(images["feedback"], [], tmp_path)
        second.ports.clear()
        second.with_kwargs(**CONFINED, network_mode=f"container:{first.get_container_id()}")
        with second:
            assert second.end() == 2
            (line,) = plain(second.output())
            assert line.startswith("feedback: HTTP_PORT 8080 can't be used (OSError): stop what uses it")
