"""One transaction around everything that a message, a form or a timer changes, with the events that follow from it.

Nobody else commits. What is published stands in the outbox of the same transaction: either both are there or neither.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import InvalidCachedStatementError
from contracts.envelope import Event, Headers, Message, encode
from contracts.model import EventData
from pydantic_core import from_json, to_json
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from chassis import tracing
from chassis.clock import Clock
from chassis.ids import uuid7
from chassis.tracing import Trace

OUTBOX_CHANNEL = "outbox"
TIMER_CHANNEL = "timer"

_INSERT_OUTBOX = text("""
    INSERT INTO outbox (topic, key, headers, value)
    SELECT topic, key, headers, value
    FROM unnest(CAST(:topics AS text[]), CAST(:keys AS bytea[]), CAST(:headers AS bytea[]), CAST(:values AS bytea[]))
         WITH ORDINALITY AS row (topic, key, headers, value, position)
    ORDER BY position
""")
_INSERT_INBOX = text("""
    INSERT INTO inbox (event_id) SELECT DISTINCT unnest(CAST(:ids AS uuid[]))
    ON CONFLICT DO NOTHING RETURNING event_id
""")
_NOTIFY = text("SELECT pg_notify(:channel, :payload)")

# PostgreSQL's classes of errors that a later try may not meet again: connection, rollback by the server, resources,
# an operator's intervention, and the system itself (appendix A of its manual).
_TRANSIENT_CLASSES = ("08", "40", "53", "57", "58")


class NotYetKnown(Exception):
    """An id that another topic will make known: the batch is rolled back and tried again."""


def is_transient(error: BaseException) -> bool:
    """Whether the same work may succeed later without any change to it."""
    if isinstance(error, NotYetKnown | OSError | TimeoutError):
        return True
    if isinstance(error, DBAPIError):
        if isinstance(getattr(error.orig, "__cause__", None), InvalidCachedStatementError):
            return True  # prepared before a migration: the next time it is prepared anew
        if state := sqlstate(error):
            return state.startswith(_TRANSIENT_CLASSES)
        return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
    return False


def sqlstate(error: BaseException) -> str:
    """PostgreSQL's code of the error, or nothing when the error isn't its own."""
    return str(getattr(getattr(error, "orig", error), "sqlstate", None) or "")


def unreachable(error: BaseException) -> str:
    """Say why a connection to the database fails, and what to do."""
    state = sqlstate(error)
    if state.startswith("28"):
        return "PostgreSQL refuses the login or the password: correct DATABASE_URL"
    if state == "3D000":
        return "PostgreSQL has no database of this name: create it or correct DATABASE_URL"
    return f"PostgreSQL does not answer ({name_of(error)}): check DATABASE_URL and that it runs"


def name_of(error: BaseException) -> str:
    """Name an error without the values that database drivers and validators like to repeat."""
    origin = getattr(error, "orig", None)
    if origin is not None:
        return f"{type(origin).__name__} {sqlstate(error)}".strip()
    return f"{type(error).__name__}: {error}"[:300] if isinstance(error, NotYetKnown) else type(error).__name__


def pack_headers(headers: Sequence[tuple[str, bytes | None]] | Headers) -> bytes:
    """Write headers as JSON: latin-1 maps every byte to one character and back, valid UTF-8 or not."""
    return to_json([(name, None if v is None else v.decode("latin-1")) for name, v in headers])


def unpack_headers(packed: bytes) -> list[tuple[str, bytes | None]]:
    return [(name, None if v is None else v.encode("latin-1")) for name, v in from_json(packed)]


class Transaction:
    """What application code sees of a transaction: its connection, its time, and what it publishes."""

    def __init__(self, connection: AsyncConnection, now: datetime, source: str) -> None:
        self.connection = connection
        self.now = now
        self._source = source
        self._messages: list[Message | tuple[str, bytes | None, bytes, bytes | None]] = []
        self._wakes: set[str] = set()
        self.trace = Trace(other=tracing.current())

    def publish(self, data: EventData) -> None:
        """Put an event into the outbox; the order of calls is the order on the topic."""
        self._messages.append(encode(Event(uuid7(), self._source, self.now, data, self.trace.of(data))))

    def publish_raw(self, topic: str, key: bytes | None, headers: bytes, value: bytes | None) -> None:
        """Put a record into the outbox as it is; `headers` come from pack_headers."""
        self._messages.append((topic, key, headers, value))

    def wake(self, timer: str) -> None:
        """Run the named timer at once after the commit, in whichever process has it."""
        self._wakes.add(timer)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """A part that can fail alone: what it wrote and published is taken back with it."""
        published = len(self._messages)
        try:
            async with self.connection.begin_nested():
                yield
        except BaseException:
            del self._messages[published:]
            raise

    async def only_new(self, ids: Sequence[UUID]) -> set[UUID]:
        """Enter event ids in the inbox and return those that were not there."""
        rows = await self.connection.execute(_INSERT_INBOX, {"ids": list(ids)})
        return set(rows.scalars())

    async def flush(self) -> None:
        """Write the outbox rows and the notifications; part of the commit."""
        if self._messages:
            rows = [_row(message) for message in self._messages]
            topics, keys, headers, values = (list(column) for column in zip(*rows, strict=True))
            await self.connection.execute(
                _INSERT_OUTBOX, {"topics": topics, "keys": keys, "headers": headers, "values": values}
            )
            await self.connection.execute(_NOTIFY, {"channel": OUTBOX_CHANNEL, "payload": ""})
        for timer in sorted(self._wakes):
            await self.connection.execute(_NOTIFY, {"channel": TIMER_CHANNEL, "payload": timer})


def _row(
    message: Message | tuple[str, bytes | None, bytes, bytes | None],
) -> tuple[str, bytes | None, bytes, bytes | None]:
    if isinstance(message, Message):
        return message.topic, message.key, pack_headers(message.headers), message.value
    return message


class Database:
    """The service's own PostgreSQL database. `source` names the service in the events that it publishes."""

    def __init__(self, engine: AsyncEngine, clock: Clock, source: str) -> None:
        self.engine = engine
        self.clock = clock
        self.source = source

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        async with self.engine.begin() as connection:
            transaction = Transaction(connection, self.clock(), self.source)
            yield transaction
            await transaction.flush()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        async with self.engine.connect() as connection:
            yield connection


async def watch(connection: AsyncConnection, seconds: float) -> None:
    """Raise as soon as the session of this connection (of isolation level AUTOCOMMIT) is gone.

    Gives a sign every so many seconds: a server or a network that went without a word is noticed too.
    """
    gone = asyncio.Event()
    raw: Any = (await connection.get_raw_connection()).driver_connection
    raw.add_termination_listener(lambda _: gone.set())
    while True:
        with suppress(TimeoutError):
            await asyncio.wait_for(gone.wait(), seconds)
        await connection.execute(text("SELECT 1"))


def make_engine(url: str) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_size=5,
        max_overflow=10,
        pool_pre_ping=True,
        pool_timeout=10,
        hide_parameters=True,
        connect_args={"timeout": 10, "command_timeout": 60},
    )
