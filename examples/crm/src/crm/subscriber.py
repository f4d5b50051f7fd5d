"""Read every partition of the CRM's topics from where the file stands. No consumer group: the file is the position.

When a topic gets more partitions, aiokafka begins again at the start of each; the file passes over what it has.
"""

import os
import ssl
from collections.abc import Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from contracts.topics import Principal, topics_read_by

from crm.file import CrmFile, Record


async def run(bootstrap: str, file: CrmFile, *, until_end: bool = False) -> None:
    """Keep the file up to date for ever, or with `until_end` until everything is in it that Kafka has at the start."""
    names = [topic.name for topic in topics_read_by(Principal.CRM)]
    async with AIOKafkaConsumer(
        *names,
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        **_security(os.environ),
    ) as consumer:
        partitions = consumer.assignment()
        for partition in partitions:
            consumer.seek(partition, file.position(*partition))
        ends = await consumer.end_offsets(partitions) if until_end else None
        while ends is None or await _is_behind(consumer, ends):
            for partition, records in (await consumer.getmany(timeout_ms=500, max_records=1000)).items():
                file.store(
                    partition.topic,
                    partition.partition,
                    [Record(record.offset, record.key, record.headers, record.value) for record in records],
                )


async def _is_behind(consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> bool:
    for partition, end in ends.items():
        if await consumer.position(partition) < end:
            return True
    return False


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
