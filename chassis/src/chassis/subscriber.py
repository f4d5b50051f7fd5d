"""From Kafka to handlers: one transaction per partition of each batch, nothing lost, nothing taken twice.

Records reach us untouched (FastStream neither decodes them nor answers them), offsets are committed explicitly and only
after the database's commit, and a repeated delivery meets the inbox. What can't be read, or makes a handler fail
for good, goes whole to the dead-letter queue and blocks nothing.
"""

import asyncio
import gc
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Any, Final, TypeAlias

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from contracts.envelope import Event, InvalidEvent, UnknownType, decode
from contracts.topics import Topic
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaMessage

from chassis import lag, metrics
from chassis.dlq import keep_aside
from chassis.handlers import Handlers
from chassis.pulse import Pulse
from chassis.store import Database, NotYetKnown, Transaction, is_transient, name_of

log = structlog.get_logger(__name__)

MAX_RECORDS: Final = 2000
TOGETHER: Final = 2
"""Partitions in hand at once: one is decoded and checked while PostgreSQL works on the other."""
IDLE_MS: Final = 25
HEARTBEAT_MS: Final = 1000
"""How soon a member hears that another comes or goes: until all have heard it, those that have stand still."""
COMMIT_SECONDS: Final = 10.0
REVOKE_SECONDS: Final = 10.0
FIRST_BACKOFF, LAST_BACKOFF = 0.1, 5.0
PATIENCE_SECONDS: Final = 600.0
"""How long an event may wait for an id that is not known yet before it is kept aside."""

Record: TypeAlias = "ConsumerRecord[Any, Any]"
Poll: TypeAlias = Callable[[AIOKafkaConsumer], Awaitable[tuple[Record, ...]]]
Item: TypeAlias = tuple[Record, Event | InvalidEvent | None]

_OUTCOMES: Final = {type(None): "unknown", InvalidEvent: "invalid"}


class Subscriber:
    """Consumes the topics of one service as one consumer group of the service's name."""

    def __init__(
        self, service: str, topics: Sequence[Topic], handlers: Handlers, database: Database, pulse: Pulse | None = None
    ) -> None:
        self._service = service
        self._topics = topics
        self._handlers = handlers
        self._database = database
        self._busy = asyncio.Lock()
        self._failing: dict[TopicPartition, tuple[int, float, int]] = {}
        self._subscription: Any = None
        self._pulse = pulse or Pulse()
        self._polled = False
        self._told: set[TopicPartition] = set()

    def attach(self, broker: KafkaBroker, **consumer_settings: Any) -> None:
        """Declare the subscription on a broker that isn't started yet."""
        self._subscription = broker.subscriber(
            *(topic.name for topic in self._topics),
            batch=True,
            group_id=self._service,
            max_records=MAX_RECORDS,
            batch_timeout_ms=IDLE_MS,
            auto_offset_reset="earliest",
            heartbeat_interval_ms=HEARTBEAT_MS,
            ack_policy=AckPolicy.MANUAL,
            no_reply=True,
            parser=self._parse,
            decoder=_records,
            listener=_FinishBatch(self._busy),
            **consumer_settings,
        )
        self._subscription(self.consume)
        self._subscription.get_msg = self._watched(self._subscription.get_msg)

    def _watched(self, poll: Poll) -> Poll:
        async def watched(consumer: AIOKafkaConsumer) -> tuple[Record, ...]:
            records = await poll(consumer)
            self._polled = True
            return records

        return watched

    async def look(self) -> None:
        """Tell the lag, and give a sign of life when the consumer polls and has nothing left to read."""
        consumer = self._consumer()
        polled, self._polled = self._polled, False
        left = await lag.lags(consumer)
        self._told = lag.tell(left, self._told)
        paused = consumer.paused()
        metrics.paused.set(len(paused))
        if polled and all(records == 0 for partition, records in left.items() if partition not in paused):
            self._pulse.beat()

    def forget(self) -> None:
        """Tell nothing more of partitions that this consumer gives up."""
        self._told = lag.tell({}, self._told)
        metrics.paused.set(0)

    async def _parse(self, records: tuple[Record, ...]) -> KafkaMessage:
        # FastStream's own parser decodes every header: one that is NULL or not UTF-8 would lose the whole batch.
        return KafkaMessage(body=b"", headers={}, raw_message=records, consumer=self._consumer())

    def _consumer(self) -> AIOKafkaConsumer:
        consumer = self._subscription.consumer
        if consumer is None:
            raise ConnectionError("the consumer is stopped")
        return consumer

    async def consume(self, records: tuple[Record, ...]) -> None:
        """Take a batch. Never raises: FastStream would swallow it and go on past the batch."""
        async with self._busy:
            with self._pulse.batch():
                await self._take_all(records)

    async def _take_all(self, records: tuple[Record, ...]) -> None:
        batches: dict[TopicPartition, list[Record]] = {}
        for record in records:
            batches.setdefault(TopicPartition(record.topic, record.partition), []).append(record)
        turn = asyncio.Semaphore(TOGETHER)
        async with asyncio.TaskGroup() as group:
            tasks = {p: group.create_task(self._take_in_turn(turn, p, batch)) for p, batch in batches.items()}
        await self._commit({p: batches[p][-1].offset + 1 for p, task in tasks.items() if task.result()})

    async def _take_in_turn(self, turn: asyncio.Semaphore, partition: TopicPartition, batch: list[Record]) -> bool:
        async with turn:
            success = await self._take(partition, batch)
        self._pulse.beat()
        return success

    async def _take(self, partition: TopicPartition, batch: list[Record]) -> bool:
        items = _read_all(batch)
        started = time.perf_counter()
        try:
            await self._apply(items, one_by_one=False)
        except Exception as error:  # noqa: BLE001 - every failure has its answer here
            if is_transient(error) and not self._lost_patience(partition, batch[0].offset, error):
                self._back_off(partition, batch[0].offset, error)
                return False
            log.warning("batch redone one by one", topic=partition.topic, error=name_of(error))
            try:
                await self._apply(items, one_by_one=True)
            except Exception as again:  # noqa: BLE001 - the database itself went away meanwhile
                self._back_off(partition, batch[0].offset, again)
                return False
        self._failing.pop(partition, None)
        metrics.batch_seconds.labels(topic=partition.topic).observe(time.perf_counter() - started)
        return True

    async def take_again(self, records: Sequence[Record]) -> None:
        """Take records of one partition apart from the group; what has been taken before has no effect. May raise."""
        items = _read_all(records)
        try:
            await self._apply(items, one_by_one=False)
        except Exception as error:
            if is_transient(error):
                raise
            await self._apply(items, one_by_one=True)

    async def _apply(self, items: Sequence[Item], *, one_by_one: bool) -> None:
        async with self._database.transaction() as tx:
            for record, content in items:
                if isinstance(content, InvalidEvent):
                    await keep_aside(tx, self._service, record, str(content))
            events = [(record, content) for record, content in items if isinstance(content, Event)]
            if not one_by_one:
                await self._handlers.handle(tx, [event for _, event in events])
                return
            for record, event in events:
                await self._apply_alone(tx, record, event)

    async def _apply_alone(self, tx: Transaction, record: Record, event: Event) -> None:
        try:
            async with tx.savepoint():
                await self._handlers.handle(tx, [event])
        except Exception as error:
            if is_transient(error) and not isinstance(error, NotYetKnown):
                raise
            await keep_aside(tx, self._service, record, name_of(error))

    def _lost_patience(self, partition: TopicPartition, offset: int, error: Exception) -> bool:
        first, since, _ = self._failing.get(partition, (offset, time.monotonic(), 0))
        waited = time.monotonic() - since if first == offset else 0.0
        return isinstance(error, NotYetKnown) and waited > PATIENCE_SECONDS

    def _back_off(self, partition: TopicPartition, offset: int, error: Exception) -> None:
        """Go back to the batch's first record and leave the partition alone for a while, outside any lock."""
        first, since, tries = self._failing.get(partition, (offset, time.monotonic(), 0))
        if first != offset:
            since, tries = time.monotonic(), 0
        self._failing[partition] = (offset, since, tries + 1)
        delay = min(FIRST_BACKOFF * 2.0**tries, LAST_BACKOFF)
        metrics.retries.labels(topic=partition.topic).inc()
        log.info("batch put back", topic=partition.topic, partition=partition.partition, error=name_of(error))
        consumer = self._consumer()
        if partition not in consumer.assignment():
            return
        consumer.seek(partition, offset)
        consumer.pause(partition)
        # In a context of its own: this one holds the batch, which would stay in memory as long as the timer.
        asyncio.get_running_loop().call_later(delay, self._resume, partition, context=Context())

    def _resume(self, partition: TopicPartition) -> None:
        consumer = self._subscription.consumer
        if consumer is not None and partition in consumer.assignment():
            consumer.resume(partition)
        # aiokafka keeps what was fetched and not read (up to 1 MB a partition) in a reference cycle, and the service
        # collects garbage too seldom for a database that is away for long.
        gc.collect()

    async def _commit(self, offsets: dict[TopicPartition, int]) -> None:
        # A failed commit is harmless: the records come again and meet the inbox.
        try:
            consumer = self._consumer()
            mine = {p: o for p, o in offsets.items() if p in consumer.assignment()}
            if mine:
                await asyncio.wait_for(consumer.commit(mine), COMMIT_SECONDS)
        except Exception as error:  # noqa: BLE001
            log.info("offsets not committed", error=name_of(error))


class _FinishBatch(ConsumerRebalanceListener):  # type: ignore[misc]
    """Lets the batch in hand finish before its partitions go; a comfort, bounded in time."""

    def __init__(self, busy: asyncio.Lock) -> None:
        self._busy = busy

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        del revoked
        try:
            await asyncio.wait_for(self._busy.acquire(), REVOKE_SECONDS)
        except TimeoutError:
            return
        self._busy.release()

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        del assigned


async def _records(message: KafkaMessage) -> Any:
    return message.raw_message


def _read_all(records: Sequence[Record]) -> list[Item]:
    """Decode records of one topic."""
    items = [(record, _read(record)) for record in records]
    for outcome, count in Counter(_OUTCOMES.get(type(content), "read") for _, content in items).items():
        metrics.records.labels(topic=records[0].topic, outcome=outcome).inc(count)
    return items


def _read(record: Record) -> Event | InvalidEvent | None:
    """Decode one record: an event, why it is none, or None for a type that this version doesn't know."""
    try:
        return decode(record.key, record.headers, record.value)
    except UnknownType:
        return None
    except InvalidEvent as invalid:
        return invalid
