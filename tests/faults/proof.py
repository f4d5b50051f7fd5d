"""One run: the platform is started, people come, things go wrong, it comes to rest, and the checker looks."""

import asyncio
import logging
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import asyncpg
from aiokafka.errors import KafkaError
from local.postgres import SERVICES

from tests.faults import checker
from tests.faults.found import Found, collect, crm_lag, lags, rows
from tests.faults.front_door import FrontDoor
from tests.faults.nemesis import ALL, Fault, Nemesis
from tests.faults.season import NeverHappenedError, Seasons
from tests.faults.sent import Sent
from tests.faults.stand import REPLICAS, SEASON_DOMAIN, Stand
from tests.faults.workload import PLANTED, Kind, Workload

PATIENCE: Final = 180.0
"""Seconds without any change before a run is said never to come to rest; a message in doubt waits 75 s."""
SEASON_SECONDS: Final = 45.0
WATCH_SECONDS: Final = 3.0
ANSWER_SECONDS: Final = 10.0
TOLD_SECONDS: Final = 60.0
_AWAY: Final = (OSError, KafkaError, asyncpg.PostgresError, asyncpg.InterfaceError)


@dataclass(frozen=True)
class Plan:
    """`rate`: events a second; `pause`: seconds between two faults; `events` and `faults` end a run early.

    Nobody new comes while more than `backlog` things are left to do: a season could not be lived behind hours of it.
    `variant` builds the services wrongly; it and `points`, the named steps, need the wrapped program.
    """

    seed: int = 1
    seconds: float = 600.0
    rate: float = 60.0
    backlog: int = 20_000
    pause: float = 4.0
    events: float = float("inf")
    faults: int = 1_000_000
    nodes: int = 3
    services: Sequence[str] = SERVICES
    replicas: Mapping[str, int] = field(default_factory=lambda: dict(REPLICAS))
    weights: Mapping[str, int] = field(default_factory=lambda: dict(ALL))
    variant: str = ""
    wrapped: bool = False
    patience: float = PATIENCE
    first_port: int = 21_000


@dataclass
class Play:
    """What an act has in hand."""

    plan: Plan
    stand: Stand
    workload: Workload
    seasons: Seasons
    nemesis: Nemesis
    flow: Kind
    lived: int = 0
    problems: list[str] = field(default_factory=list)


@dataclass
class Result:
    play: Play
    sent: Sent
    found: Found
    findings: list[str]
    troubles: Counter[str]
    restarts: int
    seconds: dict[str, float]


Act = Callable[[Play], Awaitable[None]]


async def run(plan: Plan, var: Path, act: Act) -> Result:
    # What a client says of lost connections is no news here.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    stand = Stand(
        var,
        first_port=plan.first_port,
        nodes=plan.nodes,
        services=plan.services,
        replicas=plan.replicas,
        variant=plan.variant,
        wrapped=plan.wrapped,
    )
    times = _Times()
    try:
        await stand.start()
        times.mark("start")
        door, sent = FrontDoor(stand.cluster.bootstrap_servers), Sent()
        workload = Workload(door, sent, plan.seed)
        seasons = Seasons(stand, workload, plan.seed)
        play = Play(plan, stand, workload, seasons, Nemesis(stand, plan.seed, plan.weights), await seasons.open_flow())
        await act(play)
        await door.close()
        times.mark("faults")
        play.problems += await settle(stand, plan.patience)
        times.mark("rest")
        await seasons.close()
        sent.interruptions = sum(_cuts_mails_off(fault) for fault in play.nemesis.faults)
        found = await collect(stand, (*PLANTED, SEASON_DOMAIN, play.flow.domain))
        findings = play.problems + checker.findings(sent, found)
        times.mark("check")
        restarts = sum(stand.restarts().values())
    finally:
        await stand.stop()
    return Result(play, sent, found, findings, door.troubles, restarts, times.taken)


class _Times:
    def __init__(self) -> None:
        self._last = time.monotonic()
        self.taken: dict[str, float] = {}

    def mark(self, name: str) -> None:
        now = time.monotonic()
        self.taken[name], self._last = now - self._last, now


async def everything(play: Play) -> None:
    """People, seasons and faults at the same time."""
    plan, until = play.plan, time.monotonic() + play.plan.seconds
    over = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        watch = group.create_task(_watch(play))
        seasons = group.create_task(_seasons(play, until, over))
        await asyncio.gather(
            play.workload.flow(play.flow, plan.rate, until, plan.events),
            play.nemesis.rage(plan.pause, until, plan.faults),
        )
        over.set()
        await seasons
        watch.cancel()


async def _watch(play: Play) -> None:
    """Let as many people in as the backlog has room for, and say from time to time how far the run is."""
    begun = told = time.monotonic()
    play.workload.limit = play.plan.backlog
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        try:
            left = sum((await asyncio.wait_for(_left(play.stand), ANSWER_SECONDS)).values())
        except (*_AWAY, TimeoutError):
            continue
        play.workload.limit = play.workload.sent.accepted + play.plan.backlog - left
        if (now := time.monotonic()) - told >= TOLD_SECONDS:
            told, sent, faults = now, play.workload.sent.accepted, len(play.nemesis.faults)
            sys.stderr.write(f"{now - begun:.0f} s: {sent} events, {faults} faults, {left} left to do\n")


async def _seasons(play: Play, until: float, over: asyncio.Event) -> None:
    """One season after the other, at least one, as long as there is time for another."""
    while play.lived == 0 or (time.monotonic() < until - SEASON_SECONDS and not over.is_set()):
        try:
            await play.seasons.live(play.lived + 1)
        except NeverHappenedError as error:
            play.problems.append(f"season {play.lived + 1}: {error}")
            return
        play.lived += 1


def _cuts_mails_off(fault: Fault) -> bool:
    return fault.target.startswith(("notification-worker", "mailer")) or fault.name.startswith("PostgreSQL")


async def settle(stand: Stand, patience: float) -> list[str]:
    """Wait until nothing is left to do; what has not changed for `patience` seconds never will, and is a finding."""
    quiet, before, changed = 0, [""], time.monotonic()
    while quiet < 2:
        busy = await _busy(stand)
        quiet = 0 if busy else quiet + 1
        if busy != before:
            before, changed = busy, time.monotonic()
        elif busy and time.monotonic() - changed > patience:
            return [f"not at rest after {patience:.0f} s without any change: {', '.join(busy)}"]
        await asyncio.sleep(0.5)
    return []


async def _busy(stand: Stand) -> list[str]:
    try:
        return [f"{count} {what}" for what, count in (await _left(stand)).items() if count]
    except _AWAY as error:
        return [type(error).__name__]


async def _left(stand: Stand) -> dict[str, int]:
    """Count what is still to be done, by kind."""
    left = {f"records before {service}": lag for service, lag in (await lags(stand)).items()}
    for service in stand.services:
        query = "SELECT count(*) FROM outbox WHERE sent_at IS NULL AND quarantined IS NULL"
        left[f"rows of {service} to send"] = (await rows(stand, service, query))[0][0]
    if "notification" in stand.services:
        query = "SELECT count(*) FROM envois WHERE etat IN ('a_envoyer', 'en_cours')"
        left["mails to send"] = (await rows(stand, "notification", query))[0][0]
    if stand.crm_file.exists():
        left["records before the CRM"] = await crm_lag(stand)
    return left
