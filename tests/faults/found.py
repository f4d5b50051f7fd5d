"""What the run has left behind, read once everything has come to rest: every database, topic, mail, file and log."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupLoadInProgressError
from chassis.store import unpack_headers
from contracts.topics import DLQS, EVENT_TOPICS, INSCRIPTIONS, Topic
from local.demo.crm_checks import COMPARISONS, _plain

from tests.faults.sent import NUMBER
from tests.faults.stand import Stand

Rows = list[tuple[Any, ...]]
Record: TypeAlias = "ConsumerRecord[Any, Any]"
T = TypeVar("T")
PREFIX: Final = "fr.anct.ateliers."


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of a topic. `number` is the workload's own; `event` and `type` are empty where unreadable."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    number: int | None
    event: str
    type: str
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter, from the table or from the topic; `origin` is topic/partition/offset."""

    origin: str
    key: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    value: bytes | None
    reason: str


@dataclass
class Found:
    log: list[Entry] = field(default_factory=list)
    inbox: dict[str, set[str]] = field(default_factory=dict)
    outbox: dict[str, Rows] = field(default_factory=dict)
    """By service: (topic, key, event id) in the order of insertion."""
    waiting: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By service: outbox rows that are not sent, and that are quarantined."""
    kept_aside: dict[str, list[Letter]] = field(default_factory=dict)
    told_aside: dict[str, list[Letter]] = field(default_factory=dict)
    tables: dict[str, Rows] = field(default_factory=dict)
    mails: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """By id of the message: what the mail server did each time that it came."""
    lag: dict[str, int] = field(default_factory=dict)
    crm: dict[str, tuple[Rows, Rows]] = field(default_factory=dict)
    """By what is compared: rows at the CRM, rows of the service that they come from."""
    personal: list[str] = field(default_factory=list)
    """Log lines that hold something planted: file and number of the line."""


TABLES: Final = {
    "registration.inscriptions": "SELECT id, etat, code FROM inscriptions",
    "registration.affectations": "SELECT inscription, decision, code, groupe FROM affectations",
    "registration.campagnes": "SELECT code, etat FROM campagnes",
    "scheduling.inscriptions": "SELECT id FROM inscriptions",
    "scheduling.annulations": "SELECT inscription FROM annulations",
    "scheduling.campagnes": "SELECT code, close_le IS NOT NULL FROM campagnes",
    "scheduling.affectations": """SELECT a.inscription, a.decision, a.code, a.groupe FROM affectations a
        JOIN propositions p ON p.id = a.proposition WHERE p.etat = 'publiee'""",
    "scheduling.seances": """SELECT s.id, a.inscription FROM seances s JOIN groupes g ON g.id = s.groupe
        JOIN propositions p ON p.id = g.proposition JOIN affectations a ON a.groupe = g.id
        WHERE p.etat = 'publiee' AND a.decision = 'retenue' AND s.cause_annulation IS NULL""",
    "notification.participants": "SELECT inscription, etat FROM participants",
    "notification.agendas": "SELECT seance, inscription FROM agendas WHERE NOT annulee",
    "notification.envois": "SELECT id, cle, modele, etat, commence FROM envois",
    "feedback.participants": "SELECT inscription, annulee_le IS NOT NULL FROM participants",
    "feedback.retours": "SELECT seance, inscription, satisfaction, version FROM retours",
}
_OUTBOX: Final = """SELECT topic, key, (SELECT h->>1 FROM jsonb_array_elements(convert_from(headers, 'UTF8')::jsonb) h
    WHERE h->>0 = 'ce_id') FROM outbox WHERE topic NOT LIKE '%.dlq' ORDER BY id"""
_WAITING: Final = """SELECT count(*) FILTER (WHERE sent_at IS NULL AND quarantined IS NULL),
    count(*) FILTER (WHERE quarantined IS NOT NULL) FROM outbox"""


async def collect(stand: Stand, planted: Iterable[str]) -> Found:
    found = Found()
    for service in stand.services:
        await _read_database(stand, service, found)
    found.log = sorted(await _read(stand, EVENT_TOPICS, _entry), key=_place)
    own = tuple(topic for topic in DLQS if topic.producers[0] in stand.services)
    for service, letter in await _read(stand, own, _told):
        found.told_aside.setdefault(service, []).append(letter)
    found.lag = await lags(stand)
    for line in stand.kept.read_text().splitlines():
        mail = json.loads(line)
        found.mails[mail["id"].strip("<>").partition("@")[0]].append(mail["trouble"])
    found.personal = _personal(stand.logs, tuple(planted))
    if stand.crm_file.exists():
        await _read_crm(stand, found)
    return found


async def rows(stand: Stand, service: str, query: str) -> Rows:
    connection = await asyncpg.connect(stand.database_url(service).replace("+asyncpg", "", 1))
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


async def _read_database(stand: Stand, service: str, found: Found) -> None:
    found.inbox[service] = {str(row[0]) for row in await rows(stand, service, "SELECT event_id FROM inbox")}
    found.outbox[service] = await rows(stand, service, _OUTBOX)
    (found.waiting[service],) = [(row[0], row[1]) for row in await rows(stand, service, _WAITING)]
    letters = await rows(
        stand, service, """SELECT topic || '/' || partition || '/' || "offset", key, headers, value, reason FROM dlq"""
    )
    found.kept_aside[service] = [
        Letter(origin, key, tuple(unpack_headers(headers)), value, reason)
        for origin, key, headers, value, reason in letters
    ]
    for name, query in TABLES.items():
        if name.startswith(f"{service}."):
            found.tables[name] = [_text(row) for row in await rows(stand, service, query)]


def _text(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(str(value) if isinstance(value, UUID) else value for value in row)


async def _read(stand: Stand, topics: Iterable[Topic], keep: Callable[[Record], T]) -> list[T]:
    """Everything on these topics, each record as `keep` makes it at once: values are too large to hold them all."""
    consumer = AIOKafkaConsumer(bootstrap_servers=stand.cluster.direct_servers, max_partition_fetch_bytes=4_000_000)
    await consumer.start()
    try:
        partitions = [TopicPartition(t.name, number) for t in topics for number in range(t.partitions)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning()
        ends = await consumer.end_offsets(partitions)
        kept: list[T] = []
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for batch in (await consumer.getmany(timeout_ms=500)).values():
                kept += map(keep, batch)
        return kept
    finally:
        await consumer.stop()


def _place(entry: Entry) -> tuple[str, int, int]:
    return entry.topic, entry.partition, entry.offset


def _entry(record: Record) -> Entry:
    headers = {name: content for name, content in record.headers if content is not None}
    number = headers.get(NUMBER)
    kind = headers.get("ce_type", b"").decode(errors="replace").removeprefix(PREFIX).removesuffix(".v1")
    return Entry(
        record.topic,
        record.partition,
        record.offset,
        record.key,
        int(number) if number else None,
        headers.get("ce_id", b"").decode(errors="replace"),
        kind,
        _answer(record, kind),
    )


def _answer(record: Record, kind: str) -> str:
    """Say in one word what an event of ours decides."""
    if record.topic == INSCRIPTIONS.name:
        data = json.loads(record.value)
        detail = data.get("code") or data.get("fonction", "").rpartition("(envoi ")[2].rstrip(")")
        return f"{kind.rpartition('.')[2]} {detail}".strip()
    if kind == "affectation.decidee":
        data = json.loads(record.value)
        return f"{data['campagne']} {data['code']}"
    return ""


def _told(record: Record) -> tuple[str, Letter]:
    """Return the service of a dead letter, and the letter."""
    own = {"dlq_reason", "dlq_origin"}
    ours = {name: (content or b"").decode() for name, content in record.headers if name in own}
    rest = tuple((name, content) for name, content in record.headers if name not in own)
    letter = Letter(ours.get("dlq_origin", ""), record.key, rest, record.value, ours.get("dlq_reason", ""))
    return record.topic.split(".")[1], letter


async def crm_lag(stand: Stand) -> int:
    """Records that the CRM has not stored."""
    consumer = AIOKafkaConsumer(bootstrap_servers=stand.cluster.direct_servers)
    try:
        await consumer.start()
        read = [TopicPartition(t.name, n) for t in EVENT_TOPICS if "crm" in t.consumers for n in range(t.partitions)]
        ends = await consumer.end_offsets(read)
    finally:
        await consumer.stop()
    with closing(sqlite3.connect(f"file:{stand.crm_file}?mode=ro", uri=True)) as base:
        done = {(topic, number): following for topic, number, following in base.execute("SELECT * FROM positions")}
    return sum(end - done.get((p.topic, p.partition), 0) for p, end in ends.items())


async def lags(stand: Stand) -> dict[str, int]:
    """Records that each consumer group has not committed, by group. Raises KafkaError while nobody knows."""
    admin = AIOKafkaAdminClient(bootstrap_servers=stand.cluster.direct_servers)
    consumer = AIOKafkaConsumer(bootstrap_servers=stand.cluster.direct_servers)
    try:
        await admin.start()
        await consumer.start()
        found = {}
        for service in stand.services:
            read = [
                TopicPartition(t.name, number)
                for t in EVENT_TOPICS
                if service in t.consumers
                for number in range(t.partitions)
            ]
            committed = await admin.list_consumer_group_offsets(service, partitions=read)
            if len(committed) < len(read):
                # aiokafka takes what a coordinator says while it reads its log for a group without offsets.
                raise GroupLoadInProgressError(service)
            ends = await consumer.end_offsets(read)
            found[service] = sum(end - max(0, committed[partition].offset) for partition, end in ends.items())
        return found
    finally:
        await consumer.stop()
        await admin.close()


def _personal(logs: Path, planted: tuple[str, ...]) -> list[str]:
    spellings = {text for word in planted for text in (word, json.dumps(word)[1:-1])}
    hits = []
    for file in sorted(logs.glob("*.log")):
        with file.open(errors="replace") as lines:
            hits += [f"{file.name}:{n}" for n, line in enumerate(lines, 1) if any(s in line for s in spellings)]
    return hits


async def _read_crm(stand: Stand, found: Found) -> None:
    with closing(sqlite3.connect(f"file:{stand.crm_file}?mode=ro", uri=True)) as base:
        found.tables["crm.journal"] = list(base.execute("SELECT evenement FROM journal"))
        for c in COMPARISONS:
            told = [_plain(row) for row in base.execute(c.crm)]
            found.crm[c.what] = told, [_plain(row) for row in await rows(stand, c.service, c.truth)]
