"""What every measure stands on: a real Kafka and PostgreSQL with their default durability, and made-up inscriptions."""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from uuid import UUID

import psutil
from aiokafka import AIOKafkaProducer
from chassis.clock import system_clock
from chassis.ids import uuid7
from chassis.settings import Settings
from chassis.store import Database, make_engine
from chassis.tables import new_metadata
from contracts.envelope import Event, encode
from contracts.events import InscriptionRecue
from contracts.samples import SAMPLES
from local.kafka import KafkaNode
from local.postgres import PostgresServer
from sqlalchemy import Column, MetaData, Table, Text, text
from sqlalchemy.dialects.postgresql import UUID as UUID_TYPE


@dataclass(frozen=True)
class Stand:
    kafka: KafkaNode
    postgres: PostgresServer

    def pids(self) -> dict[str, int]:
        running = {"Kafka": self.kafka.process, "PostgreSQL": self.postgres.process}
        return {name: process.pid for name, process in running.items() if process}

    def settings(self, url: str) -> Settings:
        return Settings(
            environment="local",
            database_url=url,
            kafka_bootstrap_servers=self.kafka.bootstrap_servers,
            public_url="http://localhost:8000",
            secret_key="x" * 32,
            team_password_hash="unused",  # noqa: S106 - nobody signs in here
        )


def cpu_seconds(pid: int) -> float:
    """Processor time of a process and of all that it started, whatever else the machine does meanwhile."""
    process = psutil.Process(pid)
    ended = process.cpu_times()
    living = [process, *process.children(recursive=True)]
    times = [one.cpu_times() for one in living]
    return sum(t.user + t.system for t in times) + ended.children_user + ended.children_system


@contextmanager
def servers() -> Iterator[Stand]:
    """Start both servers on new data, with the contract's topics; stop them at the end."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        kafka = KafkaNode(Path(folder) / "kafka")
        postgres = PostgresServer(Path(folder) / "postgres" / "data")
        # PostgreSQL runs as another user when this one is root.
        Path(folder).chmod(0o755)
        try:
            kafka.start()
            postgres.start()
            program = Path(sys.executable).parent / "ateliers-topics"
            environment = {"KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers}
            subprocess.run([program, "create"], env=environment, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
            yield Stand(kafka, postgres)
        finally:
            postgres.stop()
            kafka.stop()


def tables() -> MetaData:
    """The three tables of delivery and one of the domain."""
    metadata = new_metadata()
    Table(
        "demandes",
        metadata,
        Column("id", UUID_TYPE(as_uuid=True), primary_key=True),
        Column("campagne", Text, nullable=False),
        Column("thematique", Text, nullable=False),
        Column("adresse", Text, nullable=False),
        Column("contenu", Text, nullable=False),
    )
    return metadata


@asynccontextmanager
async def database(stand: Stand, name: str, metadata: MetaData | None = None) -> AsyncIterator[Database]:
    url = stand.postgres.create_database(name)
    base = Database(make_engine(url), system_clock, f"/bench/{name}")
    async with base.engine.begin() as connection:
        await connection.run_sync((metadata or tables()).create_all)
    yield base
    await base.engine.dispose()


def inscriptions(count: int, keys: int | None = None) -> list[InscriptionRecue]:
    """Make `count` events over `keys` inscriptions (one each by default); `situation` numbers those of one key."""
    model = next(sample.data for sample in SAMPLES if isinstance(sample.data, InscriptionRecue))
    ids = [uuid7() for _ in range(keys or count)]
    numbers = dict.fromkeys(ids, 0)
    events: list[InscriptionRecue] = []
    for index in range(count):
        inscription: UUID = ids[index % len(ids)]
        numbers[inscription] += 1
        update = {"inscription": inscription, "situation": str(numbers[inscription])}
        events.append(model.model_copy(update=update))
    return events


async def produce(stand: Stand, events: Sequence[InscriptionRecue], *, traced: bool = False) -> None:
    """Publish events as a portal does; `traced`: each in a trace of its own."""
    producer = AIOKafkaProducer(
        bootstrap_servers=stand.kafka.bootstrap_servers, acks="all", enable_idempotence=True, linger_ms=20
    )
    await producer.start()
    try:
        for data in events:
            traceparent = f"00-{token_hex(16)}-{token_hex(8)}-01" if traced else None
            message = encode(Event(uuid7(), "/bench", system_clock(), data, traceparent))
            await producer.send(message.topic, message.value, key=message.key, headers=list(message.headers))
        await producer.flush()
    finally:
        await producer.stop()


async def rate(base: Database, query: str, goal: int, patience: float = 60) -> float:
    """Watch a count grow from its first row to `goal`; how many a second."""
    first_count, first_seen, deadline = 0, 0.0, time.monotonic() + patience
    while time.monotonic() < deadline:
        async with base.read() as connection:
            count = int((await connection.execute(text(query))).scalar_one())
        now = time.perf_counter()
        if count and not first_count:
            first_count, first_seen = count, now
        if count >= goal:
            return (count - first_count) / (now - first_seen) if count > first_count else float("inf")
        await asyncio.sleep(0.02)
    raise TimeoutError(f"only {count} of {goal} after {patience:.0f} s")
