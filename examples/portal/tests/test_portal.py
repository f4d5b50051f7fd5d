"""The portal against a real Kafka, registration's part being played by the test."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from contracts.envelope import Event, decode, encode
from contracts.model import EventData
from contracts.reasons import PHRASES, Refus
from contracts.samples import SAMPLES
from portal import campagnes, follow, generate, publish
from portal.cli import choose, summary

from contracts import events, topics

NOW = datetime(2027, 3, 2, 9, tzinfo=UTC)
PEOPLE = generate(20, "printemps-2027", ("eau",), ("mardi-matin", "jeudi-matin"), 7, now=NOW)


@pytest.fixture(scope="module")
async def bootstrap(kafka_bootstrap: str) -> str:
    """A Kafka with the topics of the contract that a portal uses; other tests may use them too."""
    used = (topics.INSCRIPTIONS_RECUES, topics.INSCRIPTIONS, topics.CAMPAGNES)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic.name, topic.partitions, 1) for topic in used])
    await admin.close()
    return kafka_bootstrap


async def send(bootstrap: str, *told: EventData) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        for data in told:
            message = encode(Event(uuid4(), "/ateliers/registration", NOW, data))
            await producer.send_and_wait(message.topic, message.value, key=message.key, headers=list(message.headers))


async def front_door(bootstrap: str, ids: set[str], count: int) -> list[Event]:
    """Read the front door until `count` events of these inscriptions have come."""
    topic = topics.INSCRIPTIONS_RECUES
    found: list[Event] = []
    async with (
        asyncio.timeout(15),
        AIOKafkaConsumer(topic.name, bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer,
    ):
        while len(found) < count:
            record = await consumer.getone()
            if record.key.decode() in ids:
                found.append(decode(record.key, record.headers, record.value))
    return found


def validee(one: events.InscriptionRecue) -> EventData:
    sample = next(sample.data for sample in SAMPLES if isinstance(sample.data, events.InscriptionValidee))
    return sample.model_copy(update={"inscription": one.inscription})


def refusee(one: events.InscriptionRecue, code: Refus) -> EventData:
    sample = next(sample.data for sample in SAMPLES if isinstance(sample.data, events.InscriptionRefusee))
    return sample.model_copy(update={"inscription": one.inscription, "code": code, "phrase": PHRASES[code]})


async def test_what_is_published_twice_carries_the_same_ids_and_can_be_read_by_the_contract(bootstrap: str) -> None:
    await publish(bootstrap, PEOPLE)
    await publish(bootstrap, PEOPLE)
    ids = {str(one.inscription) for one in PEOPLE}
    received = await front_door(bootstrap, ids, 2 * len(PEOPLE))
    assert {event.data.key for event in received} == ids
    assert len({event.id for event in received}) == len(PEOPLE)


async def test_follow_waits_until_each_inscription_has_its_answer(bootstrap: str) -> None:
    accepted, refused, *_ = PEOPLE

    async def answer() -> None:
        await asyncio.sleep(0.5)
        await send(bootstrap, validee(accepted), validee(PEOPLE[5]), refusee(refused, Refus.DEJA_INSCRIT))

    answering = asyncio.create_task(answer())
    answers = await follow(bootstrap, [accepted.inscription, refused.inscription], timeout=15)
    await answering
    assert isinstance(answers[accepted.inscription], events.InscriptionValidee)
    told = answers[refused.inscription]
    assert isinstance(told, events.InscriptionRefusee)
    assert told.code is Refus.DEJA_INSCRIT
    assert len(answers) == 2


async def test_follow_gives_what_it_has_when_the_time_is_over(bootstrap: str) -> None:
    assert await follow(bootstrap, [uuid4()], timeout=1) == {}


async def test_the_latest_open_campagne_is_chosen(bootstrap: str) -> None:
    ouverte = next(sample.data for sample in SAMPLES if isinstance(sample.data, events.CampagneOuverte))
    close = next(sample.data for sample in SAMPLES if isinstance(sample.data, events.CampagneClose))
    first: Any = {"campagne": "printemps-2190", "inscriptions_du": datetime(2190, 2, 1, tzinfo=UTC)}
    later: Any = {"campagne": "automne-2190", "inscriptions_du": datetime(2190, 9, 1, tzinfo=UTC)}
    await send(bootstrap, ouverte.model_copy(update=first), close.model_copy(update=later))
    known = await campagnes(bootstrap)
    assert [one.campagne for one in known[:2]] == ["automne-2190", "printemps-2190"]
    assert choose(known, None) == known[1]
    assert choose(known, "automne-2190") == known[0]
    assert choose(known, "hiver-2190") is None


def test_the_summary_counts_what_became_of_each_inscription() -> None:
    accepted, refused, _ = PEOPLE[:3]
    answers: Any = {
        accepted.inscription: validee(accepted),
        refused.inscription: refusee(refused, Refus.AUCUN_CRENEAU),
    }
    assert summary(PEOPLE[:3], answers).split() == (
        ["envoyées", "3", "validées", "1", "refusées", "1", "refus.aucun_creneau", "1", "sans", "réponse", "1"]
    )
