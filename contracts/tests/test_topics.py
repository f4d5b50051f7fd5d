"""The topic table holds together: every event has one topic, every topic a writer, a reader and a true key."""

import pytest
from contracts.events import ALL, EVENTS
from contracts.model import CODE
from contracts.reasons import PHRASES, Motif, Refus
from contracts.topics import DLQS, EVENT_TOPICS, SERVICES, TOPICS, Principal, Topic, dlq, topic_of, topics_read_by

BY_NAME = [pytest.param(topic, id=topic.name) for topic in EVENT_TOPICS]


def test_every_event_travels_on_exactly_one_topic() -> None:
    carried = [event for topic in EVENT_TOPICS for event in topic.events]
    assert sorted(carried, key=repr) == sorted(ALL, key=repr)
    assert all(event in topic_of(event).events for event in ALL)


def test_names_are_unique_and_every_type_has_a_version() -> None:
    assert len({topic.name for topic in TOPICS}) == len(TOPICS)
    assert len(EVENTS) == len(ALL)
    assert all(event_type.startswith("fr.anct.ateliers.") and event_type.endswith(".v1") for event_type in EVENTS)


@pytest.mark.parametrize("topic", BY_NAME)
def test_a_topic_has_a_producer_a_consumer_and_the_key_of_its_events(topic: Topic) -> None:
    assert topic.producers
    assert topic.consumers
    assert topic.partitions > 0
    assert {event.key_field for event in topic.events} == {topic.key}
    assert all(topic.key in event.model_fields for event in topic.events)


@pytest.mark.parametrize("topic", BY_NAME)
def test_only_registration_reads_what_it_writes_itself(topic: Topic) -> None:
    both = set(topic.producers) & set(topic.consumers)
    assert both <= {Principal.REGISTRATION}
    assert not both or topic.name == "ateliers.inscriptions.recues"


@pytest.mark.parametrize("topic", BY_NAME)
def test_a_compacted_topic_is_kept_for_ever_and_any_other_for_a_time(topic: Topic) -> None:
    assert topic.compacted == (topic.retention_ms == -1)


def test_names_and_addresses_travel_on_two_topics_only() -> None:
    personal = {"personne", "email", "telephone", "situation"}
    carrying = {topic.name for topic in EVENT_TOPICS for event in topic.events if personal & event.model_fields.keys()}
    assert carrying == {"ateliers.inscriptions.recues", "ateliers.inscriptions"}


def test_the_crm_reads_the_whole_story_but_not_the_front_door() -> None:
    assert {topic.name for topic in topics_read_by(Principal.CRM)} == {
        topic.name for topic in EVENT_TOPICS if topic.name != "ateliers.inscriptions.recues"
    }


def test_each_service_has_a_topic_for_what_it_could_not_accept() -> None:
    assert {topic.name for topic in DLQS} == {dlq(service) for service in SERVICES}


def test_every_reason_has_its_sentence() -> None:
    assert set(PHRASES) == {*Refus, *Motif}
    assert all(phrase.endswith(".") for phrase in PHRASES.values())


@pytest.mark.parametrize("text", ["eau", "mardi-matin", "printemps-2027"])
def test_a_code_is_made_of_plain_words_and_hyphens(text: str) -> None:
    assert CODE.match(text)


@pytest.mark.parametrize("text", ["", "Eau", "eau ", "-eau", "été", "a--b"])
def test_anything_else_is_no_code(text: str) -> None:
    assert not CODE.match(text)
