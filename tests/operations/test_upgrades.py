"""Two versions of a service side by side, and databases on their way from one version to the next."""

import asyncio
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from chassis.consumer import Consumer
from chassis.handlers import Handlers, Received
from chassis.ids import uuid7
from chassis.pulse import Pulse
from chassis.settings import Settings
from chassis.store import Database, Transaction, make_engine
from chassis.tables import new_metadata
from chassis.testing import new_database, settings_values
from contracts.envelope import Event, encode
from contracts.events import InscriptionRetiree
from contracts.topics import SERVICES, Topic
from sqlalchemy import Column, Connection, MetaData, Table, Text, text
from sqlalchemy.dialects import postgresql

from chassis import migrations

NEWER = Path(__file__).with_name("newer.py")
COUNT = 20


def tables() -> MetaData:
    metadata = new_metadata()
    columns = (Column("kind", Text), Column("version", Text))
    Table("seen", metadata, Column("event_id", postgresql.UUID(as_uuid=True), nullable=False), *columns)
    return metadata


async def older(tx: Transaction, events: Sequence[Received[InscriptionRetiree]]) -> None:
    rows = [{"id": event.id, "kind": "retiree"} for event in events]
    await tx.connection.execute(text("INSERT INTO seen VALUES (:id, :kind, 'older')"), rows)


async def publish(kafka: str, topic: str) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    now = datetime.now(UTC)
    for number in range(COUNT):
        message = encode(Event(uuid7(), "older", now, InscriptionRetiree(inscription=uuid7(), retiree_le=now)))
        headers = list(message.headers)
        await producer.send_and_wait(topic, message.value, key=message.key, headers=headers, partition=number % 2)
    await producer.stop()


async def count(database: Database, condition: str) -> int:
    async with database.read() as connection:
        query = f"SELECT count(DISTINCT event_id) FROM seen WHERE {condition}"  # noqa: S608 - of this test
        found = await connection.execute(text(query))
        return int(found.scalar_one())


async def until(database: Database, condition: str, reached: Callable[[int], bool]) -> None:
    async with asyncio.timeout(60):
        while not reached(await count(database, condition)):  # noqa: ASYNC110 - what it waits for is in PostgreSQL
            await asyncio.sleep(0.1)


async def test_the_older_version_goes_on_beside_a_newer_one(
    make_database: Callable[[str], str], kafka_bootstrap: str
) -> None:
    url, topic, group = make_database("upgrade"), f"test.{uuid7()}", f"groupe-{uuid7()}"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 2, 1)])
    await admin.close()
    database = await new_database(url, tables())
    handlers = Handlers()
    handlers.on(InscriptionRetiree)(older)
    settings = Settings(**(settings_values(url) | {"kafka_bootstrap_servers": kafka_bootstrap}))
    topics = [Topic(topic, "inscription", (), (), ())]
    consumer = Consumer(group, topics, handlers=handlers, database=database, settings=settings, pulse=Pulse())
    running = asyncio.create_task(consumer.run())
    await publish(kafka_bootstrap, topic)
    await until(database, "version = 'older'", lambda found: found == COUNT)
    newer = await asyncio.create_subprocess_exec(
        sys.executable, str(NEWER), url, kafka_bootstrap, topic, group, str(COUNT)
    )
    try:
        await until(database, "version = 'newer'", lambda found: found > 0)
        await publish(kafka_bootstrap, topic)
        await until(database, "kind <> 'transferee'", lambda found: found == 3 * COUNT)
        assert await count(database, "version = 'older'") > COUNT
        assert not running.done()
        async with database.read() as connection:
            assert (await connection.execute(text("SELECT count(*) FROM dlq"))).scalar_one() == 0
            assert (await connection.execute(text("SELECT count(*) FROM seen"))).scalar_one() == await count(
                database, "true"
            )
    finally:
        newer.terminate()
        await newer.wait()
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await database.engine.dispose()


@pytest.mark.parametrize("service", SERVICES)
async def test_a_database_of_the_version_before_is_brought_to_what_the_code_uses(
    service: str, make_database: Callable[[str], str]
) -> None:
    folder = Path(import_module(service).__file__ or "").parent / "migrations"
    metadata: MetaData = import_module(f"{service}.tables").metadata
    engine = make_engine(make_database(service))
    await migrations.upgrade(engine, folder)
    await migrations.downgrade(engine, folder, "-1")
    assert await migrations.database_problem(engine, folder, service) == (
        f"the database is not migrated: run `{service} migrate`"
    )
    await migrations.upgrade(engine, folder)
    assert await migrations.database_problem(engine, folder, service) is None

    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()
