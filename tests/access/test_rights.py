"""What a login may do on the real broker is what the table says: everything in it, and nothing else."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError
from contracts.access import PROVISIONER, RULES, Operation, Resource
from contracts.topics import SERVICES, TOPICS, Principal
from local.kafka import ADMIN

EVERYBODY = (*Principal, PROVISIONER)
NAMES = [topic.name for topic in TOPICS]
READABLE = {p: next(topic.name for topic in TOPICS if p in topic.consumers) for p in Principal}
TOPIC_REFUSED = 29


def may(principal: str, operation: Operation, topic: str) -> bool:
    return any(
        rule.principal == principal and rule.resource == Resource.TOPIC and operation in rule.operations
        for rule in RULES
        if rule.name == topic or (rule.prefixed and topic.startswith(rule.name))
    )


@pytest.fixture(scope="module", autouse=True)
async def one_record_in_each_topic(secured: Any) -> None:
    """A type that nobody knows: services pass it over."""
    headers = [("ce_type", b"fr.anct.ateliers.essai.v1")]
    async with AIOKafkaProducer(**secured.connection(ADMIN)) as producer:
        for topic in NAMES:
            await producer.send_and_wait(topic, b"{}", key=b"key", headers=headers, partition=0)


@pytest.fixture(scope="module")
async def producers(secured: Any) -> AsyncIterator[dict[str, AIOKafkaProducer]]:
    started = {}
    for login in EVERYBODY:
        # As a service's relay: the right to write a topic is enough to be idempotent; Kafka refuses that without one.
        writes = any(may(login, Operation.WRITE, topic) for topic in NAMES)
        started[login] = AIOKafkaProducer(**secured.connection(login), acks="all", enable_idempotence=writes)
        await started[login].start()
    yield started
    for producer in started.values():
        await producer.stop()


@pytest.mark.parametrize("topic", NAMES)
@pytest.mark.parametrize("login", EVERYBODY)
async def test_reading(secured: Any, login: str, topic: str) -> None:
    async def read() -> bytes:
        async with AIOKafkaConsumer(
            topic, **secured.connection(login), auto_offset_reset="earliest", enable_auto_commit=False
        ) as consumer:
            return bytes((await consumer.getone()).value)

    if may(login, Operation.READ, topic):
        assert await read() == b"{}"
    else:
        with pytest.raises(TopicAuthorizationFailedError):
            await read()


@pytest.mark.parametrize("topic", NAMES)
@pytest.mark.parametrize("login", EVERYBODY)
async def test_writing(producers: dict[str, AIOKafkaProducer], login: str, topic: str) -> None:
    async def write() -> int:
        headers = [("ce_type", b"fr.anct.ateliers.essai.v1")]
        return int((await producers[login].send_and_wait(topic, b"{}", key=b"key", headers=headers)).offset)

    if may(login, Operation.WRITE, topic):
        assert await write() >= 0
    else:
        with pytest.raises(TopicAuthorizationFailedError):
            await write()


@pytest.mark.parametrize("group", [*Principal, *(f"{principal}-2" for principal in Principal)])
@pytest.mark.parametrize("login", Principal)
async def test_consumer_groups(secured: Any, login: Principal, group: str) -> None:
    own = group == login or (login not in SERVICES and group.startswith(login))
    partition = TopicPartition(READABLE[login], 0)
    consumer = AIOKafkaConsumer(group_id=group, **secured.connection(login), enable_auto_commit=False)
    async with consumer:
        consumer.assign([partition])
        if own:
            await consumer.commit({partition: 0})
            assert await consumer.committed(partition) == 0
        else:
            with pytest.raises(GroupAuthorizationFailedError):
                await consumer.commit({partition: 0})


@pytest.mark.parametrize("name", ["ateliers.essai", "essai"])
@pytest.mark.parametrize("login", EVERYBODY)
async def test_creating_a_topic(secured: Any, login: str, name: str) -> None:
    allowed = login == PROVISIONER and name.startswith("ateliers.")
    admin = AIOKafkaAdminClient(**secured.connection(login))
    await admin.start()
    try:
        answer = await admin.create_topics([NewTopic(name, 1, 1)], validate_only=True)
    finally:
        await admin.close()
    assert [error[1] for error in answer.topic_errors] == [0 if allowed else TOPIC_REFUSED]


@pytest.mark.parametrize("login", Principal)
async def test_using_a_topic_that_is_not_there_does_not_create_it(secured: Any, login: str) -> None:
    async with AIOKafkaProducer(**secured.connection(login)) as producer:
        with pytest.raises(TopicAuthorizationFailedError):
            await producer.send_and_wait(f"ateliers.{login}.nouveau", b"{}")
    admin = AIOKafkaAdminClient(**secured.connection(ADMIN))
    await admin.start()
    try:
        assert set(await admin.list_topics()) - {"__consumer_offsets"} == set(NAMES)
    finally:
        await admin.close()


@pytest.mark.parametrize("topic", NAMES)
@pytest.mark.parametrize("login", EVERYBODY)
async def test_nobody_alters_or_deletes_a_topic(secured: Any, login: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(**secured.connection(login))
    await admin.start()
    try:
        deleted = await admin.delete_topics([topic])
        shorter = ConfigResource(ConfigResourceType.TOPIC, topic, configs={"retention.ms": "1"})
        altered = await admin.alter_configs([shorter])
    finally:
        await admin.close()
    assert [error[1] for error in deleted.topic_error_codes] == [TOPIC_REFUSED]
    assert [error[0] for answer in altered for error in answer.resources] == [TOPIC_REFUSED]
