"""Consuming as most would write it with FastStream: one message at a time, the offset after it, an inbox to ask."""

from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

from contracts.envelope import Event, decode
from contracts.events import InscriptionRecue
from contracts.topics import INSCRIPTIONS_RECUES
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.annotations import KafkaMessage
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

Take = Callable[[Event, InscriptionRecue], Awaitable[None]]

_INBOX: Final = text("INSERT INTO inbox (event_id) VALUES (:id) ON CONFLICT DO NOTHING RETURNING event_id")


def one_by_one(bootstrap: str, group: str, take: Take) -> KafkaBroker:
    """Return a broker, not started, that hands each inscription to `take`."""
    broker = KafkaBroker(bootstrap, logger=None)

    @broker.subscriber(
        INSCRIPTIONS_RECUES.name,
        group_id=group,
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.NACK_ON_ERROR,
        no_reply=True,
    )
    async def receive(message: KafkaMessage) -> None:
        record: Any = message.raw_message
        event = decode(record.key, record.headers, record.value)
        if isinstance(event.data, InscriptionRecue):
            await take(event, event.data)

    return broker


async def is_new(connection: AsyncConnection, event: Event) -> bool:
    """Enter one event in the inbox; False if it was there."""
    new: UUID | None = (await connection.execute(_INBOX, {"id": event.id})).scalar()
    return new is not None
