"""CloudEvents 1.0 on Kafka, binary mode: attributes in `ce_*` headers, plain JSON in the value.

Decoding accepts bytes from anybody and answers with an `Event`, `UnknownType` (to be skipped) or `InvalidEvent` (to be
kept aside with its reason). It never raises anything else, whatever the bytes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary, to_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from pydantic import ValidationError

from contracts.events import EVENTS
from contracts.model import FIRST_YEAR, LAST_YEAR, EventData
from contracts.topics import topic_of

MAX_BYTES: Final = 900_000
"""The largest value that is accepted or published: under Kafka's default limit of 1 MiB with room for headers."""

REQUIRED_HEADERS: Final = ("ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time")

Headers = tuple[tuple[str, bytes | None], ...]


class InvalidEvent(ValueError):
    """The message can't be an event of ours; the text says why, without repeating its content."""


class UnknownType(ValueError):
    """A well-formed event of a type that this version doesn't know."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event with its CloudEvents attributes."""

    id: UUID
    source: str
    time: datetime
    data: EventData
    traceparent: str | None = None

    @property
    def key(self) -> str:
        return self.data.key


@dataclass(frozen=True, slots=True)
class Message:
    """One Kafka record, ready to send."""

    topic: str
    key: bytes
    headers: Headers
    value: bytes


class _RawJson(JSONFormat):
    """Leaves the bytes of the value as they are: pydantic reads and writes JSON itself, several times faster."""

    def read_data(self, body: bytes | str, datacontenttype: str | None) -> Any:
        del datacontenttype
        return body

    def write_data(self, data: Any, datacontenttype: str | None) -> bytes:
        del datacontenttype
        return bytes(data)


_FORMAT: Final = _RawJson()


def encode(event: Event) -> Message:
    """Write an event as the record that Kafka carries."""
    data = event.data
    attributes: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(event.id),
        "type": data.event_type,
        "source": event.source,
        "subject": data.key,
        "time": event.time,
        "datacontenttype": "application/json",
    }
    if event.traceparent:
        attributes["traceparent"] = event.traceparent
    cloud = CloudEvent(attributes, data.model_dump_json(exclude_none=True).encode())
    binary = to_binary(cloud, _FORMAT)
    return Message(topic_of(type(data)).name, data.key.encode(), tuple(binary.headers.items()), binary.value)


def decode(key: bytes | None, headers: Iterable[tuple[str, bytes | None]], value: bytes | None) -> Event:
    """Read a record.

    Raises UnknownType for a type that is not in the contract and InvalidEvent for everything that is malformed.
    """
    if value is None:
        raise InvalidEvent("the message has no value")
    if len(value) > MAX_BYTES:
        raise InvalidEvent(f"the value is larger than {MAX_BYTES} bytes")
    time, cloud = _cloud_event(headers, value)
    model = EVENTS.get(cloud.get_type())
    if model is None:
        raise UnknownType(cloud.get_type()[:200])
    try:
        data = model.model_validate_json(value)
    except ValidationError as error:
        raise InvalidEvent(_where(error)) from None
    except (ValueError, RecursionError) as error:
        raise InvalidEvent(type(error).__name__) from None
    if key is None or key.decode(errors="replace") != data.key:
        raise InvalidEvent(f"the message key must be the field {model.key_field}")
    return _event(time, cloud, data)


def _cloud_event(headers: Iterable[tuple[str, bytes | None]], value: bytes) -> tuple[datetime, BaseCloudEvent]:
    present = {name.lower(): content for name, content in headers if content is not None}
    present = {name: content for name, content in present.items() if name.startswith("ce_")}
    missing = [name for name in REQUIRED_HEADERS if not present.get(name)]
    if missing:
        # The library would make up an id and a time, so that a repeated message would pass for a new one.
        raise InvalidEvent(f"missing CloudEvents headers: {', '.join(missing)}")
    if present["ce_specversion"] != b"1.0":
        raise InvalidEvent("the header ce_specversion must be 1.0")
    try:
        # The library's own reading of the time costs as much as all the rest of the envelope.
        time = datetime.fromisoformat(present.pop("ce_time").decode())
        return time, from_binary(KafkaMessage(headers=present, key=None, value=value), _FORMAT)
    except Exception as error:  # noqa: BLE001 - the library raises many kinds for bytes that come from anybody
        raise InvalidEvent(f"the CloudEvents headers can't be read: {type(error).__name__}: {error}"[:500]) from None


def _event(time: datetime, cloud: BaseCloudEvent, data: EventData) -> Event:
    try:
        identity = UUID(cloud.get_id())
    except ValueError:
        raise InvalidEvent("the header ce_id must be a UUID") from None
    if time.tzinfo is None or not FIRST_YEAR <= time.year <= LAST_YEAR:
        raise InvalidEvent(f"the header ce_time must be a time with an offset between {FIRST_YEAR} and {LAST_YEAR}")
    return Event(identity, cloud.get_source(), time, data, cloud.get_extension("traceparent"))


def _where(error: ValidationError) -> str:
    """Name the fields and rules that are broken, never the values: the text is logged and shown."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, d['loc'])) or 'value'}: {d['msg']}" for d in details[:10])[:1000]
