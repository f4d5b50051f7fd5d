"""Create or check the contract's topics on any Kafka: `ateliers-topics create` and `ateliers-topics check`.

The address and security come from the same KAFKA_… variables as a service's. Creating twice changes nothing; a topic
that differs from the table is named, never altered.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated

import typer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError
from contracts.topics import DLQS, TOPICS, Topic

from chassis.kafka import advice, connection, reach
from chassis.settings import KafkaSettings, load

NAME = "ateliers-topics"
DLQ_MAX_BYTES = 2 * 1024 * 1024
ATTEMPTS = 20

Work = Callable[[AIOKafkaAdminClient], Awaitable[list[str]]]

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


def configuration(topic: Topic, replication: int) -> dict[str, str]:
    """The broker's settings of one topic. A dead letter is larger than the record in it, by its reason.

    With `acks=all`, what is acknowledged is on all copies but one at least: losing any one node loses nothing.
    """
    settings = {
        "cleanup.policy": "compact" if topic.compacted else "delete",
        "retention.ms": str(topic.retention_ms),
        "min.insync.replicas": str(max(1, replication - 1)),
    }
    if topic in DLQS:
        settings["max.message.bytes"] = str(DLQ_MAX_BYTES)
    return settings


async def _existing(admin: AIOKafkaAdminClient) -> dict[str, int]:
    """Partitions of each topic that is there."""
    described = await admin.describe_topics()
    return {topic["topic"]: len(topic["partitions"]) for topic in described}


async def ask(settings: KafkaSettings, work: Work) -> list[str]:
    """Return the problems that `work` finds on the cluster.

    The client asks a node at random, also one that died a moment ago and is still named: another is asked after it.
    Raises KafkaError or OSError when no node can be reached, when Kafka refuses, or when asking again didn't help.
    """
    await reach(settings)
    attempts = 0
    while True:
        admin = AIOKafkaAdminClient(**connection(settings))
        attempts += 1
        try:
            await admin.start()
            return await work(admin)
        except KafkaError as error:
            if not error.retriable or attempts == ATTEMPTS:
                raise
        finally:
            await admin.close()
        await asyncio.sleep(1)


async def _create(admin: AIOKafkaAdminClient, replication: int) -> list[str]:
    there = await _existing(admin)
    missing = [topic for topic in TOPICS if topic.name not in there]
    new = [
        NewTopic(topic.name, topic.partitions, replication, topic_configs=configuration(topic, replication))
        for topic in missing
    ]
    if new:
        response = await admin.create_topics(new)
        return [f"{error[0]}: {error[2]}" for error in response.topic_errors if error[1] not in (0, 36)]
    return _differences(there)


async def _check(admin: AIOKafkaAdminClient) -> list[str]:
    return _differences(await _existing(admin))


def _differences(there: dict[str, int]) -> list[str]:
    missing = [f"{topic.name}: not there" for topic in TOPICS if topic.name not in there]
    return missing + [
        f"{topic.name}: {there[topic.name]} partitions instead of {topic.partitions}"
        for topic in TOPICS
        if there.get(topic.name, topic.partitions) != topic.partitions
    ]


@app.command()
def create(
    replication: Annotated[int, typer.Option(help="Copies of each partition: 3 on a real cluster")] = 1,
) -> None:
    """Create the topics that are missing."""
    settings = load(KafkaSettings, NAME)
    _report(settings, _run(settings, partial(_create, replication=replication)))


@app.command()
def check() -> None:
    """Compare the topics with the contract."""
    settings = load(KafkaSettings, NAME)
    _report(settings, _run(settings, _check))


def _run(settings: KafkaSettings, work: Work) -> list[str]:
    try:
        return asyncio.run(ask(settings, work))
    except (KafkaError, OSError) as error:
        sys.stderr.write(f"{NAME}: {settings.kafka_bootstrap_servers}: {advice(error)}\n")
        raise SystemExit(1) from None


def _report(settings: KafkaSettings, problems: list[str]) -> None:
    for problem in problems:
        sys.stderr.write(f"{NAME}: {problem}\n")
    if problems:
        raise SystemExit(1)
    sys.stdout.write(f"{NAME}: {len(TOPICS)} topics are as in the contract on {settings.kafka_bootstrap_servers}\n")


def main() -> None:
    app()
