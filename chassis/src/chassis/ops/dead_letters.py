"""What people do about records that were kept aside: find, replay, discard. Every deed stays in `history`.

A replay goes through the service's own handlers and inbox with the event's own id, in one transaction with the mark: an
event that has been taken meanwhile has no second effect, and a crash leaves the record open.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from contracts.envelope import InvalidEvent, UnknownType, decode
from sqlalchemy import Row, Select, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.dlq import printable
from chassis.handlers import Handlers
from chassis.store import Database, NotYetKnown, Transaction, is_transient, name_of, unpack_headers
from chassis.tables import new_metadata


class LetterId(NamedTuple):
    """Where a record stood: written `topic/partition/offset`."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"

    @classmethod
    def parse(cls, written: str) -> "LetterId":
        """Raises ValueError when it isn't topic/partition/offset."""
        topic, partition, offset = written.rsplit("/", 2)
        return cls(topic, int(partition), int(offset))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records: every condition that is given must hold. Times are aware; `until` is not included."""

    id: LetterId | None = None
    topic: str | None = None
    key: str | None = None
    reason: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    closed: bool = False

    def is_everything(self) -> bool:
        return not any((self.id, self.topic, self.key, self.reason, self.since, self.until))


class Outcome(StrEnum):
    TAKEN = "replayed"
    NOTHING_TO_DO = "nothing to do"
    REFUSED = "refused again"
    GONE = "no longer open"


_DLQ = new_metadata().tables["dlq"]
_PLACE = (_DLQ.c.topic, _DLQ.c.partition, _DLQ.c.offset)
_ONE = text('SELECT * FROM dlq WHERE topic = :topic AND partition = :partition AND "offset" = :offset')
_TAKE = text("""
    SELECT key, headers, value FROM dlq
    WHERE topic = :topic AND partition = :partition AND "offset" = :offset AND closed_at IS NULL
    FOR UPDATE SKIP LOCKED
""")
_NOTE = text("""
    UPDATE dlq SET history = history || jsonb_build_array(jsonb_build_object('at', now()) || CAST(:deed AS jsonb)),
                   closed_at = CASE WHEN :closed THEN now() END, reason = coalesce(:reason, reason)
    WHERE topic = :topic AND partition = :partition AND "offset" = :offset
""")


async def count(connection: AsyncConnection, wanted: Wanted) -> int:
    return int((await connection.execute(_where(select(func.count()).select_from(_DLQ), wanted))).scalar_one())


async def page(connection: AsyncConnection, wanted: Wanted, limit: int, skip: int) -> list[Row[Any]]:
    """Without the values, the oldest first."""
    found = _where(select(*(column for column in _DLQ.c if column is not _DLQ.c.value)), wanted)
    ordered = found.order_by(_DLQ.c.received_at, *_PLACE)
    return list(await connection.execute(ordered.limit(limit).offset(skip)))


async def ids(connection: AsyncConnection, wanted: Wanted) -> list[LetterId]:
    """In the order of each partition."""
    rows = await connection.execute(_where(select(*_PLACE), wanted).order_by(*_PLACE))
    return [LetterId(*row) for row in rows]


async def one(connection: AsyncConnection, letter: LetterId) -> Row[Any] | None:
    return (await connection.execute(_ONE, letter._asdict())).first()


async def replay(database: Database, handlers: Handlers, letter: LetterId, by: str) -> tuple[Outcome, str]:
    """Hand one record to the handlers again; what came of it, and why it was refused.

    Raises what `is_transient` recognizes, with nothing changed.
    """
    async with database.transaction() as tx:
        row = (await tx.connection.execute(_TAKE, letter._asdict())).first()
        if row is None:
            return Outcome.GONE, ""
        try:
            async with tx.savepoint():
                event = decode(row.key, unpack_headers(row.headers), row.value)
                taken = await handlers.handle(tx, [event])
        except Exception as error:
            if is_transient(error) and not isinstance(error, NotYetKnown):
                raise
            reason = printable(_why(error))
            await _note(tx, letter, {"by": by, "did": Outcome.REFUSED, "why": reason}, closed=False, reason=reason)
            return Outcome.REFUSED, reason
        outcome = Outcome.TAKEN if taken else Outcome.NOTHING_TO_DO
        await _note(tx, letter, {"by": by, "did": outcome}, closed=True)
        return outcome, ""


async def discard(database: Database, letter: LetterId, by: str, why: str) -> bool:
    """Close one record for good without taking it; False if it is no longer open."""
    async with database.transaction() as tx:
        if (await tx.connection.execute(_TAKE, letter._asdict())).first() is None:
            return False
        await _note(tx, letter, {"by": by, "did": "discarded", "why": why}, closed=True)
        return True


def _where(statement: Select[Any], wanted: Wanted) -> Select[Any]:
    if wanted.id is not None:
        statement = statement.where(*(column == part for column, part in zip(_PLACE, wanted.id, strict=True)))
    if wanted.topic is not None:
        statement = statement.where(_DLQ.c.topic == wanted.topic)
    if wanted.key is not None:
        statement = statement.where(_DLQ.c.key == wanted.key.encode())
    if wanted.reason is not None:
        statement = statement.where(_DLQ.c.reason.icontains(wanted.reason, autoescape=True))
    if wanted.since is not None:
        statement = statement.where(_DLQ.c.received_at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(_DLQ.c.received_at < wanted.until)
    return statement if wanted.closed else statement.where(_DLQ.c.closed_at.is_(None))


async def _note(
    tx: Transaction, letter: LetterId, deed: dict[str, str], *, closed: bool, reason: str | None = None
) -> None:
    values = {**letter._asdict(), "deed": json.dumps(deed), "closed": closed, "reason": reason}
    await tx.connection.execute(_NOTE, values)


def _why(error: Exception) -> str:
    if isinstance(error, UnknownType):
        return f"unknown type {error}"
    return str(error) if isinstance(error, InvalidEvent) else name_of(error)
