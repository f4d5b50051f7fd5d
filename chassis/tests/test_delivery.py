"""The delivery rules on a real Kafka and a real PostgreSQL: subscriber, inbox, outbox, relay and dead letters."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from chassis.broker import make_broker
from chassis.handlers import Handlers, Received
from chassis.ids import uuid7
from chassis.relay import Relay
from chassis.settings import Settings
from chassis.store import Database, NotYetKnown, Transaction
from chassis.subscriber import Subscriber
from chassis.tables import new_metadata
from chassis.testing import new_database, published, settings_values
from contracts.envelope import Event, Message, encode
from contracts.events import InscriptionRetiree
from contracts.topics import INSCRIPTIONS_RECUES, Topic, dlq
from sqlalchemy import Column, Integer, Table, Text, text
from sqlalchemy.dialects import postgresql

metadata = new_metadata()
Table(
    "seen",
    metadata,
    Column("position", Integer, primary_key=True, autoincrement=True),
    Column("event_id", postgresql.UUID(as_uuid=True), nullable=False),
    Column("key", Text, nullable=False),
)


class World:
    """One service on its own topic and database."""

    def __init__(self, settings: Settings, database: Database, topic: Topic) -> None:
        self.settings, self.database, self.topic = settings, database, topic
        self.handlers = Handlers()
        self.failing: list[Exception] = []
        self.poisoned: set[UUID] = set()
        self.handlers.on(InscriptionRetiree)(self.take)

    async def take(self, tx: Transaction, events: Sequence[Received[InscriptionRetiree]]) -> None:
        rows = [{"id": event.id, "key": str(event.data.inscription)} for event in events]
        await tx.connection.execute(text("INSERT INTO seen (event_id, key) VALUES (:id, :key)"), rows)
        for event in events:
            tx.publish(event.data)
            if event.data.inscription in self.poisoned:
                raise ZeroDivisionError
        if self.failing:
            raise self.failing.pop()

    @asynccontextmanager
    async def consuming(self) -> AsyncIterator[None]:
        broker = make_broker(self.settings)
        Subscriber("registration", [self.topic], self.handlers, self.database).attach(broker, session_timeout_ms=6000)
        await broker.start()
        try:
            yield
        finally:
            await broker.stop()

    async def send(
        self, messages: Sequence[Message | tuple[bytes | None, Any, bytes | None]], partition: int = 0
    ) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self.settings.kafka_bootstrap_servers)
        await producer.start()
        for m in messages:
            key, headers, value = (m.key, m.headers, m.value) if isinstance(m, Message) else m
            await producer.send_and_wait(
                self.topic.name, key=key, headers=list(headers), value=value, partition=partition
            )
        await producer.stop()

    async def rows(self, query: str) -> list[Any]:
        async with self.database.read() as connection:
            return list((await connection.execute(text(query))).all())

    async def until(self, query: str, expected: int) -> None:
        async with asyncio.timeout(30):
            while (await self.rows(query))[0][0] != expected:  # noqa: ASYNC110 - what it waits for is in PostgreSQL
                await asyncio.sleep(0.05)


@pytest.fixture
async def world(make_database: Callable[[str], str], kafka_bootstrap: str) -> AsyncIterator[World]:
    url = make_database("delivery")
    settings = Settings(**(settings_values(url) | {"kafka_bootstrap_servers": kafka_bootstrap}))
    topic = Topic(f"test.{uuid7()}", "inscription", INSCRIPTIONS_RECUES.events, (), (), partitions=1)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic.name, 1, 1), *[NewTopic(n, 1, 1) for n in await _missing(admin)]])
    await admin.close()
    database = await new_database(url, metadata, source="registration")
    yield World(settings, database, topic)
    await database.engine.dispose()


async def _missing(admin: AIOKafkaAdminClient) -> list[str]:
    there = await admin.list_topics()
    return [name for name in (INSCRIPTIONS_RECUES.name, dlq("registration")) if name not in there]


def withdrawals(count: int) -> list[Message]:
    now = datetime.now(UTC)
    return [
        encode(Event(uuid7(), "test", now, InscriptionRetiree(inscription=uuid7(), retiree_le=now)))
        for _ in range(count)
    ]


async def test_each_event_takes_effect_once_though_some_come_twice(world: World) -> None:
    messages = withdrawals(40)
    await world.send([*messages[:20], *messages[10:], *messages[:3]])
    async with world.consuming():
        await world.until("SELECT count(*) FROM seen", 40)
        await asyncio.sleep(0.3)
    keys = [row[0].encode() for row in await world.rows("SELECT key FROM seen ORDER BY position")]
    assert keys == [message.key for message in messages]
    assert len(await published(world.database)) == 40


async def test_poison_of_every_kind_lands_whole_with_its_reason_and_blocks_nothing(world: World) -> None:
    good = withdrawals(3)
    headers = good[0].headers
    poison: list[tuple[bytes | None, Any, bytes | None]] = [
        (b"k", headers, b"{not json"),
        (b"k", headers, b'{"inscription": 3}'),
        (b"k", headers, None),
        (b"k", headers, b'{"inscription": "\\u0000"}'),
        (b"k", headers, b'{"inscription": "\\ud800"}'),
        (b"k", headers, b"[" * 50_000),
        (b"k", [("ce_type", b"\xff\xfe"), *headers[1:]], b"{}"),
        (b"k", [(name, None) for name, _ in headers], b"{}"),
        (None, [], b"plain text"),
        (b"another key", headers, good[0].value),
    ]
    await world.send([good[0], *poison[:5], good[1], *poison[5:], good[2]])
    async with world.consuming():
        await world.until("SELECT count(*) FROM seen", 3)
        await world.until("SELECT count(*) FROM dlq", len(poison))
    kept = await world.rows('SELECT key, value, reason FROM dlq ORDER BY "offset"')
    assert [(row.key, row.value) for row in kept] == [(key, value) for key, _, value in poison]
    assert all(row.reason for row in kept)


async def test_an_event_that_always_fails_is_kept_aside_alone(world: World) -> None:
    messages = withdrawals(5)
    culprit = UUID(messages[2].key.decode())
    world.poisoned = {culprit}
    await world.send(messages)
    async with world.consuming():
        await world.until("SELECT count(*) FROM seen", 4)
        await world.until("SELECT count(*) FROM dlq", 1)
    assert (await world.rows("SELECT key FROM dlq"))[0].key == messages[2].key
    assert culprit not in {event.inscription for event in await published(world.database)}  # type: ignore[attr-defined]


async def test_an_id_that_is_not_known_yet_is_waited_for(world: World) -> None:
    messages = withdrawals(4)
    world.failing = [NotYetKnown("groupe"), ConnectionError(), NotYetKnown("groupe")]
    await world.send(messages)
    async with world.consuming():
        await world.until("SELECT count(*) FROM seen", 4)
    assert len(await published(world.database)) == 4
    assert await world.rows("SELECT * FROM dlq") == []


async def test_a_worker_that_comes_back_goes_on_where_it_was(world: World) -> None:
    messages = withdrawals(10)
    await world.send(messages[:5])
    async with world.consuming():
        await world.until("SELECT count(*) FROM seen", 5)
    await world.send(messages[5:])
    async with world.consuming():
        await world.until("SELECT count(*) FROM seen", 10)
    assert len(await world.rows("SELECT * FROM inbox")) == 10


async def test_two_partitions_are_in_hand_at_once_and_of_each_one_batch(world: World) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=world.settings.kafka_bootstrap_servers)
    await admin.start()
    await admin.create_partitions({world.topic.name: NewPartitions(4)})
    await admin.close()
    partition_of: dict[UUID, int] = {}
    for partition in range(4):
        messages = withdrawals(10)
        partition_of |= {UUID(message.key.decode()): partition for message in messages}
        await world.send(messages, partition)
    in_hand: list[int] = []
    most: list[set[int]] = []
    two = asyncio.Event()

    async def take(tx: Transaction, events: Sequence[Received[InscriptionRetiree]]) -> None:
        (partition,) = {partition_of[event.data.inscription] for event in events}
        assert partition not in in_hand
        in_hand.append(partition)
        most.append(set(in_hand))
        if len(in_hand) > 1:
            two.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(two.wait(), 2)
        await asyncio.sleep(0.05)
        await world.take(tx, events)
        in_hand.remove(partition)

    world.handlers.on(InscriptionRetiree)(take)
    async with world.consuming():
        await world.until("SELECT count(*) FROM seen", 40)
    assert max(map(len, most)) == 2
    taken = [UUID(row.key) for row in await world.rows("SELECT key FROM seen ORDER BY position")]
    for partition in range(4):
        own = [key for key in taken if partition_of[key] == partition]
        assert own == [key for key, where in partition_of.items() if where == partition]


@asynccontextmanager
async def relaying(world: World) -> AsyncIterator[None]:
    task = asyncio.create_task(Relay(world.database, world.settings, asyncio.Event()).run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_the_relay_sends_every_row_once_and_keeps_the_order_of_each_key(world: World) -> None:
    keys = [uuid7() for _ in range(20)]
    sent: list[tuple[str, str]] = []
    for turn in range(10):
        async with world.database.transaction() as tx:
            for key in keys:
                moment = datetime(2027, 1, 1, turn, tzinfo=UTC)
                tx.publish(InscriptionRetiree(inscription=key, retiree_le=moment))
                sent.append((str(key), moment.isoformat()))
    async with relaying(world), relaying(world):
        await world.until("SELECT count(*) FROM outbox WHERE sent_at IS NULL", 0)
    received = await read(world, {str(key) for key in keys})
    assert Counter(received) == Counter(sent)
    for key in keys:
        assert [r for r in received if r[0] == str(key)] == [s for s in sent if s[0] == str(key)]


async def test_a_row_that_is_too_large_holds_back_its_own_key_only(world: World) -> None:
    stuck, free = uuid7(), uuid7()
    async with world.database.transaction() as tx:
        tx.publish_raw(INSCRIPTIONS_RECUES.name, str(stuck).encode(), b"[]", b"x" * 3_000_000)
        tx.publish(InscriptionRetiree(inscription=stuck, retiree_le=datetime.now(UTC)))
        tx.publish(InscriptionRetiree(inscription=free, retiree_le=datetime.now(UTC)))
    async with relaying(world):
        await world.until("SELECT count(*) FROM outbox WHERE quarantined IS NOT NULL", 1)
        await world.until("SELECT count(*) FROM outbox WHERE sent_at IS NOT NULL", 1)
        await asyncio.sleep(0.3)
    assert [key for key, _ in await read(world, {str(stuck), str(free)})] == [str(free)]


async def read(world: World, keys: set[str]) -> list[tuple[str, str]]:
    """Every withdrawal of these keys on the front door: (inscription, moment), in order."""
    consumer = AIOKafkaConsumer(
        INSCRIPTIONS_RECUES.name,
        bootstrap_servers=world.settings.kafka_bootstrap_servers,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    found: list[tuple[str, str]] = []
    while batch := await consumer.getmany(timeout_ms=1500):
        for records in batch.values():
            for record in records:
                if record.key.decode() in keys:
                    data = InscriptionRetiree.model_validate_json(record.value)
                    found.append((str(data.inscription), data.retiree_le.isoformat()))
    await consumer.stop()
    return found
