"""A newer version of a service, as a process: an event has a new optional field, and there is a new type of event.

`python newer.py DATABASE_URL KAFKA TOPIC GROUP COUNT`: join the group,
publish COUNT events of each kind, and consume until it is ended.
"""

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar
from uuid import UUID

from aiokafka import AIOKafkaProducer
from chassis.clock import system_clock
from chassis.consumer import Consumer
from chassis.handlers import Handlers, Received
from chassis.ids import uuid7
from chassis.pulse import Pulse
from chassis.settings import Settings
from chassis.store import Database, Transaction, make_engine
from chassis.testing import settings_values
from contracts.envelope import Event, encode
from contracts.events import EVENTS, InscriptionRetiree
from contracts.model import EventData
from contracts.topics import INSCRIPTIONS_RECUES, Topic
from sqlalchemy import text

from contracts import topics


class Retiree(EventData):
    event_type: ClassVar[str] = InscriptionRetiree.event_type
    key_field: ClassVar[str] = "inscription"
    inscription: UUID
    retiree_le: datetime
    raison: str | None = None


class Transferee(EventData):
    event_type: ClassVar[str] = "fr.anct.ateliers.inscription.transferee.v1"
    key_field: ClassVar[str] = "inscription"
    inscription: UUID


_SEEN = text("INSERT INTO seen (event_id, kind, version) VALUES (:id, :kind, 'newer')")


def handlers() -> Handlers:
    taken = Handlers()

    @taken.on(Retiree)
    async def withdraw(tx: Transaction, events: Sequence[Received[Retiree]]) -> None:
        await tx.connection.execute(_SEEN, [{"id": e.id, "kind": e.data.raison or "sans raison"} for e in events])

    @taken.on(Transferee)
    async def transfer(tx: Transaction, events: Sequence[Received[Transferee]]) -> None:
        await tx.connection.execute(_SEEN, [{"id": e.id, "kind": "transferee"} for e in events])

    return taken


async def publish(kafka: str, topic: str, count: int) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    now = datetime.now(UTC)
    for number in range(count):
        for data in (
            Retiree(inscription=uuid7(), retiree_le=now, raison="déménagement"),
            Transferee(inscription=uuid7()),
        ):
            message = encode(Event(uuid7(), "newer", now, data))
            await producer.send_and_wait(
                topic, message.value, key=message.key, headers=list(message.headers), partition=number % 2
            )
    await producer.stop()


async def main(url: str, kafka: str, topic: str, group: str, count: int) -> None:
    EVENTS.update({event.event_type: event for event in (Retiree, Transferee)})
    topics._BY_EVENT.update(dict.fromkeys((Retiree, Transferee), INSCRIPTIONS_RECUES))  # noqa: SLF001
    settings = Settings(**(settings_values(url) | {"kafka_bootstrap_servers": kafka}))
    database = Database(make_engine(url), system_clock, "newer")
    consumer = Consumer(
        group,
        [Topic(topic, "inscription", (), (), ())],
        handlers=handlers(),
        database=database,
        settings=settings,
        pulse=Pulse(),
    )
    running = asyncio.create_task(consumer.run())
    while await consumer.check():  # noqa: ASYNC110 - the group is Kafka's
        await asyncio.sleep(0.1)
    await publish(kafka, topic, count)
    await running


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:5], int(sys.argv[5])))
