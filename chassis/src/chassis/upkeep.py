"""Old rows of delivery go once no topic can bring their events back."""

from datetime import timedelta

from sqlalchemy import text

from chassis.store import Database
from chassis.timers import Timer

KEPT = timedelta(days=400)
"""Longer than the longest retention of a topic, so that a replay from its beginning still meets the inbox."""


def timer(database: Database) -> Timer:
    async def clean() -> None:
        async with database.transaction() as tx:
            await tx.connection.execute(
                text("DELETE FROM inbox WHERE received_at < now() - CAST(:kept AS interval)"), {"kept": KEPT}
            )
            await tx.connection.execute(
                text("DELETE FROM outbox WHERE sent_at < now() - CAST(:kept AS interval)"), {"kept": KEPT}
            )

    return Timer("upkeep", timedelta(hours=6), clean)
