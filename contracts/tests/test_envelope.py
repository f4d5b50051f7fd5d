"""Whatever the bytes, decoding answers with an event, an unknown type or one clear reason."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary, to_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from contracts.envelope import MAX_BYTES, Event, InvalidEvent, UnknownType, decode, encode
from contracts.samples import SAMPLES
from hypothesis import given
from hypothesis import strategies as st

from contracts import events

SAMPLE = next(sample for sample in SAMPLES if isinstance(sample.data, events.InscriptionRecue))
MESSAGE = encode(SAMPLE)
HEADERS = dict(MESSAGE.headers)
VALUE = json.loads(MESSAGE.value)


def read(value: bytes | None = MESSAGE.value, key: bytes | None = MESSAGE.key, **headers: bytes | None) -> Event:
    return decode(key, {**HEADERS, **headers}.items(), value)


def without(*names: str) -> Mapping[str, bytes | None]:
    return {name: content for name, content in HEADERS.items() if name not in names}


def changed(**fields: Any) -> bytes:
    return json.dumps({**VALUE, **fields}).encode()


POISON = {
    "bad JSON": b'{"inscription": ',
    "not UTF-8": b"\xff\xfe\x00",
    "empty": b"",
    "wrong shape": b"[1, 2]",
    "missing field": json.dumps({"inscription": VALUE["inscription"]}).encode(),
    "wrong type": changed(engagements="oui"),
    "U+0000": changed(fonction="maire\x00"),
    "U+0000 in an address": changed(personne={**VALUE["personne"], "email": "a\x00@b.example"}),
    "lone surrogate": changed(situation="x").replace(b'"x"', b'"\\ud800"'),
    "deep nesting": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "huge number": changed(recue_le=0).replace(b'"recue_le": 0', b'"recue_le": ' + b"9" * 5000),
    "too large": changed(situation="x" * (MAX_BYTES + 1)),
    "naive time": changed(recue_le="2027-03-02T09:41:27"),
    "year 1969": changed(recue_le="1969-12-31T23:59:59Z"),
    "year 9999": changed(recue_le="9999-12-31T23:59:59Z"),
    "unlisted qualité": changed(qualite="prefet"),
    "null value": None,
}


@pytest.mark.parametrize("value", POISON.values(), ids=POISON.keys())
def test_a_poisoned_value_is_an_invalid_event_and_nothing_else(value: bytes | None) -> None:
    with pytest.raises(InvalidEvent) as caught:
        read(value)
    assert str(caught.value).strip()


BAD_HEADERS: dict[str, dict[str, bytes | None]] = {
    "id that is no UUID": {"ce_id": b"12"},
    "bytes that are not UTF-8": {"ce_id": b"\xff\xfe"},
    "null id": {"ce_id": None},
    "null type": {"ce_type": None},
    "naive time": {"ce_time": b"2027-03-02T09:41:27"},
    "no time at all": {"ce_time": b"yesterday"},
    "year 1969": {"ce_time": b"1969-12-31T23:59:59Z"},
    "older CloudEvents": {"ce_specversion": b"0.3"},
    "non-ASCII attribute name": {"ce_été": b"1"},
}


@pytest.mark.parametrize("headers", BAD_HEADERS.values(), ids=BAD_HEADERS.keys())
def test_bad_headers_make_an_invalid_event(headers: dict[str, bytes | None]) -> None:
    with pytest.raises(InvalidEvent):
        read(**headers)


@pytest.mark.parametrize("name", ["ce_id", "ce_source", "ce_type", "ce_specversion", "ce_time"])
def test_each_required_attribute_is_required(name: str) -> None:
    with pytest.raises(InvalidEvent):
        decode(MESSAGE.key, without(name).items(), MESSAGE.value)


@pytest.mark.parametrize("key", [None, b"", b"autre", b"\xff"])
def test_the_key_must_be_the_one_that_keeps_the_order(key: bytes | None) -> None:
    with pytest.raises(InvalidEvent, match="inscription"):
        read(key=key)


def test_a_newer_type_is_unknown_and_not_invalid() -> None:
    with pytest.raises(UnknownType, match=r"recue\.v2"):
        read(ce_type=b"fr.anct.ateliers.inscription.recue.v2")


def test_unknown_fields_and_foreign_headers_are_ignored() -> None:
    event = read(changed(nouveau={"champ": 1}), origine=b"\xff", reply_to=None)
    assert event == SAMPLE


def test_an_optional_field_may_be_missing() -> None:
    value = {name: content for name, content in VALUE.items() if name not in {"avec", "sans"}}
    data = read(json.dumps(value).encode()).data
    assert isinstance(data, events.InscriptionRecue)
    assert (data.avec, data.sans) == ((), ())


def test_the_reason_never_repeats_what_the_person_wrote() -> None:
    with pytest.raises(InvalidEvent) as caught:
        read(changed(personne={"prenom": "Solène", "nom": 12}, qualite="Arribat"))
    assert "Solène" not in str(caught.value)
    assert "Arribat" not in str(caught.value)
    assert "personne.nom" in str(caught.value)


def test_an_event_without_a_trace_carries_no_trace_header() -> None:
    message = encode(SAMPLE._replace(traceparent=None))
    assert "ce_traceparent" not in dict(message.headers)
    assert decode(message.key, message.headers, message.value).traceparent is None


@given(
    st.none() | st.binary(max_size=40),
    st.lists(st.tuples(st.sampled_from([*HEADERS, "ce_x", "x"]), st.none() | st.binary(max_size=40)), max_size=9),
    st.none() | st.binary(max_size=200),
)
def test_no_bytes_whatever_raise_anything_else(
    key: bytes | None, headers: list[tuple[str, bytes | None]], value: bytes | None
) -> None:
    with pytest.raises((InvalidEvent, UnknownType)):
        decode(key, headers, value)


@given(st.datetimes(datetime(1970, 1, 1), datetime(2200, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001
def test_every_moment_of_the_allowed_years_survives(moment: datetime) -> None:
    message = encode(SAMPLE._replace(time=moment))
    assert decode(message.key, message.headers, message.value).time == moment


def by_the_library(headers: Mapping[str, bytes]) -> Any:
    attributes = {name: content for name, content in headers.items() if name.lower().startswith("ce_")}
    return from_binary(KafkaMessage(headers=attributes, key=None, value=b"{}"), JSONFormat())


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.data.event_type)
def test_headers_are_written_as_the_cloudevents_library_writes_them(sample: Event) -> None:
    attributes = {
        "specversion": "1.0",
        "id": str(sample.id),
        "type": sample.data.event_type,
        "source": sample.source,
        "subject": sample.data.key,
        "time": sample.time,
        "datacontenttype": "application/json",
        "traceparent": sample.traceparent,
    }
    library = to_binary(CloudEvent({name: value for name, value in attributes.items() if value}, {}), JSONFormat())
    assert dict(encode(sample).headers) == library.headers


@given(
    st.dictionaries(
        st.sampled_from(
            [*HEADERS, "ce_dataschema", "ce_datacontenttype", "ce_data", "ce_", "ce_été", "CE_ID", "ce_a_b"]
        )
        | st.text(max_size=6).map("ce_".__add__),
        st.sampled_from([b"", b"1.0", b"\xff", b"x", "été".encode(), *HEADERS.values()]),
        max_size=4,
    )
)
def test_headers_are_refused_when_the_cloudevents_library_refuses_them(changes: dict[str, bytes]) -> None:
    headers = HEADERS | changes
    try:
        event = read(**changes)
    except UnknownType:
        assert by_the_library(headers).get_type() not in events.EVENTS
    except InvalidEvent:
        # We ask for more than the library: our ids, moments and years.
        return
    else:
        told = by_the_library(headers)
        assert (event.source, event.data.event_type) == (told.get_source(), told.get_type())
        assert (str(event.id), event.traceparent) == (told.get_id().lower(), told.get_extension("traceparent"))


@pytest.mark.parametrize("changes", [{"ce_subject": b""}, {"ce_data": b"x"}, {"ce_a_b": b"x"}, {"ce_x": b"\xff"}])
def test_what_the_cloudevents_library_refuses_is_an_invalid_event(changes: dict[str, bytes]) -> None:
    with pytest.raises(Exception, match=r"."):
        by_the_library(HEADERS | changes)
    with pytest.raises(InvalidEvent):
        read(**changes)
