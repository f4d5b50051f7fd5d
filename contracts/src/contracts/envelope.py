"""CloudEvents 1.0 on Kafka, binary mode: attributes in `ce_*` headers, plain JSON in the value.

Headers are read and written here, in a tenth of the time that the CloudEvents library takes; the tests hold them to it.
Decoding accepts bytes from anybody and answers with an `Event`, `UnknownType` (to be skipped) or `InvalidEvent` (to be
kept aside with its reason). It never raises anything else, whatever the bytes.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple
from uuid import UUID

from pydantic import ValidationError

from contracts.events import EVENTS
from contracts.model import FIRST_YEAR, LAST_YEAR, EventData
from contracts.topics import topic_of

MAX_BYTES: Final = 900_000
"""The largest value that is accepted or published: under Kafka's default limit of 1 MiB with room for headers."""

_REQUIRED: Final = ("specversion", "id", "type", "source", "time")
REQUIRED_HEADERS: Final = tuple(f"ce_{attribute}" for attribute in _REQUIRED)
_OPTIONAL: Final = frozenset({"subject", "dataschema", "datacontenttype"})
"""May be left out, but not be empty."""
_NAME: Final = re.compile(r"(?!data$)[a-z0-9]+")

Headers = tuple[tuple[str, bytes | None], ...]


class InvalidEvent(ValueError):
    """The message can't be an event of ours; the text says why, without repeating its content."""


class UnknownType(ValueError):
    """A well-formed event of a type that this version doesn't know."""


class Event(NamedTuple):
    """One event with its CloudEvents attributes."""

    id: UUID
    source: str
    time: datetime
    data: EventData
    traceparent: str | None = None

    @property
    def key(self) -> str:
        return self.data.key


class Message(NamedTuple):
    """One Kafka record, ready to send."""

    topic: str
    key: bytes
    headers: Headers
    value: bytes


def encode(event: Event) -> Message:
    """Write an event as the record that Kafka carries."""
    data = event.data
    key = data.key.encode()
    headers: Headers = (
        ("ce_specversion", b"1.0"),
        ("ce_id", str(event.id).encode()),
        ("ce_type", data.event_type.encode()),
        ("ce_source", event.source.encode()),
        ("ce_subject", key),
        ("ce_time", event.time.isoformat().replace("+00:00", "Z").encode()),
        ("content-type", b"application/json"),
    )
    if event.traceparent:
        headers = (*headers, ("ce_traceparent", event.traceparent.encode()))
    return Message(topic_of(type(data)).name, key, headers, data.model_dump_json(exclude_none=True).encode())


def decode(key: bytes | None, headers: Iterable[tuple[str, bytes | None]], value: bytes | None) -> Event:
    """Read a record.

    Raises UnknownType for a type that is not in the contract and InvalidEvent for everything that is malformed.
    """
    if value is None:
        raise InvalidEvent("the message has no value")
    if len(value) > MAX_BYTES:
        raise InvalidEvent(f"the value is larger than {MAX_BYTES} bytes")
    attributes = _attributes(headers)
    model = EVENTS.get(attributes["type"])
    if model is None:
        raise UnknownType(attributes["type"][:200])
    try:
        data = model.model_validate_json(value)
    except ValidationError as error:
        raise InvalidEvent(_where(error)) from None
    except (ValueError, RecursionError) as error:
        raise InvalidEvent(type(error).__name__) from None
    if key is None or key.decode(errors="replace") != data.key:
        raise InvalidEvent(f"the message key must be the field {model.key_field}")
    return _event(attributes, data)


def _attributes(headers: Iterable[tuple[str, bytes | None]]) -> Mapping[str, str]:
    """Read the CloudEvents attributes; other headers are nobody's business here."""
    try:
        attributes = {
            attribute: content.decode()
            for name, content in headers
            if content is not None and (attribute := _attribute(name))
        }
    except UnicodeDecodeError:
        raise InvalidEvent("the CloudEvents headers are not UTF-8") from None
    if not all(map(attributes.get, _REQUIRED)):
        missing = [f"ce_{attribute}" for attribute in _REQUIRED if not attributes.get(attribute)]
        raise InvalidEvent(f"missing CloudEvents headers: {', '.join(missing)}")
    if attributes["specversion"] != "1.0":
        raise InvalidEvent("the header ce_specversion must be 1.0")
    if not all(map(attributes.get, _OPTIONAL & attributes.keys())):
        raise InvalidEvent("a CloudEvents header has no content")
    return attributes


@lru_cache(maxsize=1_000)
def _attribute(header: str) -> str | None:
    """Return which attribute a header carries, if any: the same few names come with every event."""
    prefix, attribute = header[:3].lower(), header[3:].lower()
    if prefix != "ce_":
        return None
    if not _NAME.fullmatch(attribute):
        raise InvalidEvent("a CloudEvents header has a name that is not allowed")
    return attribute


def _event(attributes: Mapping[str, str], data: EventData) -> Event:
    try:
        identity = UUID(attributes["id"])
        time = datetime.fromisoformat(attributes["time"])
    except ValueError:
        raise InvalidEvent("the header ce_id must be a UUID and ce_time a time") from None
    if time.tzinfo is None or not FIRST_YEAR <= time.year <= LAST_YEAR:
        raise InvalidEvent(f"the header ce_time must be a time with an offset between {FIRST_YEAR} and {LAST_YEAR}")
    return Event(identity, attributes["source"], time, data, attributes.get("traceparent"))


def _where(error: ValidationError) -> str:
    """Name the fields and rules that are broken, never the values: the text is logged and shown."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, d['loc'])) or 'value'}: {d['msg']}" for d in details[:10])[:1000]
