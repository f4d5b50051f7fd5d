"""From the outbox to Kafka: our relay, in order per key, against the library faststream-outbox."""

import asyncio
import time
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from chassis.relay import Relay
from chassis.store import Database
from contracts.envelope import decode
from contracts.events import InscriptionRecue
from contracts.topics import INSCRIPTIONS_RECUES
from faststream_outbox import OutboxBroker, make_outbox_table
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import create_async_engine

from bench.stand import Stand, database, inscriptions, rate

OURS, THEIRS, KEYS, WORKERS, FETCH = 40_000, 5_000, 500, 16, 200
_SENT = "SELECT count(*) FROM outbox WHERE sent_at IS NOT NULL"
_GONE = f"SELECT {THEIRS} - count(*) FROM outbox"  # noqa: S608 - a number of our own
_QUEUE = "bench"


class OutOfOrderError(Exception):
    """Two events of one key arrived the other way round, or one is missing."""


async def _ours(stand: Stand, base: Database, events: list[InscriptionRecue]) -> float:
    for start in range(0, len(events), 5_000):
        async with base.transaction() as tx:
            for data in events[start : start + 5_000]:
                tx.publish(data)
    settings = stand.settings(base.engine.url.render_as_string(hide_password=False))
    relay = asyncio.create_task(Relay(base, settings, asyncio.Event()).run())
    try:
        return await rate(base, _SENT, len(events))
    finally:
        relay.cancel()
        with suppress(asyncio.CancelledError):
            await relay


async def _check_order(stand: Stand, events: list[InscriptionRecue]) -> None:
    """Read everything back: each key's events are all there, in the order of insertion."""
    wanted = {data.key.encode(): 0 for data in events}
    left = len(events)
    consumer = AIOKafkaConsumer(
        INSCRIPTIONS_RECUES.name, bootstrap_servers=stand.kafka.bootstrap_servers, auto_offset_reset="earliest"
    )
    await consumer.start()
    deadline = time.monotonic() + 60
    try:
        while left and time.monotonic() < deadline:
            for records in (await consumer.getmany(timeout_ms=1000)).values():
                for record in records:
                    left -= _next_in_order(record, wanted)
    finally:
        await consumer.stop()
    if left:
        raise OutOfOrderError(f"{left} events are missing")


def _next_in_order(record: Any, seen: dict[bytes, int]) -> int:
    if record.key not in seen:
        return 0
    data = decode(record.key, record.headers, record.value).data
    number = int(data.situation) if isinstance(data, InscriptionRecue) else -1
    if number != seen[record.key] + 1:
        raise OutOfOrderError(f"{record.key!r}: {number} after {seen[record.key]}")
    seen[record.key] = number
    return 1


async def _theirs(stand: Stand, base: Database, metadata: MetaData, events: list[InscriptionRecue]) -> float:
    # It holds one connection per worker for as long as it runs.
    engine = create_async_engine(base.engine.url, pool_size=WORKERS + 8)
    broker = OutboxBroker(engine, outbox_table=metadata.tables["outbox"], logger=None)
    producer = AIOKafkaProducer(bootstrap_servers=stand.kafka.bootstrap_servers, acks="all", enable_idempotence=True)

    @broker.subscriber(_QUEUE, max_workers=WORKERS, fetch_batch_size=FETCH, min_fetch_interval=0.01)
    async def relay(body: dict[str, Any]) -> None:
        value = body["value"].encode()
        await producer.send_and_wait(INSCRIPTIONS_RECUES.name, value, key=body["key"].encode())

    async with base.engine.begin() as connection:
        for data in events:
            body = {"key": data.key, "value": data.model_dump_json(exclude_none=True)}
            await broker.publish(body, queue=_QUEUE, session=connection)
    await producer.start()
    await broker.start()
    try:
        return await rate(base, _GONE, len(events))
    finally:
        await broker.stop()
        await producer.stop()
        await engine.dispose()


async def measure(stand: Stand) -> tuple[float, float]:
    """Return rows a second: our relay, and the library's. Raises OutOfOrderError for ours."""
    events = inscriptions(OURS, KEYS)
    async with database(stand, "relay") as base:
        ours = await _ours(stand, base, events)
    await _check_order(stand, events)
    metadata = MetaData()
    make_outbox_table(metadata, table_name="outbox")
    async with database(stand, "library", metadata) as base:
        theirs = await _theirs(stand, base, metadata, inscriptions(THEIRS, KEYS))
    return ours, theirs
