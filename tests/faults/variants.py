"""Services built wrongly, each in one of the ways that look right: the checker must find every one of them out."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from aiokafka import AIOKafkaProducer
from chassis.store import Database, Transaction, unpack_headers
from chassis.subscriber import IDLE_MS, MAX_RECORDS, Subscriber, _read_all, _records
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from sqlalchemy import text

from chassis import relay

NOT_PUBLISHED: Final = "variant: committed, not published"
Reach = Callable[[str], None]


@dataclass(frozen=True)
class Variant:
    """`faults` are what shows it: names of nemeses and of points, done one after the other."""

    build: Callable[[Reach], None]
    faults: tuple[str, ...]


def _attach_with(consume: Callable[[Subscriber, Any], Awaitable[None]], **policy: Any) -> None:
    def attach(self: Subscriber, broker: KafkaBroker, **consumer_settings: Any) -> None:
        async def handle(records: Any) -> None:
            await consume(self, records)

        self._subscription = broker.subscriber(
            *(topic.name for topic in self._topics),
            batch=True,
            group_id=self._service,
            max_records=MAX_RECORDS,
            batch_timeout_ms=IDLE_MS,
            auto_offset_reset="earliest",
            no_reply=True,
            parser=self._parse,
            decoder=_records,
            **policy,
            **consumer_settings,
        )
        self._subscription(handle)

    Subscriber.attach = attach  # type: ignore[method-assign]


def default_ack_policy(_reach: Reach) -> None:
    """FastStream as it comes: the position moves on before the work is done."""

    async def consume(self: Subscriber, records: Any) -> None:
        await self._apply(_read_all(records), one_by_one=False)

    _attach_with(consume)


def raise_then_ack(_reach: Reach) -> None:
    """Acknowledge by hand after the work, raise when it fails: the next batch acknowledges both."""

    async def consume(self: Subscriber, records: Any) -> None:
        await self._apply(_read_all(records), one_by_one=False)
        await self._consumer().commit()

    _attach_with(consume, ack_policy=AckPolicy.MANUAL)


def no_inbox(_reach: Reach) -> None:
    """Whatever comes is new."""
    own = Transaction.only_new

    async def only_new(self: Transaction, ids: Sequence[UUID]) -> set[UUID]:
        await own(self, ids)
        return set(ids)

    Transaction.only_new = only_new  # type: ignore[method-assign]


def no_outbox(reach: Reach) -> None:
    """Commit, then publish."""
    producers: list[AIOKafkaProducer] = []

    async def publish(messages: list[tuple[str, bytes | None, bytes, bytes | None]]) -> None:
        if not producers:
            producers.append(AIOKafkaProducer(bootstrap_servers=_servers(), acks="all", enable_idempotence=True))
            await producers[0].start()
        sent = [
            await producers[0].send(topic, value, key=key, headers=unpack_headers(headers))
            for topic, key, headers, value in messages
        ]
        await asyncio.gather(*sent)

    @asynccontextmanager
    async def transaction(self: Database) -> AsyncIterator[Transaction]:
        async with self.engine.begin() as connection:
            tx = Transaction(connection, self.clock(), self.source)
            yield tx
            messages = [_row(message) for message in tx._messages]
            tx._messages.clear()
            await tx.flush()
        if messages:
            reach(NOT_PUBLISHED)
            await publish(messages)

    Database.transaction = transaction  # type: ignore[method-assign]


def _servers() -> list[str]:
    import os  # noqa: PLC0415

    return os.environ["KAFKA_BOOTSTRAP_SERVERS"].split(",")


def _row(message: Any) -> tuple[str, bytes | None, bytes, bytes | None]:
    from chassis import store  # noqa: PLC0415

    return store._row(message)


def id_cursor(_reach: Reach) -> None:
    """Send what lies behind the highest id that was sent: ids are given before they are committed."""
    relay._UNSENT = text("""
        SELECT id, topic, key, headers, value FROM outbox
        WHERE id > (SELECT coalesce(max(id) FILTER (WHERE sent_at IS NOT NULL), 0) FROM outbox)
        ORDER BY id LIMIT :rows
    """)
    own = Transaction.flush

    async def flush(self: Transaction) -> None:
        """Commits take their time here, as on a disk that others use."""
        await own(self)
        await asyncio.sleep(random.uniform(0, 0.05))  # noqa: S311

    Transaction.flush = flush  # type: ignore[method-assign]


VARIANTS: Final = {
    "default ack policy": Variant(default_ack_policy, ("postgres", "connections", "connections")),
    "raise, then ack": Variant(raise_then_ack, ("postgres", "connections", "connections")),
    "no inbox": Variant(no_inbox, ("kill",)),
    "publish after commit, without outbox": Variant(no_outbox, (NOT_PUBLISHED, NOT_PUBLISHED, NOT_PUBLISHED)),
    "a relay that advances an id cursor": Variant(id_cursor, ("kill",)),
}
