"""The product's registration as its own processes, from a portal's events in to the validated events out on Kafka."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import psutil
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from chassis.clock import system_clock
from chassis.store import Database, make_engine
from contracts.topics import INSCRIPTIONS
from local.ports import free_port
from portal import generate
from registration import use_cases
from registration.domain import Campagne, Thematique
from sqlalchemy import text

from bench.stand import Stand, cpu_seconds, produce

PROGRAM: Final = Path(sys.executable).parent / "registration"
THEMATIQUES: Final = ("eau", "forets", "mobilites", "logement")
CRENEAUX: Final = ("mardi-matin", "jeudi-apres-midi", "vendredi-matin")
_LOOK_SECONDS: Final = 0.1
_PATIENCE: Final = 280.0
_VALID = text("SELECT count(*) FROM inscriptions WHERE etat = 'validee'")


class WrongError(Exception):
    """What came out is not what should have."""


@dataclass(frozen=True)
class Run:
    """Events a second; seconds from the start; processor time in µs an event; memory.

    `growth` is by how many MB the process that grew most went beyond its size after a tenth of the time.
    """

    rate: float
    seconds: float
    cpu: Mapping[str, float]
    growth: float


def campagne() -> Campagne:
    """A season that is open, with the thématiques and créneaux of `waiting`."""
    now = system_clock()
    return Campagne(
        code="bench",
        nom="Mesures",
        inscriptions_du=now - timedelta(days=5),
        inscriptions_au=now + timedelta(days=5),
        seances_du=date(now.year + 1, 1, 1),
        seances_au=date(now.year + 1, 6, 30),
        thematiques=tuple(Thematique(code, code) for code in THEMATIQUES),
        creneaux=CRENEAUX,
        animateurs=(),
    )


async def waiting(stand: Stand, count: int, *, traced: bool = False) -> None:
    """Publish `count` inscriptions as the example portal makes them; every one of them is valid."""
    await produce(stand, generate(count, "bench", THEMATIQUES, CRENEAUX, seed=1), traced=traced)


@asynccontextmanager
async def season(stand: Stand) -> AsyncIterator[Database]:
    """Migrate a database of registration's and open a campagne in it; nothing is in the outbox."""
    url = stand.postgres.create_database("answers")
    subprocess.run([PROGRAM, "migrate"], env=_environment(stand, url), check=True)  # noqa: ASYNC221, S603 - our own
    base = Database(make_engine(url), system_clock, "registration")
    async with base.transaction() as tx:
        await use_cases.create_campagne(tx, campagne())
        await use_cases.open_campagne(tx, "bench")
    async with base.engine.begin() as connection:
        await connection.execute(text("TRUNCATE outbox"))
    yield base
    await base.engine.dispose()


def _environment(stand: Stand, url: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "ENVIRONMENT": "local",
        "DATABASE_URL": url,
        "KAFKA_BOOTSTRAP_SERVERS": stand.kafka.bootstrap_servers,
        "PUBLIC_URL": "http://localhost:8000",
        "SECRET_KEY": "x" * 32,
        "TEAM_PASSWORD_HASH": "unused",
        "HTTP_PORT": str(free_port()),
        "LOG_LEVEL": "WARNING",
    }


@contextmanager
def process(stand: Stand, base: Database, role: str, more: Mapping[str, str]) -> Iterator[psutil.Process]:
    """One process of registration's, by its own command; `more` goes into its environment."""
    url = base.engine.url.render_as_string(hide_password=False)
    running = psutil.Popen([PROGRAM, "--roles", role], env={**_environment(stand, url), **more})
    try:
        yield running
    finally:
        running.terminate()
        running.wait(30)


async def out(stand: Stand, goal: int, pids: Mapping[str, int], workers: int = 1) -> Run:
    """Watch the topic of answers until `goal` events are on it.

    Rate and processor time count from the moment when so many workers have their partitions: a group stands still
    while one of them joins, and that is the start's cost, not an event's.
    """
    pids = {**pids, **stand.pids()}
    started = time.perf_counter()
    partitions = [TopicPartition(INSCRIPTIONS.name, number) for number in range(INSCRIPTIONS.partitions)]
    count, first = 0, None
    memory: list[list[int]] = []
    async with AIOKafkaConsumer(bootstrap_servers=stand.kafka.bootstrap_servers) as consumer, _admin(stand) as admin:
        while count < goal:
            await asyncio.sleep(_LOOK_SECONDS)
            if time.perf_counter() - started > _PATIENCE:
                raise TimeoutError(f"only {count} of {goal}")
            count = sum((await consumer.end_offsets(partitions)).values())
            if first is None and count and await _have_joined(admin, workers):
                first = count, time.perf_counter(), _cpu(pids)
            if first:
                memory.append([psutil.Process(pid).memory_info().rss for pid in pids.values()])
    now = time.perf_counter()
    if first is None:
        raise WrongError(f"{goal} events were answered before {workers} workers had their partitions")
    done = count - first[0]
    cpu = {name: 1e6 * (end - first[2][name]) / done for name, end in _cpu(pids).items()}
    return Run(done / (now - first[1]), now - started, cpu, growth(memory))


@asynccontextmanager
async def _admin(stand: Stand) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=stand.kafka.bootstrap_servers)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def _have_joined(admin: AIOKafkaAdminClient, workers: int) -> bool:
    ((*_, state, _, _, members),) = (await admin.describe_consumer_groups(["registration"]))[0].groups
    return state == "Stable" and len(members) == workers


def _cpu(pids: Mapping[str, int]) -> dict[str, float]:
    return {name: cpu_seconds(pid) for name, pid in pids.items()}


async def run(stand: Stand, count: int, workers: int = 1, *, spans: str = "", traced: bool = False) -> Run:
    """Let so many workers and one relay answer `count` inscriptions that wait already; their spans go to `spans`."""
    await waiting(stand, count, traced=traced)
    more = {"OTEL_EXPORTER_OTLP_ENDPOINT": spans} if spans else {}
    roles = {**{f"worker {number + 1}": "worker" for number in range(workers)}, "relay": "relay"}
    async with season(stand) as base, AsyncExitStack() as stack:
        pids = {name: stack.enter_context(process(stand, base, role, more)).pid for name, role in roles.items()}
        result = await out(stand, count, pids, workers)
        async with base.read() as connection:
            valid = (await connection.execute(_VALID)).scalar_one()
        if valid != count:
            raise WrongError(f"{valid} of {count} inscriptions are valid")
    return result


def growth(memory: Sequence[Sequence[int]]) -> float:
    settled = memory[len(memory) // 10 :]
    return float(max(max(sizes) - sizes[0] for sizes in zip(*settled, strict=True))) / 2**20
