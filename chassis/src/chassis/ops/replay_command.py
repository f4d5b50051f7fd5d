"""`<service> replay`: read a topic again over one span of time, or one key of it.

The events keep their ids: what the service has taken has no second effect. What it passed over, because that version
did not know the type yet, is taken now.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Final

import typer
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from contracts.topics import Principal, Topic, topics_read_by

from chassis.kafka import connection
from chassis.ops import terminal
from chassis.ops.terminal import Compose, fail, run
from chassis.service import Service
from chassis.subscriber import MAX_RECORDS, Subscriber

ANSWER_SECONDS: Final = 30.0
Span = dict[TopicPartition, tuple[int, int]]
"""The first offset and the one after the last."""


def add_to(app: typer.Typer, compose: Compose) -> None:
    @app.command()
    def replay(
        topic: Annotated[str, typer.Argument(help="A topic that this service reads")],
        *,
        since: Annotated[str, typer.Option(help="First moment, by the records' own time: 2027-05-03T14:00[+02:00]")],
        until: Annotated[str | None, typer.Option(help="End of the span; now by default")] = None,
        key: Annotated[str | None, typer.Option(help="Only of this key: an inscription, a groupe …")] = None,
        yes: Annotated[bool, typer.Option("--yes", help="Don't ask")] = False,
    ) -> None:
        """Read a topic again: what has been taken stays as it is, what was passed over is taken."""
        first, end = terminal.read_moment(since), terminal.read_moment(until) or datetime.now(UTC)
        run(compose(), lambda service: _replay(service, topic, first or end, end, key, yes=yes))


async def _replay(service: Service, name: str, since: datetime, until: datetime, key: str | None, *, yes: bool) -> None:
    known = {topic.name: topic for topic in topics_read_by(Principal(service.name))}
    if name not in known:
        fail(f"{name}: {service.name} reads {', '.join(sorted(known))}")
    try:
        async with _reader(service, known[name]) as consumer:
            span = await _span(consumer, since, until)
            total = sum(end - first for first, end in span.values())
            terminal.confirm(f"Read {total} records again?", yes=yes)
            read = await _take(service, known[name], consumer, span, key)
    except (KafkaError, TimeoutError) as error:
        fail(f"{service.name}: Kafka does not answer ({type(error).__name__}): run the command again", 1)
    terminal.note(f"{read} of {total} records read again")


@asynccontextmanager
async def _reader(service: Service, topic: Topic) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(topic.name, **connection(service.settings), enable_auto_commit=False)
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def _span(consumer: AIOKafkaConsumer, since: datetime, until: datetime) -> Span:
    partitions = list(consumer.assignment())
    async with asyncio.timeout(ANSWER_SECONDS):
        first = await consumer.offsets_for_times(dict.fromkeys(partitions, int(since.timestamp() * 1000)))
        after = await consumer.offsets_for_times(dict.fromkeys(partitions, int(until.timestamp() * 1000)))
        ends = await consumer.end_offsets(partitions)
    found = {p: (first[p].offset, after[p].offset if after[p] else ends[p]) for p in partitions if first[p]}
    return {partition: span for partition, span in found.items() if span[0] < span[1]}


async def _take(service: Service, topic: Topic, consumer: AIOKafkaConsumer, span: Span, key: str | None) -> int:
    subscriber = Subscriber(service.name, (topic,), service.handlers, service.database)
    for partition, (first, _) in span.items():
        consumer.seek(partition, first)
    left, read = set(span), 0
    while left:
        async with asyncio.timeout(ANSWER_SECONDS):
            batch = await consumer.getmany(*left, timeout_ms=1000, max_records=MAX_RECORDS)
        for partition, records in batch.items():
            wanted = [r for r in records if r.offset < span[partition][1] and key in (None, _text(r.key))]
            if wanted:
                await subscriber.take_again(wanted)
            read += len(wanted)
        left = {partition for partition in left if await consumer.position(partition) < span[partition][1]}
    return read


def _text(key: bytes | None) -> str:
    return (key or b"").decode(errors="replace")
