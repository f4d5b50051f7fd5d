"""What goes wrong, drawn from a seed: each fault is done and healed by itself, several at a time, and written down."""

import asyncio
import contextlib
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient

from tests.faults.stand import Stand

LONGER_THAN_A_SESSION: Final = 13.0
"""Seconds; a consumer of ours that says nothing for 10 s is put out of its group."""
LONGEST_STOP: Final = 60.0
DELAYS: Final = (0.05, 0.2, 1.0)


@dataclass(frozen=True, slots=True)
class Fault:
    moment: float
    name: str
    target: str


@dataclass
class Nemesis:
    """`weights` says which faults there are, and how often each."""

    stand: Stand
    seed: int
    weights: Mapping[str, int]
    faults: list[Fault] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._choice = random.Random(f"nemesis {self.seed}")  # noqa: S311
        self._began = time.monotonic()
        self._kafka, self._postgres, self._mail, self._network = (asyncio.Lock() for _ in range(4))
        self._frozen: set[int] = set()

    def counts(self) -> Counter[str]:
        return Counter(fault.name for fault in self.faults)

    async def rage(self, pause: float, until: float, most: int) -> None:
        """Do faults, `pause` seconds apart on average, until the monotonic time `until` or until `most` are done."""
        under_way: set[asyncio.Task[None]] = set()
        while time.monotonic() < until and len(self.faults) < most:
            name = self._choice.choices(list(self.weights), list(self.weights.values()))[0]
            under_way.add(asyncio.create_task(self.do(name)))
            if self._choice.random() < 0.75:
                await asyncio.sleep(min(self._choice.uniform(0.5, 1.5) * pause, max(0.0, until - time.monotonic())))
            under_way = {task for task in under_way if not task.done() or task.result()}
        await asyncio.gather(*under_way)

    async def do(self, name: str) -> None:
        await _FAULTS[name](self)

    def note(self, name: str, target: str) -> None:
        self.faults.append(Fault(time.monotonic() - self._began, name, target))

    def _victim(self, *roles: str) -> tuple[str, int]:
        running = sorted(self.stand.pids().items())
        return self._choice.choice([(n, pid) for n, pid in running if not roles or any(r in n for r in roles)])

    async def kill(self) -> None:
        name, pid = self._victim()
        self.note("kill -9 of a service process", name)
        _signal(pid, signal.SIGKILL)

    async def terminate(self) -> None:
        name, pid = self._victim()
        self.note("SIGTERM of a service process", name)
        _signal(pid, signal.SIGTERM)

    async def freeze(self) -> None:
        name, pid = self._victim("worker", "relay")
        if pid in self._frozen:
            return
        self.note("SIGSTOP for longer than a session", name)
        self._frozen.add(pid)
        _signal(pid, signal.SIGSTOP)
        await asyncio.sleep(LONGER_THAN_A_SESSION)
        _signal(pid, signal.SIGCONT)
        self._frozen.discard(pid)

    async def worker(self) -> None:
        service = self._choice.choice(self.stand.services)
        self.note("worker added, then removed", service)
        name = await self.stand.add_worker(service)
        await asyncio.sleep(self._choice.uniform(8, 15))
        await self.stand.remove_process(name)

    async def node(self) -> None:
        await self._kill_node("kill -9 of a Kafka node", self._choice.choice(list(self.stand.cluster.nodes)))

    async def controller(self) -> None:
        await self._kill_node("kill -9 of the active controller", self.stand.cluster.controller())

    async def coordinator(self) -> None:
        group = self._choice.choice(self.stand.services)
        admin = AIOKafkaAdminClient(bootstrap_servers=self.stand.cluster.direct_servers)
        try:
            await asyncio.wait_for(admin.start(), 5)
            number = await asyncio.wait_for(admin.find_coordinator(group), 5)
        except Exception:  # noqa: BLE001 - Kafka is down already: another time
            return
        finally:
            with contextlib.suppress(Exception):
                await admin.close()
        await self._kill_node("kill -9 of a group's coordinator", number)

    async def _kill_node(self, name: str, number: int) -> None:
        if self._kafka.locked():
            return
        async with self._kafka:
            self.note(name, str(number))
            await self.stand.cluster.kill(number)
            await asyncio.sleep(self._choice.uniform(1, 8))
            await self.stand.cluster.start()

    async def kafka(self) -> None:
        if self._kafka.locked():
            return
        async with self._kafka:
            seconds = self._choice.choice((10, 20, LONGEST_STOP))
            self.note("full stop of Kafka", f"{seconds:.0f} s")
            await self.stand.cluster.kill(*self.stand.cluster.nodes)
            await asyncio.sleep(seconds)
            await self.stand.cluster.start()

    async def postgres(self) -> None:
        if self._postgres.locked():
            return
        async with self._postgres:
            self.note("PostgreSQL stopped at once and started", "")
            await asyncio.to_thread(self.stand.restart_postgres_at_once)

    async def connections(self) -> None:
        if self._postgres.locked():
            return
        async with self._postgres:
            url = self.stand.postgres.superuser_url().replace("+asyncpg", "", 1)
            share = self._choice.choice((0.3, 1.0))
            self.note("PostgreSQL connections terminated", f"{share:.0%}")
            connection = await asyncpg.connect(url)
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = ANY($1) AND random() < $2",
                list(self.stand.services),
                share,
            )
            await connection.close()

    async def network(self) -> None:
        if self._network.locked():
            return
        async with self._network:
            delay = self._choice.choice(DELAYS)
            self.note("slow network to Kafka", f"{delay} s")
            self.stand.delay.write_text(str(delay))
            await asyncio.sleep(self._choice.uniform(4, 10))
            self.stand.delay.write_text("0")

    async def mail(self) -> None:
        if self._mail.locked():
            return
        async with self._mail:
            self.note("sick mail server: 4xx, 5xx, lines broken before and after DATA", "")
            self.stand.health.write_text(f"{self._choice.random()}")
            await asyncio.sleep(self._choice.uniform(3, 8))
            self.stand.health.write_text("well")


_FAULTS: Final[Mapping[str, Callable[[Nemesis], Awaitable[None]]]] = {
    name: getattr(Nemesis, name)
    for name in (
        "kill", "terminate", "freeze", "worker", "node", "controller", "coordinator", "kafka", "postgres",
        "connections", "network", "mail",
    )
}  # fmt: skip
ALL: Final[Mapping[str, int]] = {
    "kill": 24, "terminate": 8, "freeze": 6, "worker": 4, "node": 8, "controller": 4, "coordinator": 4, "kafka": 3,
    "postgres": 5, "connections": 10, "network": 8, "mail": 6,
}  # fmt: skip
KINDS: Final[Sequence[str]] = tuple(ALL)


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
