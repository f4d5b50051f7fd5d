"""What this machine does with the same events and none of the promises: consume all, one COPY, produce all."""

import asyncio
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from contracts.topics import INSCRIPTIONS, INSCRIPTIONS_RECUES

from bench.registration import waiting
from bench.stand import Stand, cpu_seconds


@dataclass(frozen=True)
class Bare:
    """Events a second of each step alone, and of the three one after the other; processor time in µs an event."""

    consume: float
    copy: float
    produce: float
    cpu: Mapping[str, float]

    @property
    def all(self) -> float:
        return 1 / (1 / self.consume + 1 / self.copy + 1 / self.produce)


async def run(stand: Stand, count: int) -> Bare:
    await waiting(stand, count)
    url = stand.postgres.create_database("bare").replace("+asyncpg", "")
    pids = {"client": os.getpid(), **stand.pids()}
    before = {name: _own(name, pid) for name, pid in pids.items()}
    records, consumed = await _consume(stand, count)
    copied = await _copy(url, records)
    produced = await _produce(stand, records)
    cpu = {name: 1e6 * (_own(name, pid) - before[name]) / count for name, pid in pids.items()}
    return Bare(count / consumed, count / copied, count / produced, cpu)


def _own(name: str, pid: int) -> float:
    """The servers are children of the client here, which is counted alone."""
    return time.process_time() if name == "client" else cpu_seconds(pid)


async def _consume(stand: Stand, count: int) -> tuple[list[Any], float]:
    records: list[Any] = []
    async with AIOKafkaConsumer(
        INSCRIPTIONS_RECUES.name, bootstrap_servers=stand.kafka.bootstrap_servers, auto_offset_reset="earliest"
    ) as consumer:
        started = time.perf_counter()
        while len(records) < count:
            for batch in (await consumer.getmany(timeout_ms=1000)).values():
                records += batch
        return records, time.perf_counter() - started


async def _copy(url: str, records: list[Any]) -> float:
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE bare (key bytea, value bytea)")
    rows = [(record.key, record.value) for record in records]
    started = time.perf_counter()
    await connection.copy_records_to_table("bare", records=rows)
    taken = time.perf_counter() - started
    await connection.close()
    return taken


async def _produce(stand: Stand, records: list[Any]) -> float:
    async with AIOKafkaProducer(
        bootstrap_servers=stand.kafka.bootstrap_servers, acks="all", enable_idempotence=True, linger_ms=20
    ) as producer:
        started = time.perf_counter()
        waiting = [
            await producer.send(INSCRIPTIONS.name, record.value, key=record.key, headers=list(record.headers))
            for record in records
        ]
        await asyncio.gather(*waiting)
        return time.perf_counter() - started
