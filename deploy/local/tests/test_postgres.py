import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
from local.postgres import PostgresServer


def dsn(url: str) -> str:
    return url.replace("+asyncpg", "")


async def value(url: str, sql: str) -> object:
    connection = await asyncpg.connect(dsn(url))
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PostgresServer]:
    server = PostgresServer(tmp_path / "closed" / "postgres")
    server.data.parent.mkdir(mode=0o700)
    server.start()
    yield server
    server.stop()


async def test_a_service_owns_its_database_and_cannot_enter_another_one(
    postgres_server: PostgresServer,
) -> None:
    url = postgres_server.url("registration")
    await value(url, "CREATE TABLE own (id int)")
    assert await value(url, "SELECT current_user || '@' || current_database()") == "registration@registration"
    for database in ("scheduling", "notification", "feedback", "postgres", "template1"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await value(url.rsplit("/", 1)[0] + f"/{database}", "SELECT 1")


async def test_a_wrong_password_is_refused(postgres_server: PostgresServer) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await value(f"postgresql://registration:no@127.0.0.1:{postgres_server.port}/registration", "SELECT 1")


async def test_each_made_database_is_new_and_empty(make_database: Callable[[str], str]) -> None:
    first, second = make_database("twin"), make_database("twin")
    await value(first, "CREATE TABLE only_in_the_first (id int)")
    assert await value(second, "SELECT to_regclass('only_in_the_first')") is None


async def test_committed_rows_survive_kill_9_and_a_change_of_port(server: PostgresServer) -> None:
    url = server.url("feedback")
    await value(url, "CREATE TABLE kept AS SELECT 42 AS answer")
    idle = await asyncpg.connect(dsn(url))
    server.kill()
    assert (server.data / "postmaster.pid").exists()
    await asyncio.to_thread(server.start)
    assert await value(url, "SELECT answer FROM kept") == 42
    idle.terminate()
    server.stop()
    again = PostgresServer(server.data)
    again.start()
    try:
        assert await value(again.url("feedback"), "SELECT answer FROM kept") == 42
    finally:
        again.stop()


async def test_a_pid_file_that_names_another_program_does_not_prevent_the_start(
    server: PostgresServer,
) -> None:
    server.kill()
    file = server.data / "postmaster.pid"
    lines = file.read_text().split("\n")
    file.write_text("\n".join([str(os.getpid()), *lines[1:]]))
    server.start()
    assert server.is_alive()


def test_the_passwords_are_readable_by_their_owner_only(server: PostgresServer) -> None:
    passwords = server.data.with_name("postgres.passwords")
    assert passwords.stat().st_mode & 0o077 == 0
    before = server.url("scheduling")
    assert PostgresServer(server.data, server.port).url("scheduling") == before
