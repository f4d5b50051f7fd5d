"""What is wrong is told in one line that says what to do."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
from chassis.clock import system_clock
from chassis.command import command
from chassis.handlers import Handlers
from chassis.listener import Listener
from chassis.service import Service
from chassis.settings import Settings
from chassis.store import Database, is_transient, make_engine, unreachable
from chassis.tables import new_metadata
from chassis.testing import settings_values
from chassis.trouble import Trouble, advice
from fastapi import APIRouter
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, NotSupportedError
from structlog.testing import capture_logs
from typer.testing import CliRunner

from chassis import listener as listener_module

_END_LISTENERS = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"
)


async def told(url: str) -> str:
    engine = make_engine(url)
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
    except Exception as error:  # noqa: BLE001 - whatever keeps us from the database
        return unreachable(error)
    finally:
        await engine.dispose()
    return ""


async def test_a_database_that_is_not_there_is_told_from_a_server_that_is_not(
    make_database: Callable[[str], str],
) -> None:
    url = make_database("trouble")
    assert await told(url) == ""
    assert (await told(f"{url}_nulle_part")).startswith("PostgreSQL has no database of this name")
    away = await told("postgresql+asyncpg://nobody@127.0.0.1:1/none")
    assert away == "PostgreSQL does not answer (ConnectionRefusedError): check DATABASE_URL and that it runs"


async def test_a_statement_from_before_a_migration_fails_once_and_may_be_tried_again(
    make_database: Callable[[str], str],
) -> None:
    url = make_database("migrated")
    older, newer = make_engine(url), make_engine(url)
    query = text("SELECT demande FROM demandes")
    async with newer.begin() as migration:
        await migration.execute(text("CREATE TABLE demandes AS SELECT CAST('{}' AS jsonb) AS demande"))
    async with older.connect() as connection:
        assert (await connection.execute(query)).scalar_one() == {}
    async with newer.begin() as migration:
        await migration.execute(text("ALTER TABLE demandes ALTER COLUMN demande TYPE json"))
    with pytest.raises(NotSupportedError) as failed:
        async with older.connect() as connection:
            await connection.execute(query)
    assert is_transient(failed.value)
    async with older.connect() as connection:
        assert (await connection.execute(query)).scalar_one() == {}
    await older.dispose()
    await newer.dispose()


async def test_a_listener_hears_at_once_that_its_session_is_gone(
    make_database: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener_module, "CHECK_SECONDS", 3600.0)
    url = make_database("listener")
    database, other = Database(make_engine(url), system_clock, "test"), make_engine(url)
    listener = Listener(database, ("mailer",))
    listening = asyncio.create_task(listener.run())
    await asyncio.wait_for(listener.outbox.wait(), 60)
    async with other.begin() as connection:
        ended = await connection.execute(_END_LISTENERS)
    assert ended.scalars().all() == [True]
    with pytest.raises(DBAPIError) as failed:
        await asyncio.wait_for(listening, 60)
    assert advice(failed.value).startswith("waiting for a connection")
    await database.engine.dispose()
    await other.dispose()


def test_a_failure_that_lasts_is_told_once_and_then_from_time_to_time(monkeypatch: pytest.MonkeyPatch) -> None:
    trouble, clock = Trouble("relay"), [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    with capture_logs() as logs:
        for seconds, error in ((0, OSError()), (299, OSError()), (1, OSError()), (1, TimeoutError()), (1, OSError())):
            clock[0] += seconds
            trouble.tell(error)
    assert [line["event"].split("(")[1].split(")")[0] for line in logs] == [
        "OSError",
        "OSError",
        "TimeoutError",
        "OSError",
    ]
    assert {line["task"] for line in logs} == {"relay"}


def test_a_refused_password_is_told_without_the_login() -> None:
    error = asyncpg.InvalidPasswordError('password authentication failed for user "jeanne"')
    assert unreachable(error) == "PostgreSQL refuses the login or the password: correct DATABASE_URL"


@pytest.mark.parametrize("arguments", [["migrate"], ["dlq", "list"], ["outbox", "list"]])
def test_a_command_without_its_database_ends_with_one_line(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in settings_values().items():
        monkeypatch.setenv(name.upper(), str(value))

    def build(settings: Settings, database: Database) -> Service:
        folder = Path(__file__).parent / "migrated" / "templates"
        return Service("registration", "", settings, database, Handlers(), APIRouter(), folder, new_metadata())

    answer = CliRunner().invoke(command("registration", Settings, build), arguments)
    assert answer.exit_code in {1, 2}
    assert len(answer.stderr.splitlines()) == 1
    assert "PostgreSQL does not answer" in answer.stderr
