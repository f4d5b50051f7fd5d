"""Figures that only the database knows, read when Prometheus asks: any role can tell them, whichever has stopped."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeAlias

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import metrics
from chassis.store import Database

FRESH_SECONDS: Final = 5.0
"""Whoever asks more often gets the same figures: the address of the metrics may be public."""
PATIENCE_SECONDS: Final = 3.0

Measure: TypeAlias = Callable[[AsyncConnection], Awaitable[Sequence[str]]]
"""Reads the database, sets gauges, and says what an operator should look at."""

_OUTBOX = text("""
    SELECT count(*) FILTER (WHERE quarantined IS NULL), count(*) FILTER (WHERE quarantined IS NOT NULL),
           extract(epoch FROM now() - min(created_at) FILTER (WHERE quarantined IS NULL))
    FROM outbox WHERE sent_at IS NULL
""")
_DLQ = text("SELECT topic, count(*) FROM dlq WHERE closed_at IS NULL GROUP BY topic")


async def _outbox(connection: AsyncConnection) -> list[str]:
    waiting, quarantined, oldest = (await connection.execute(_OUTBOX)).one()
    metrics.unsent.set(waiting)
    metrics.quarantined.set(quarantined)
    metrics.oldest_unsent.set(oldest or 0)
    return [f"outbox: {quarantined} refused by the broker, see `outbox list`"] if quarantined else []


async def _dlq(connection: AsyncConnection) -> list[str]:
    rows = (await connection.execute(_DLQ)).all()
    metrics.dlq_open.clear()
    for topic, count in rows:
        metrics.dlq_open.labels(topic=topic).set(count)
    total = sum(count for _, count in rows)
    return [f"dlq: {total} open, see `dlq list`"] if total else []


class Measures:
    """The chassis' own measures and those that a service adds."""

    def __init__(self, database: Database, added: Sequence[Measure] = ()) -> None:
        self._database = database
        self._measures = (_outbox, _dlq, *added)
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()
        self._attention: list[str] = []

    async def read(self) -> list[str]:
        """Set every gauge and return what an operator should look at.

        What can't be read stays as it was, and the gauge `database_up` says so.
        """
        async with self._reading:
            if time.monotonic() - self._read_at < FRESH_SECONDS:
                return self._attention
            try:
                async with asyncio.timeout(PATIENCE_SECONDS), self._database.read() as connection:
                    self._attention = [line for measure in self._measures for line in await measure(connection)]
                metrics.database_up.set(1)
            except Exception:  # noqa: BLE001 - the gauge is the answer
                metrics.database_up.set(0)
            self._read_at = time.monotonic()
            return self._attention
