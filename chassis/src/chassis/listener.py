"""Hears what transactions announce (PostgreSQL LISTEN/NOTIFY), so that nobody has to poll quickly.

A notification can be lost with its connection: whoever waits on an event here also looks by itself from time to time.
"""

import asyncio
from typing import Any

from chassis.store import OUTBOX_CHANNEL, TIMER_CHANNEL, Database, watch

CHECK_SECONDS = 5.0


class Listener:
    """Sets `outbox` when rows wait for the relay, and the event of a timer when it should run at once."""

    def __init__(self, database: Database, timers: tuple[str, ...]) -> None:
        self._database = database
        self.outbox = asyncio.Event()
        self.timers = {name: asyncio.Event() for name in timers}

    async def run(self) -> None:
        """Listen until the connection fails; start it again then."""
        async with self._database.engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            raw: Any = (await connection.get_raw_connection()).driver_connection
            await raw.add_listener(OUTBOX_CHANNEL, self._heard)
            await raw.add_listener(TIMER_CHANNEL, self._heard)
            try:
                self._wake_all()
                await watch(connection, CHECK_SECONDS)
            finally:
                await connection.invalidate()

    def _heard(self, _connection: object, _pid: int, channel: str, payload: str) -> None:
        if channel == OUTBOX_CHANNEL:
            self.outbox.set()
        elif payload in self.timers:
            self.timers[payload].set()

    def _wake_all(self) -> None:
        self.outbox.set()
        for event in self.timers.values():
            event.set()
