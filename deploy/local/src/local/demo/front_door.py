"""What an outside portal sends: good inscriptions, some that break a rule, and records that nobody can read."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import portal
from aiokafka import AIOKafkaProducer
from contracts.envelope import Event, Headers, Message, encode
from contracts.events import InscriptionRecue
from contracts.events.inscriptions import Engagements
from contracts.reasons import Refus

SOURCE: Final = "/portails/demonstration"


@dataclass(frozen=True)
class Sent:
    """`refused` holds the code that each rule-breaker must be answered with, by inscription."""

    good: list[InscriptionRecue]
    refused: dict[str, str]
    poison: int


def rule_breakers(good: list[InscriptionRecue]) -> list[tuple[InscriptionRecue, Refus]]:
    """Make one inscription for each rule that a portal can break, the last one of somebody who is there already."""
    nowhere = good[0].collectivite.model_copy(update={"code": "99999"})
    changes: list[tuple[dict[str, Any], Refus]] = [
        ({"campagne": "printemps-1924"}, Refus.CAMPAGNE_INCONNUE),
        ({"thematique": "astronomie"}, Refus.THEMATIQUE_INCONNUE),
        ({"collectivite": nowhere}, Refus.COLLECTIVITE_INCONNUE),
        ({"disponibilites": ()}, Refus.AUCUN_CRENEAU),
        ({"engagements": Engagements(quatre_seances=True)}, Refus.ENGAGEMENTS_MANQUANTS),
        ({}, Refus.DEJA_INSCRIT),
    ]
    return [(good[0].model_copy(update={"inscription": uuid4(), **change}), code) for change, code in changes]


_POISON: Final[tuple[Callable[[Message], tuple[bytes | None, Headers, bytes | None]], ...]] = (
    lambda m: (m.key, m.headers, m.value[:-20]),
    lambda m: (m.key, m.headers, None),
    lambda m: (m.key, m.headers, m.value.replace(b'"situation":"', b'"situation":"\\u0000', 1)),
    lambda m: (b"somebody-else", m.headers, m.value),
    lambda m: (m.key, tuple(h for h in m.headers if h[0] != "ce_id"), m.value),
    lambda m: (m.key, (*m.headers, ("ce_extra", b"\xff\xfe")), b"[" * 5000),
    lambda m: (m.key, m.headers, json.dumps({"inscription": 12}).encode()),
)
"""Truncated, empty, unstorable, of another key, without id, too deep, of another shape."""


async def publish_poison(bootstrap_servers: str, model: InscriptionRecue) -> int:
    """Send records that no service can accept; return how many."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        for spoil in _POISON:
            fresh = model.model_copy(update={"inscription": uuid4()})
            message = encode(Event(uuid4(), SOURCE, datetime.now(UTC), fresh))
            key, headers, value = spoil(message)
            await producer.send_and_wait(message.topic, value, key=key, headers=list(headers))
    finally:
        await producer.stop()
    return len(_POISON)


async def send(bootstrap_servers: str, good: list[InscriptionRecue], patience: float) -> Sent:
    """Publish as the example portal does and wait for each answer; what is wrong comes after what is right."""
    await portal.publish(bootstrap_servers, good)
    await portal.follow(bootstrap_servers, [data.inscription for data in good], patience)
    bad = rule_breakers(good)
    await portal.publish(bootstrap_servers, [data for data, _ in bad])
    poison = await publish_poison(bootstrap_servers, good[0])
    await portal.follow(bootstrap_servers, [data.inscription for data, _ in bad], patience)
    return Sent(good, {str(data.inscription): code.value for data, code in bad}, poison)
