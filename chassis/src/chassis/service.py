"""One process of one service: its roles, started in order, watched, and stopped in good order.

`web` serves people, `worker` consumes events and runs timers, `relay` sends the outbox; all of them by default. Every
process answers /health and /metrics, whatever its roles. Nothing connects before `run`.
"""

import asyncio
import gc
import signal
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import structlog
from contracts.topics import Principal, topics_read_by
from fastapi import APIRouter
from sqlalchemy import MetaData

from chassis import metrics, migrations, upkeep
from chassis.consumer import Consumer, ConsumerStuck
from chassis.handlers import Handlers
from chassis.health import Health, database_check, kafka_check
from chassis.listener import Listener
from chassis.logs import describe
from chassis.measures import Measure, Measures
from chassis.pulse import Pulse
from chassis.relay import Relay
from chassis.settings import Settings
from chassis.store import Database, unreachable
from chassis.timers import Timer, run_for_ever
from chassis.trouble import Trouble
from chassis.web.app import make_app
from chassis.web.server import Server

log = structlog.get_logger(__name__)

WAIT_SECONDS = 2.0
RESTART_SECONDS = 1.0
STOP_SECONDS = 10.0


class Role(StrEnum):
    WEB = "web"
    WORKER = "worker"
    RELAY = "relay"


@dataclass(frozen=True)
class Service:
    """What one service is made of; its app.py builds it."""

    name: str
    prefix: str
    settings: Settings
    database: Database
    handlers: Handlers
    router: APIRouter
    templates: Path
    metadata: MetaData
    timers: tuple[Timer, ...] = ()
    state: Mapping[str, object] = field(default_factory=dict)
    background: tuple[Callable[[], Awaitable[None]], ...] = ()
    csrf_exempt_paths: tuple[str, ...] = ()
    measures: tuple[Measure, ...] = ()

    @property
    def migrations(self) -> Path:
        return self.templates.parent / "migrations"


def collect_garbage_seldom() -> None:
    """Leave what start-up made out of every later collection, and collect less often.

    A batch holds tens of thousands of objects until its commit, and then reference counts free them all. At Python's
    default pace the search for cycles among them takes a quarter of a worker's time, at a pace of 50,000 still 7 %
    (`make bench`); the batches in hand stay under 200,000.
    """
    gc.freeze()
    gc.set_threshold(200_000, 20, 20)


async def run(service: Service, roles: frozenset[Role]) -> None:
    """Run until SIGTERM or SIGINT. Raises SystemExit after a failure that no restart of a task can heal."""
    collect_garbage_seldom()
    consumer = _consumer(service) if Role.WORKER in roles else None
    health = _health(service, roles, consumer)
    server = Server(make_app(service, health, pages=Role.WEB in roles), service.settings)
    listening = server.listen()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    web = asyncio.create_task(server.serve(sockets=[listening]))
    work = asyncio.create_task(_work(service, roles, health, consumer))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({web, work, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        server.should_exit = True
        work.cancel()
        failure = await _ended(work)
        await asyncio.wait_for(web, STOP_SECONDS)
        await service.database.engine.dispose()
        log.info("stopped")
    if failure is not None:
        log.error("the process ends: another must take over", error=describe(failure))
        raise SystemExit(1)


async def _ended(work: asyncio.Task[None]) -> Exception | None:
    """Wait until the tasks have stopped; return why they stopped by themselves."""
    try:
        with suppress(asyncio.CancelledError, TimeoutError):
            await asyncio.wait_for(work, STOP_SECONDS)
    except ExceptionGroup as failed:
        first: Exception = failed.exceptions[0]
        return first
    return None


def _consumer(service: Service) -> Consumer:
    topics = topics_read_by(Principal(service.name))
    pulse = Pulse()
    metrics.poll_age.set_function(pulse.age)
    return Consumer(
        service.name,
        topics,
        handlers=service.handlers,
        database=service.database,
        settings=service.settings,
        pulse=pulse,
    )


def _health(service: Service, roles: frozenset[Role], consumer: Consumer | None) -> Health:
    checks = [database_check(service.database, service.migrations)]
    if roles & {Role.WORKER, Role.RELAY}:
        checks.append(kafka_check(service.settings))
    if consumer is not None:
        checks.append(consumer.check)
    measures = Measures(service.database, service.measures)
    return Health(measures, checks, consumer.pulse if consumer else None)


async def _work(service: Service, roles: frozenset[Role], health: Health, consumer: Consumer | None) -> None:
    await _wait_for_database(service)
    timers = (*service.timers, upkeep.timer(service.database))
    listener = Listener(service.database, tuple(timer.name for timer in timers))
    tasks: list[Callable[[], Awaitable[None]]] = [listener.run]
    if Role.RELAY in roles:
        tasks.append(Relay(service.database, service.settings, listener.outbox).run)
    if consumer is not None:
        tasks += service.background
        tasks += [_timer(timer, listener) for timer in timers]
        consumer.pulse.beat()
        tasks.append(consumer.run)
    health.started()
    async with asyncio.TaskGroup() as group:
        for task in tasks:
            group.create_task(_keep_running(task))


def _timer(timer: Timer, listener: Listener) -> Callable[[], Awaitable[None]]:
    return lambda: run_for_ever(timer, listener.timers[timer.name])


async def _keep_running(task: Callable[[], Awaitable[None]]) -> None:
    """Start again what fails: a lost connection ends a task, never the process."""
    trouble = Trouble(getattr(task, "__qualname__", "?"))
    while True:
        try:
            await task()
        except ConsumerStuck:
            raise
        except Exception as error:  # noqa: BLE001 - told, and tried again
            trouble.tell(error)
        await asyncio.sleep(RESTART_SECONDS)


async def _wait_for_database(service: Service) -> None:
    trouble = Trouble("database")
    while True:
        try:
            problem = await migrations.database_problem(service.database.engine, service.migrations, service.name)
        except Exception as error:  # noqa: BLE001 - whatever keeps us from the database, we wait for it
            problem = unreachable(error)
        if problem is None:
            return
        trouble.say(problem)
        await asyncio.sleep(WAIT_SECONDS)
