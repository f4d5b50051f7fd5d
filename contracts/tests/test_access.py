"""Rights follow the topic table and go nowhere beyond it."""

import pytest
from contracts.access import PROVISIONER, RULES, Operation, Resource, rules_of
from contracts.topics import EVENT_TOPICS, SERVICES, TOPICS, Principal, Topic, dlq

TOPIC_RULES = [rule for rule in RULES if rule.resource == Resource.TOPIC]


def who_may(operation: Operation, topic: Topic) -> set[str]:
    return {rule.principal for rule in TOPIC_RULES if rule.name == topic.name and operation in rule.operations}


@pytest.mark.parametrize("topic", EVENT_TOPICS, ids=lambda topic: topic.name)
def test_consumers_may_read_a_topic_and_producers_write_it(topic: Topic) -> None:
    assert who_may(Operation.READ, topic) == set(topic.consumers)
    assert who_may(Operation.WRITE, topic) == set(topic.producers)
    assert who_may(Operation.DESCRIBE, topic) == {*topic.consumers, *topic.producers}


def test_only_a_service_writes_its_dead_letters_and_no_login_of_the_platform_reads_them() -> None:
    for topic in TOPICS:
        if topic not in EVENT_TOPICS:
            assert {dlq(service) for service in who_may(Operation.WRITE, topic)} == {topic.name}
            assert who_may(Operation.READ, topic) == set()


@pytest.mark.parametrize("principal", Principal)
def test_a_principal_is_in_a_group_of_its_own_name(principal: Principal) -> None:
    (group,) = (rule for rule in rules_of(principal) if rule.resource == Resource.GROUP)
    assert (group.name, Operation.READ in group.operations) == (principal, True)
    assert group.prefixed == (principal not in SERVICES)
    assert not any(other.startswith(group.name) for other in Principal if other != principal)


def test_one_rule_says_all_about_a_principal_and_a_resource() -> None:
    subjects = [(rule.principal, rule.resource, rule.name) for rule in RULES]
    assert len(set(subjects)) == len(subjects)


def test_only_the_provisioner_creates_topics_and_it_touches_no_event() -> None:
    assert {rule.principal for rule in RULES if Operation.CREATE in rule.operations} == {PROVISIONER}
    (provisioner,) = (rule for rule in RULES if rule.principal == PROVISIONER)
    assert not {Operation.READ, Operation.WRITE} & set(provisioner.operations)
    assert all(topic.name.startswith(provisioner.name) for topic in TOPICS)
