"""The dead-letter queue: what this service could not accept, whole, with the reason.

A row of the service's database, once per (topic, partition, offset), and a record on `ateliers.<service>.dlq`.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

import structlog
from aiokafka import ConsumerRecord
from contracts.topics import dlq
from sqlalchemy import text

from chassis import metrics
from chassis.store import Transaction, pack_headers

log = structlog.get_logger(__name__)

_UUID: Final = re.compile(rb"[0-9a-fA-F-]{36}")
_INSERT = text("""
    INSERT INTO dlq (topic, partition, "offset", key, headers, value, reason)
    VALUES (:topic, :partition, :offset, :key, :headers, :value, :reason)
    ON CONFLICT DO NOTHING RETURNING topic
""")


async def keep_aside(tx: Transaction, service: str, record: ConsumerRecord[Any, Any], reason: str) -> None:
    headers = list(record.headers)
    reason = printable(reason)
    kept = await tx.connection.execute(
        _INSERT,
        {
            "topic": record.topic,
            "partition": record.partition,
            "offset": record.offset,
            "key": record.key,
            "headers": pack_headers(headers),
            "value": record.value,
            "reason": reason,
        },
    )
    if kept.first() is None:
        return
    metrics.dlq.labels(topic=record.topic).inc()
    log.warning(
        "record kept aside",
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        event_id=_id_of(headers),
    )
    origin = f"{record.topic}/{record.partition}/{record.offset}"
    told = [*headers, ("dlq_reason", reason.encode()), ("dlq_origin", origin.encode())]
    tx.publish_raw(dlq(service), record.key, pack_headers(told), record.value)


def _id_of(headers: Sequence[tuple[str, bytes | None]]) -> str:
    """Return the event's id for a log: what isn't one of our ids may be anything."""
    written = dict(headers).get("ce_id") or b""
    return written.decode() if _UUID.fullmatch(written) else "?"


def printable(reason: str) -> str:
    """A reason may quote what it refuses: U+0000 and lone surrogates fit neither PostgreSQL nor a header."""
    return "".join(character if character.isprintable() else "\ufffd" for character in reason)
