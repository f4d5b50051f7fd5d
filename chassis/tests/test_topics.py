"""What a topic asks of its broker."""

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, NodeNotReadyError, TopicAuthorizationFailedError
from chassis.settings import KafkaSettings
from chassis.topics import ask, configuration
from contracts.topics import TOPICS


@pytest.mark.parametrize(("replication", "acknowledged_by"), [(1, "1"), (2, "1"), (3, "2"), (5, "4")])
def test_an_acknowledged_event_survives_the_loss_of_any_one_node(replication: int, acknowledged_by: str) -> None:
    for topic in TOPICS:
        assert configuration(topic, replication)["min.insync.replicas"] == acknowledged_by


@pytest.mark.parametrize(("failure", "times"), [(NodeNotReadyError, 2), (TopicAuthorizationFailedError, 1)])
async def test_a_node_that_has_just_died_is_asked_again_and_a_refusal_is_told(
    kafka_bootstrap: str, failure: type[KafkaError], times: int
) -> None:
    asked = 0

    async def fails_once(admin: AIOKafkaAdminClient) -> list[str]:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise failure
        return [topic["topic"] for topic in await admin.describe_topics()]

    settings = KafkaSettings(kafka_bootstrap_servers=kafka_bootstrap)
    if times == 1:
        with pytest.raises(failure):
            await ask(settings, fails_once)
    else:
        await ask(settings, fails_once)
    assert asked == times
