"""Old rows of delivery go once no topic can bring their events back."""

from datetime import timedelta

from sqlalchemy import text

from chassis.store import Database
from chassis.timers import Timer

KEPT = timedelta(days=400)
"""Longer than the longest retention of a topic, so that a replay from its beginning still meets the inbox."""


_OLD_INBOX = text("DELETE FROM inbox WHERE received_at < now() - CAST(:kept AS interval)")
_OLD_OUTBOX = text("DELETE FROM outbox WHERE sent_at < now() - CAST(:kept AS interval)")
# The outbox has no index by time: the first row that was sent tells whether there is anything to look for.
_ANY_OLD = text("""
    SELECT created_at < now() - CAST(:kept AS interval) FROM outbox WHERE sent_at IS NOT NULL ORDER BY id LIMIT 1
""")


def timer(database: Database) -> Timer:
    async def clean() -> None:
        async with database.transaction() as tx:
            await tx.connection.execute(_OLD_INBOX, {"kept": KEPT})
            if await tx.connection.scalar(_ANY_OLD, {"kept": KEPT}):
                await tx.connection.execute(_OLD_OUTBOX, {"kept": KEPT})

    return Timer("upkeep", timedelta(hours=6), clean)
