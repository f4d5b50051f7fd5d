"""Work that one process of a service does at a time; the next takes over within seconds.

A session-level advisory lock, with a session that PostgreSQL ends when it hears nothing from it for a while: a process
that is stopped, or a machine that is gone, does not keep the lock.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from sqlalchemy import text

from chassis.store import Database, watch

TRY_SECONDS: Final = 1.0
SIGN_SECONDS: Final = 2.0
SILENCE_SECONDS: Final = 10

_TRY = text("SELECT pg_try_advisory_lock(hashtext(:name))")


async def alone(database: Database, name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Wait for the lock and do the work, until it ends or the lock is lost. Raises what either of them raises."""
    async with database.engine.connect() as connection:
        try:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            await connection.execute(text(f"SET idle_session_timeout = '{SILENCE_SECONDS}s'"))
            while not (await connection.execute(_TRY, {"name": name})).scalar_one():  # noqa: ASYNC110 - PostgreSQL's
                await asyncio.sleep(TRY_SECONDS)
            await _first_to_end(work(), watch(connection, SIGN_SECONDS))
        finally:
            await connection.invalidate()  # the lock lives as long as its session


async def _first_to_end(*works: Awaitable[None]) -> None:
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
