"""One relay is active, the next takes over; what the broker refuses holds back its own key only."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.partitioner import DefaultPartitioner
from chassis.health import Health
from chassis.ids import uuid7
from chassis.measures import Measures
from chassis.relay import Relay, partition_of
from chassis.settings import Settings
from chassis.store import Database
from chassis.tables import new_metadata
from chassis.testing import new_database, settings_values
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from sqlalchemy import text

from chassis import lock

HOLDER = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database"
HOLDER += " WHERE datname = current_database())"


class Outbox:
    """The outbox of one service, over a compacted topic of its own, which refuses events without a key."""

    def __init__(self, settings: Settings, database: Database, topic: str) -> None:
        self.settings, self.database, self.topic = settings, database, topic

    async def put(self, *events: tuple[bytes | None, bytes]) -> None:
        async with self.database.transaction() as tx:
            for key, value in events:
                tx.publish_raw(self.topic, key, b"[]", value)

    @asynccontextmanager
    async def relaying(self) -> AsyncIterator[None]:
        """Run a relay as the service does: started again whenever it fails."""

        relay = Relay(self.database, self.settings, asyncio.Event())

        async def keep_running() -> None:
            while True:
                with suppress(Exception):
                    await relay.run()
                await asyncio.sleep(0.1)

        task = asyncio.create_task(keep_running())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def value(self, query: str) -> object:
        async with self.database.read() as connection:
            return (await connection.execute(text(query))).scalar()

    async def until(self, query: str, expected: object) -> None:
        async with asyncio.timeout(40):
            while await self.value(query) != expected:  # noqa: ASYNC110 - what it waits for is in PostgreSQL
                await asyncio.sleep(0.05)

    async def received(self) -> list[bytes]:
        consumer = AIOKafkaConsumer(
            self.topic, bootstrap_servers=self.settings.kafka_bootstrap_servers, auto_offset_reset="earliest"
        )
        await consumer.start()
        found: list[bytes] = []
        while batch := await consumer.getmany(timeout_ms=1500):
            found += [record.value for records in batch.values() for record in records]
        await consumer.stop()
        return found


@pytest.fixture
async def outbox(make_database: Callable[[str], str], kafka_bootstrap: str) -> AsyncIterator[Outbox]:
    url = make_database("relay")
    settings = Settings(**(settings_values(url) | {"kafka_bootstrap_servers": kafka_bootstrap}))
    topic = f"test.{uuid7()}"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1, topic_configs={"cleanup.policy": "compact"})])
    await admin.close()
    database = await new_database(url, new_metadata())
    yield Outbox(settings, database, topic)
    await database.engine.dispose()


@given(st.binary(max_size=80), st.integers(1, 24))
def test_a_key_has_the_partition_that_other_clients_give_it(key: bytes, count: int) -> None:
    partitions = list(range(count))
    assert partition_of(key, partitions) == DefaultPartitioner()(key, partitions, partitions)


def test_what_has_no_key_goes_anywhere() -> None:
    assert {partition_of(None, [0, 1, 2]) for _ in range(200)} == {0, 1, 2}


async def test_the_next_relay_takes_over_when_the_session_of_the_active_one_is_killed(outbox: Outbox) -> None:
    async with outbox.relaying(), outbox.relaying():
        await outbox.put((b"a", b"1"))
        await outbox.until("SELECT count(*) FROM outbox WHERE sent_at IS NULL", 0)
        first = await outbox.value(HOLDER)
        await outbox.value(f"SELECT pg_terminate_backend({first})")
        others = f"SELECT count(*) FROM ({HOLDER}) AS holder WHERE pid <> {first}"  # noqa: S608 - our own pid
        await outbox.until(others, 1)
        await outbox.put((b"a", b"2"), (b"a", b"3"))
        await outbox.until("SELECT count(*) FROM outbox WHERE sent_at IS NULL", 0)
        assert await outbox.value(HOLDER) not in (None, first)
    assert await outbox.received() == [b"1", b"2", b"3"]


async def test_a_relay_that_says_nothing_any_more_loses_the_lock(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "SILENCE_SECONDS", 3)
    monkeypatch.setattr(lock, "SIGN_SECONDS", 3600)
    ended: list[str] = []

    async def freeze() -> None:
        ended.append("began")
        await asyncio.Event().wait()

    frozen = asyncio.create_task(lock.alone(outbox.database, "test", freeze))
    next_one = asyncio.create_task(lock.alone(outbox.database, "test", freeze))
    async with asyncio.timeout(30):
        while len(ended) < 2:  # noqa: ASYNC110 - the lock is PostgreSQL's
            await asyncio.sleep(0.05)
    for task in (frozen, next_one):
        task.cancel()
    await asyncio.gather(frozen, next_one, return_exceptions=True)


async def test_an_event_that_the_broker_refuses_holds_back_its_own_key_only_and_is_seen(outbox: Outbox) -> None:
    await outbox.put((None, b"refused"), (b"a", b"1"), (b"b", b"1"))
    async with outbox.relaying():
        await outbox.until("SELECT count(*) FROM outbox WHERE quarantined IS NOT NULL", 1)
        await outbox.until("SELECT count(*) FROM outbox WHERE sent_at IS NOT NULL", 2)
    assert sorted(await outbox.received()) == [b"1", b"1"]
    attention = await Measures(outbox.database).read()
    assert attention == ["outbox: 1 refused by the broker, see `outbox list`"]
    assert REGISTRY.get_sample_value("ateliers_outbox_quarantined_rows") == 1.0
    assert Health(Measures(outbox.database)).is_alive()


async def test_a_long_queue_is_not_read_again_for_each_of_its_rows(outbox: Outbox) -> None:
    """PostgreSQL knows the queue as it was when it last looked, most often empty, and plans for that."""
    async with outbox.database.engine.begin() as connection:
        sent = "INSERT INTO outbox (topic, headers, sent_at) SELECT 'sent', '', now() FROM generate_series(1, 2000)"
        await connection.execute(text(sent))
        await connection.execute(text("ANALYZE outbox"))
    await outbox.put(*((b"%d" % number, b"value") for number in range(3000)))
    async with outbox.relaying():
        await outbox.until("SELECT count(*) FROM outbox WHERE sent_at IS NULL", 0)
    read = "SELECT sum(idx_tup_read)::int FROM pg_stat_user_indexes WHERE relname = 'outbox'"
    await outbox.until(f"SELECT ({read}) >= 3000", True)
    entries = await outbox.value(read)
    assert isinstance(entries, int)
    assert entries < 20 * 3000
