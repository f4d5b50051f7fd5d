"""The obvious stack: FastStream's subscriber one message at a time, a transaction each, and a library's outbox.

The rules, the tables, the durability and the two processes are the product's: `python -m bench.obvious worker|relay`.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from chassis.clock import system_clock
from chassis.ids import uuid7
from chassis.store import Transaction, make_engine
from contracts.envelope import Event, encode
from contracts.events import InscriptionRecue
from contracts.model import EventData
from contracts.topics import INSCRIPTIONS
from faststream_outbox import OutboxBroker, make_outbox_table
from registration import use_cases
from registration.admission import Collectivites
from registration.collectivites import SEUILS_PAR_DEFAUT, load_reference
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from bench.one_by_one import is_new, one_by_one
from bench.registration import Run, out, season, waiting
from bench.stand import Stand

WORKERS, FETCH = 16, 200
_QUEUE: Final = "inscriptions"
_metadata = MetaData()
_TABLE: Final = make_outbox_table(_metadata, table_name="library_outbox")


class _Answers(Transaction):
    """Gathers what the use case publishes; the library stores it."""

    def __init__(self, connection: AsyncConnection) -> None:
        super().__init__(connection, system_clock(), "registration")
        self.events: list[Event] = []

    def publish(self, data: EventData) -> None:
        self.events.append(Event(uuid7(), "registration", self.now, data))


async def consume(url: str, bootstrap: str) -> None:
    engine = make_engine(url)
    outbox = OutboxBroker(engine, outbox_table=_TABLE, logger=None)
    known = Collectivites(load_reference(), SEUILS_PAR_DEFAUT)

    async def take(event: Event, data: InscriptionRecue) -> None:
        async with engine.begin() as connection:
            if not await is_new(connection, event):
                return
            answers = _Answers(connection)
            await use_cases.receive_inscriptions(answers, known, [data])
            for answer in answers.events:
                await outbox.publish(_body(answer), queue=_QUEUE, session=connection)

    broker = one_by_one(bootstrap, "registration", take)
    await broker.start()
    await asyncio.Event().wait()


def _body(event: Event) -> dict[str, Any]:
    message = encode(event)
    headers = [[name, (content or b"").decode()] for name, content in message.headers]
    return {"key": message.key.decode(), "headers": headers, "value": message.value.decode()}


async def relay(url: str, bootstrap: str) -> None:
    # The library holds one connection per worker for as long as it runs.
    outbox = OutboxBroker(create_async_engine(url, pool_size=WORKERS + 8), outbox_table=_TABLE, logger=None)
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)

    @outbox.subscriber(_QUEUE, max_workers=WORKERS, fetch_batch_size=FETCH, min_fetch_interval=0.01)
    async def send(body: dict[str, Any]) -> None:
        headers = [(name, content.encode()) for name, content in body["headers"]]
        value, key = body["value"].encode(), body["key"].encode()
        await producer.send_and_wait(INSCRIPTIONS.name, value, key=key, headers=headers)

    await producer.start()
    await outbox.start()
    await asyncio.Event().wait()


@contextmanager
def _process(role: str, url: str, stand: Stand) -> Iterator[int]:
    command: Sequence[str] = [sys.executable, "-m", "bench.obvious", role, url, stand.kafka.bootstrap_servers]
    running = subprocess.Popen(command)  # noqa: S603 - our own
    try:
        yield running.pid
    finally:
        running.kill()
        running.wait()


async def run(stand: Stand, count: int) -> Run:
    """Answer `count` inscriptions that wait already."""
    await waiting(stand, count)
    async with season(stand) as base:
        async with base.engine.begin() as connection:
            await connection.run_sync(_metadata.create_all)
        url = base.engine.url.render_as_string(hide_password=False)
        with _process("worker", url, stand) as worker, _process("relay", url, stand) as sender:
            return await out(stand, count, {"worker 1": worker, "relay": sender})


if __name__ == "__main__":
    role, *where = sys.argv[1:]
    asyncio.run({"worker": consume, "relay": relay}[role](*where))
