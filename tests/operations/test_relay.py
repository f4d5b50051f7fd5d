"""Two processes of a service relay its outbox: one is active, the next takes over when it is stopped or killed."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from chassis.clock import system_clock
from chassis.ids import uuid7
from chassis.store import Database, make_engine
from chassis.testing import settings_values
from local.ports import free_port
from sqlalchemy import text

FEEDBACK = Path(sys.executable).parent / "feedback"


class Relays:
    """Processes of the product, by their port."""

    def __init__(self, url: str, kafka: str) -> None:
        values = settings_values(url) | {"kafka_bootstrap_servers": kafka}
        self._environ = os.environ | {name.upper(): str(value) for name, value in values.items()}
        self._running: dict[int, subprocess.Popen[bytes]] = {}

    def start(self) -> int:
        port = free_port()
        environ = self._environ | {"HTTP_PORT": str(port)}
        self._running[port] = subprocess.Popen([FEEDBACK, "--roles", "relay"], env=environ)  # noqa: S603
        return port

    def migrate(self) -> None:
        subprocess.run([FEEDBACK, "migrate"], env=self._environ, check=True)  # noqa: S603

    def signal(self, port: int, number: signal.Signals) -> None:
        self._running[port].send_signal(number)

    def end(self) -> None:
        for process in self._running.values():
            process.send_signal(signal.SIGCONT)
            process.terminate()
            process.wait(30)

    async def active(self, *, unless: int = 0) -> int:
        """Wait until another one than `unless` is active; its port."""
        async with asyncio.timeout(90), httpx.AsyncClient(timeout=1, trust_env=False) as web:
            while True:
                for port in self._running.keys() - {unless}:
                    try:
                        answer = await web.get(f"http://127.0.0.1:{port}/metrics")
                    except httpx.TransportError:
                        continue
                    if "ateliers_relay_active 1.0" in answer.text:
                        return port
                await asyncio.sleep(0.2)


@asynccontextmanager
async def two_relays(url: str, kafka: str) -> AsyncIterator[Relays]:
    relays = Relays(url, kafka)
    await asyncio.to_thread(relays.migrate)
    try:
        relays.start()
        relays.start()
        yield relays
    finally:
        await asyncio.to_thread(relays.end)


async def test_the_next_relay_takes_over_from_one_that_is_stopped_and_from_one_that_is_killed(
    make_database: Callable[[str], str], kafka_bootstrap: str
) -> None:
    url, topic = make_database("relays"), f"test.{uuid7()}"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1)])
    await admin.close()
    database = Database(make_engine(url), system_clock, "test")

    async def goes_out(number: int) -> None:
        async with database.transaction() as tx:
            tx.publish_raw(topic, b"clef", b"[]", str(number).encode())
        async with asyncio.timeout(60):
            while await _unsent(database):  # noqa: ASYNC110 - what it waits for is in PostgreSQL
                await asyncio.sleep(0.1)

    async with two_relays(url, kafka_bootstrap) as relays:
        first = await relays.active()
        await goes_out(1)
        relays.signal(first, signal.SIGSTOP)
        await goes_out(2)
        second = await relays.active(unless=first)
        relays.signal(first, signal.SIGCONT)
        relays.signal(second, signal.SIGKILL)
        await goes_out(3)
        assert await relays.active(unless=second) == first
    await database.engine.dispose()


async def _unsent(database: Database) -> int:
    async with database.read() as connection:
        found = await connection.execute(text("SELECT count(*) FROM outbox WHERE sent_at IS NULL"))
        return int(found.scalar_one())
