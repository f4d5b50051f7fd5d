"""What is checked in is what the models say, and it is true of real messages."""

import json
from pathlib import Path
from typing import Any

import pytest
from contracts.envelope import decode, encode
from contracts.events import ALL, EVENTS
from contracts.samples import SAMPLES
from contracts.topics import EVENT_TOPICS
from jsonschema import Draft202012Validator

from contracts import generate

FOLDER = Path(__file__).parents[1]
TYPES = sorted(EVENTS)


def read(kind: str, event_type: str) -> Any:
    return json.loads((FOLDER / kind / f"{event_type}.json").read_text(encoding="utf-8"))


def test_the_checked_in_files_are_current() -> None:
    assert generate.outdated(FOLDER) == []


def test_a_changed_a_missing_and_a_stray_file_are_all_found_and_repaired(tmp_path: Path) -> None:
    generate.write(tmp_path)
    (tmp_path / "asyncapi.json").write_text("{}")
    (tmp_path / f"schemas/{TYPES[0]}.json").unlink()
    (tmp_path / "examples/gone.json").write_text("{}")
    (tmp_path / "access.md").write_text("everybody may do everything")
    assert generate.outdated(tmp_path) == [
        "access.md",
        "asyncapi.json",
        "examples/gone.json",
        f"schemas/{TYPES[0]}.json",
    ]
    generate.write(tmp_path)
    assert generate.outdated(tmp_path) == []


def test_there_is_one_sample_of_each_event() -> None:
    assert [type(sample.data) for sample in SAMPLES] == list(ALL)
    assert len({sample.id for sample in SAMPLES}) == len(SAMPLES)


@pytest.mark.parametrize("event_type", TYPES)
def test_an_example_keeps_its_schema(event_type: str) -> None:
    schema = read("schemas", event_type)
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(read("examples", event_type)["value"])


@pytest.mark.parametrize("event_type", TYPES)
def test_a_schema_refuses_an_example_without_its_key(event_type: str) -> None:
    value = read("examples", event_type)["value"]
    del value[EVENTS[event_type].key_field]
    assert not Draft202012Validator(read("schemas", event_type)).is_valid(value)


@pytest.mark.parametrize("event_type", TYPES)
def test_an_example_decodes_to_the_event_it_was_made_from(event_type: str) -> None:
    example = read("examples", event_type)
    headers = [(name, content.encode()) for name, content in example["headers"].items()]
    event = decode(example["key"].encode(), headers, json.dumps(example["value"]).encode())
    assert event == next(sample for sample in SAMPLES if sample.data.event_type == event_type)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.data.event_type)
def test_an_event_survives_the_way_there_and_back(sample: Any) -> None:
    message = encode(sample)
    assert decode(message.key, message.headers, message.value) == sample


def test_asyncapi_names_every_topic_message_and_operation_and_no_reference_is_broken() -> None:
    document = json.loads((FOLDER / "asyncapi.json").read_text(encoding="utf-8"))
    assert set(document["channels"]) == {topic.name for topic in EVENT_TOPICS}
    assert set(document["components"]["messages"]) == set(EVENTS)
    assert "crm.receive.ateliers.retours" in document["operations"]
    assert "portal.send.ateliers.inscriptions.recues" in document["operations"]
    references = list(_references(document))
    assert len(references) > 100
    for reference in references:
        node = document
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]


def _references(node: Any) -> Any:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            else:
                yield from _references(value)
    elif isinstance(node, list):
        for item in node:
            yield from _references(item)
