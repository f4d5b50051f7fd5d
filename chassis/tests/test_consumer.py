"""A consumer that looks well and takes nothing in is found, replaced, and told when that doesn't help."""

import asyncio
import gc
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from chassis.consumer import Consumer, TopicsMissing
from chassis.handlers import Handlers, Received
from chassis.health import Health
from chassis.ids import uuid7
from chassis.measures import Measures
from chassis.pulse import Pulse
from chassis.service import Role, Service, collect_garbage_seldom
from chassis.settings import Settings
from chassis.store import Database, Transaction
from chassis.tables import new_metadata
from chassis.testing import new_database, settings_values
from chassis.trouble import advice
from contracts.envelope import Event, encode
from contracts.events import InscriptionRetiree
from contracts.topics import INSCRIPTIONS_RECUES, Topic
from fastapi import APIRouter, FastAPI
from local.ports import free_port
from prometheus_client import REGISTRY
from sqlalchemy import text

from chassis import consumer as consumer_module
from chassis import service as service_module
from chassis import subscriber as subscriber_module


class Garbled:
    """What a member of the group says of itself, unreadable for the one that shares the partitions out."""

    def encode(self) -> bytes:
        return b"\x00"


class Foreign(RoundRobinPartitionAssignor):  # type: ignore[misc]
    @classmethod
    def metadata(cls, topics: object) -> Garbled:
        del topics
        return Garbled()


class Group:
    """A consumer of the product on a topic and a group of its own."""

    def __init__(self, settings: Settings, database: Database, topic: Topic) -> None:
        self.settings, self.database, self.topic = settings, database, topic
        self.name = f"groupe-{uuid7()}"
        self.handlers = Handlers()
        self.handlers.on(InscriptionRetiree)(self.take)
        self.taken = 0

    async def take(self, _tx: Transaction, events: Sequence[Received[InscriptionRetiree]]) -> None:
        self.taken += len(events)

    @asynccontextmanager
    async def consuming(self, pulse: Pulse) -> AsyncIterator[Consumer]:
        """Run the consumer as the service does: started again whenever it ends."""
        consumer = Consumer(
            self.name, [self.topic], handlers=self.handlers, database=self.database, settings=self.settings, pulse=pulse
        )

        async def keep_running() -> None:
            while True:
                with suppress(Exception):
                    await consumer.run()
                await asyncio.sleep(0.1)

        task = asyncio.create_task(keep_running())
        try:
            yield consumer
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    @asynccontextmanager
    async def intruder(self) -> AsyncIterator[None]:
        """A member that kills the group's coordination in whoever leads it."""
        stranger = AIOKafkaConsumer(
            self.topic.name,
            bootstrap_servers=self.settings.kafka_bootstrap_servers,
            group_id=self.name,
            partition_assignment_strategy=(Foreign,),
            session_timeout_ms=2000,
            heartbeat_interval_ms=500,
        )
        joining = asyncio.create_task(stranger.start())
        try:
            yield
        finally:
            joining.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await joining
            with suppress(TimeoutError):
                await asyncio.wait_for(stranger.stop(), 5)

    async def send(self, count: int = 1) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self.settings.kafka_bootstrap_servers, linger_ms=5)
        await producer.start()
        now = datetime.now(UTC)
        for _ in range(count):
            message = encode(Event(uuid7(), "test", now, InscriptionRetiree(inscription=uuid7(), retiree_le=now)))
            await producer.send(self.topic.name, message.value, key=message.key, headers=list(message.headers))
        await producer.stop()


async def until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not reached():  # noqa: ASYNC110 - what it waits for happens in the product
            await asyncio.sleep(0.05)


@pytest.fixture
async def group(
    make_database: Callable[[str], str], kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Group]:
    monkeypatch.setattr(consumer_module, "LOOK_SECONDS", 0.5)
    url = make_database("consumer")
    settings = Settings(
        **(settings_values(url) | {"kafka_bootstrap_servers": kafka_bootstrap, "http_port": free_port()})
    )
    topic = Topic(f"test.{uuid7()}", "inscription", INSCRIPTIONS_RECUES.events, (), (), partitions=2)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic.name, 2, 1)])
    await admin.close()
    database = await new_database(url, new_metadata(), source="registration")
    yield Group(settings, database, topic)
    await database.engine.dispose()


@pytest.fixture
def garbage_as_before() -> Iterator[None]:
    """A service sets its own pace for its whole process, and the tests of this process go on after it."""
    pace = gc.get_threshold()
    yield
    gc.set_threshold(*pace)
    gc.unfreeze()


def restarts() -> float:
    return REGISTRY.get_sample_value("ateliers_consumer_restarts_total") or 0.0


async def test_a_consumer_whose_coordination_died_is_replaced_and_goes_on(group: Group) -> None:
    before = restarts()
    async with group.consuming(Pulse(idle=4.0)):
        await group.send()
        await until(lambda: group.taken == 1)
        async with group.intruder():
            await asyncio.sleep(2)
        await group.send()
        await until(lambda: group.taken == 2)
    assert restarts() > before


async def test_a_process_whose_consumer_could_not_be_replaced_says_that_it_is_not_alive(group: Group) -> None:
    pulse = Pulse(idle=0.5, grace=0.5)
    health = Health(Measures(group.database), pulse=pulse)
    app = FastAPI()
    app.include_router(health.router())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as web:
        await until(pulse.is_lost)
        assert (await web.get("/health/live")).status_code == 200  # it may wait for its database as long as it takes
        health.started()
        assert (await web.get("/health/live")).status_code == 503
        with pulse.batch():
            await asyncio.sleep(1.2)
            assert (await web.get("/health/live")).status_code == 200
        pulse.beat()
        assert (await web.get("/health/live")).status_code == 200


async def test_a_consumer_with_nothing_to_read_is_alive(group: Group) -> None:
    before = restarts()
    pulse = Pulse(idle=2.0)
    async with group.consuming(pulse):
        await group.send()
        await until(lambda: group.taken == 1)
        await asyncio.sleep(4)
        assert not pulse.is_overdue()
    assert restarts() == before


async def test_the_lag_of_each_partition_is_told_while_the_database_is_away(group: Group) -> None:
    async with group.consuming(Pulse()):
        await group.send()
        await until(lambda: group.taken == 1)
        await until(lambda: lag_of(group) == 0)
        group.handlers.on(InscriptionRetiree)(_away)
        for _ in range(3):
            await group.send()
        await until(lambda: lag_of(group) == 3)
        group.handlers.on(InscriptionRetiree)(group.take)
        await until(lambda: lag_of(group) == 0)
    assert group.taken == 4


async def _away(_tx: Transaction, _events: Sequence[Any]) -> None:
    raise ConnectionRefusedError


async def test_a_stop_finishes_the_batch_in_hand_and_leaves_the_group(group: Group, kafka_bootstrap: str) -> None:
    began = asyncio.Event()

    async def slowly(_tx: Transaction, events: Sequence[Received[InscriptionRetiree]]) -> None:
        began.set()
        await asyncio.sleep(2)
        group.taken += len(events)

    group.handlers.on(InscriptionRetiree)(slowly)
    async with group.consuming(Pulse()):
        await group.send()
        await asyncio.wait_for(began.wait(), 60)
        assert group.taken == 0
    assert group.taken == 1
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    committed = await admin.list_consumer_group_offsets(group.name)
    ((*_, state, _, _, members),) = (await admin.describe_consumer_groups([group.name]))[0].groups
    await admin.close()
    assert sum(position.offset for position in committed.values()) == 1
    assert (state, members) == ("Empty", [])


@pytest.mark.usefixtures("garbage_as_before")
async def test_a_dead_consumer_that_cannot_be_stopped_ends_the_process(
    group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer_module, "STOP_SECONDS", 1.0)

    async def hang(_tx: Transaction, _events: Sequence[Received[InscriptionRetiree]]) -> None:
        await asyncio.sleep(5)

    group.handlers.on(InscriptionRetiree)(hang)
    await group.send()
    consumer = Consumer(
        group.name,
        [group.topic],
        handlers=group.handlers,
        database=group.database,
        settings=group.settings,
        pulse=Pulse(idle=20.0, working=1.0),
    )
    folder = Path(__file__).parent / "migrated" / "templates"
    parts = (group.settings, group.database, group.handlers, APIRouter(), folder, new_metadata())
    monkeypatch.setattr(service_module, "_consumer", lambda _service: consumer)
    async with group.database.engine.begin() as connection:
        await connection.execute(text("CREATE TABLE alembic_version AS SELECT '0001' AS version_num"))
    with pytest.raises(SystemExit):
        await service_module.run(Service("registration", "", *parts), frozenset({Role.WORKER}))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().remove_signal_handler(number)


async def test_a_missing_topic_is_named_with_what_to_do(group: Group) -> None:
    there, missing = group.topic, Topic("test.nulle-part", "inscription", (), (), ())
    consumer = Consumer(
        group.name,
        [there, missing],
        handlers=group.handlers,
        database=group.database,
        settings=group.settings,
        pulse=Pulse(),
    )
    with pytest.raises(TopicsMissing) as told:
        await consumer.run()
    assert str(told.value) == "test.nulle-part"
    assert "run `ateliers-topics create`" in advice(told.value)


@pytest.mark.usefixtures("garbage_as_before")
async def test_while_the_database_is_away_memory_stays_flat_and_nothing_is_dropped(
    group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    collect_garbage_seldom()
    waiting = 30_000
    await group.send(waiting)
    group.handlers.on(InscriptionRetiree)(_away)
    async with group.consuming(Pulse()):
        await until(lambda: gauge("ateliers_consumer_paused_partitions") == 2)
        monkeypatch.setattr(subscriber_module, "LAST_BACKOFF", 0.1)
        await until(lambda: retries_of(group) > 20)
        before = psutil.Process().memory_info().rss
        await until(lambda: retries_of(group) > 120)
        assert psutil.Process().memory_info().rss < before + 20_000_000
        await until(lambda: lag_of(group) == waiting)
        group.handlers.on(InscriptionRetiree)(group.take)
        await until(lambda: group.taken == waiting)
    async with group.database.read() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM inbox"))).scalar_one() == waiting
        assert (await connection.execute(text("SELECT count(*) FROM dlq"))).scalar_one() == 0


async def test_a_slow_database_is_waited_for_without_a_loss(group: Group) -> None:
    before, pulse = restarts(), Pulse(idle=1.0)
    async with group.consuming(pulse):
        async with group.database.engine.begin() as connection:
            await connection.execute(text("LOCK TABLE inbox IN ACCESS EXCLUSIVE MODE"))
            await group.send(50)
            await asyncio.sleep(4)
            assert group.taken == 0
            assert not pulse.is_overdue()
        await until(lambda: group.taken == 50)
    assert restarts() == before


def gauge(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def retries_of(group: Group) -> float:
    return gauge("ateliers_batch_retries_total", topic=group.topic.name)


def lag_of(group: Group) -> float:
    return sum(gauge("ateliers_consumer_lag_records", topic=group.topic.name, partition=p) for p in "01")
