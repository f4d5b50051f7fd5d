"""The portal's side of Kafka: publish at the front door, read the answers. Any language does it the same way."""

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID, uuid5

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from contracts.envelope import Event, InvalidEvent, UnknownType, decode, encode
from contracts.events import CampagneClose, CampagneOuverte, InscriptionRecue, InscriptionRefusee, InscriptionValidee
from contracts.topics import Topic

from contracts import topics

SOURCE: Final = "/portails/exemple"

Answer = InscriptionValidee | InscriptionRefusee
Campagne = CampagneOuverte | CampagneClose


async def publish(bootstrap: str, events: Sequence[InscriptionRecue]) -> None:
    """Publish inscriptions; return once the brokers have all of them.

    The event id is drawn from the inscription's: publishing again, after a doubt, changes nothing on the other side.
    """
    async with AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, **_security(os.environ)
    ) as producer:
        waiting = []
        for data in events:
            event = Event(uuid5(data.inscription, data.event_type), SOURCE, data.recue_le, data)
            message = encode(event)
            waiting.append(
                await producer.send(message.topic, message.value, key=message.key, headers=list(message.headers))
            )
        await asyncio.gather(*waiting)


async def follow(bootstrap: str, ids: Iterable[UUID], timeout: float) -> dict[UUID, Answer]:  # noqa: ASYNC109
    """Read the answers to these inscriptions until each has one, or `timeout` seconds are over."""
    missing = set(ids)
    answers: dict[UUID, Answer] = {}
    try:
        async with asyncio.timeout(timeout), _reader(bootstrap, topics.INSCRIPTIONS) as consumer:
            while missing:
                for event in await _next_events(consumer):
                    data = event.data
                    if isinstance(data, InscriptionValidee | InscriptionRefusee) and data.inscription in missing:
                        missing.remove(data.inscription)
                        answers[data.inscription] = data
    except TimeoutError:
        pass
    return answers


async def campagnes(bootstrap: str) -> list[Campagne]:
    """Read every campagne as it stands now; the topic is compacted, so it is read from the start to its end."""
    known: dict[str, Campagne] = {}
    async with _reader(bootstrap, topics.CAMPAGNES) as consumer:
        ends = await consumer.end_offsets(consumer.assignment())
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for event in await _next_events(consumer):
                if isinstance(event.data, CampagneOuverte | CampagneClose):
                    known[event.data.campagne] = event.data
    return sorted(known.values(), key=lambda campagne: campagne.inscriptions_du, reverse=True)


@asynccontextmanager
async def _reader(bootstrap: str, topic: Topic) -> AsyncIterator[AIOKafkaConsumer]:
    """Read a whole topic from its beginning, without a consumer group: nothing is left behind on the broker."""
    async with AIOKafkaConsumer(
        topic.name,
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        **_security(os.environ),
    ) as consumer:
        yield consumer


async def _next_events(consumer: AIOKafkaConsumer) -> list[Event]:
    """Return the next events, without those that are not for us."""
    events = []
    for records in (await consumer.getmany(timeout_ms=500)).values():
        for record in records:
            try:
                events.append(decode(record.key, record.headers, record.value))
            except (InvalidEvent, UnknownType):
                continue
    return events


def _security(environ: Mapping[str, str]) -> dict[str, Any]:
    """Read the login from the same variables as the platform's services."""
    protocol = environ.get("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT")
    options: dict[str, Any] = {"security_protocol": protocol}
    if protocol.startswith("SASL"):
        options |= {
            "sasl_mechanism": environ.get("KAFKA_SECURITY_MECHANISM", "SCRAM-SHA-512"),
            "sasl_plain_username": environ["KAFKA_SECURITY_USERNAME"],
            "sasl_plain_password": environ["KAFKA_SECURITY_PASSWORD"],
        }
    if protocol.endswith("SSL"):
        options["ssl_context"] = ssl.create_default_context(cafile=environ.get("KAFKA_SECURITY_CA_FILE"))
    return options
