"""How far a consumer is behind the end of each of its partitions, asked of the broker itself.

What the last fetch said would be old just when it matters: a partition that waits is not fetched.
"""

import asyncio
from typing import Final, TypeAlias

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from chassis import metrics

ANSWER_SECONDS: Final = 3.0


Lags: TypeAlias = dict[TopicPartition, int | None]
"""Records left to read of each partition; None: there are some, and the consumer has not learnt where to begin."""


async def lags(consumer: AIOKafkaConsumer) -> Lags:
    """Ask for every assigned partition; nothing at all when the broker doesn't answer."""
    assigned = list(consumer.assignment())
    if not assigned:
        return {}
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            ends = await consumer.end_offsets(assigned)
            places = await asyncio.gather(*(_position(consumer, partition) for partition in assigned))
    except (KafkaError, TimeoutError):
        return {}
    left = {p: None if place is None else max(0, ends[p] - place) for p, place in zip(assigned, places, strict=True)}
    return {partition: records if ends[partition] else 0 for partition, records in left.items()}


async def _position(consumer: AIOKafkaConsumer, partition: TopicPartition) -> int | None:
    try:
        return int(await asyncio.wait_for(consumer.position(partition), ANSWER_SECONDS / 2))
    except TimeoutError:
        return None


def tell(measured: Lags, told: set[TopicPartition]) -> set[TopicPartition]:
    """Set the gauges, and take away those that another process has now. `told` is what the last call returned."""
    known = {partition: records for partition, records in measured.items() if records is not None}
    for gone in told - known.keys():
        metrics.lag.remove(gone.topic, str(gone.partition))
    for partition, records in known.items():
        metrics.lag.labels(topic=partition.topic, partition=str(partition.partition)).set(records)
    return set(known)
