"""The AsyncAPI 3 document of the whole platform, drawn from the topic table."""

from typing import Any, Final

from contracts.envelope import REQUIRED_HEADERS
from contracts.model import EventData
from contracts.schema import event_schema
from contracts.topics import EVENT_TOPICS, Principal, Topic

_HEADERS: Final = {
    "ce_specversion": {"type": "string", "const": "1.0"},
    "ce_id": {"type": "string", "format": "uuid", "description": "UUID v7; the only key for telling a repetition."},
    "ce_source": {"type": "string", "description": "Who publishes, as a path: `/ateliers/registration`."},
    "ce_subject": {"type": "string", "description": "The message key again."},
    "ce_time": {"type": "string", "format": "date-time", "description": "Set by the producer, always with an offset."},
    "ce_traceparent": {"type": "string", "description": "W3C trace context, if there is one."},
    "content-type": {"type": "string", "const": "application/json"},
}


def document() -> dict[str, Any]:
    """Return the document, ready to be written as JSON."""
    models = [event for topic in EVENT_TOPICS for event in topic.events]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Ateliers interactifs",
            "version": "1.0.0",
            "description": "CloudEvents 1.0 on Kafka, binary mode: attributes in `ce_*` headers, JSON in the value.",
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in EVENT_TOPICS},
        "operations": {
            f"{principal}.{action}.{topic.name}": _operation(principal, action, topic)
            for topic in EVENT_TOPICS
            for action, principals in (("send", topic.producers), ("receive", topic.consumers))
            for principal in principals
        },
        "components": {
            "messages": {event.event_type: _message(event) for event in models},
            "schemas": _schemas(models),
        },
    }


def _channel(topic: Topic) -> dict[str, Any]:
    cleanup = "compact" if topic.compacted else "delete"
    return {
        "address": topic.name,
        "description": f"The message key is the id of the {topic.key}: it fixes the order.",
        "messages": {event.event_type: {"$ref": f"#/components/messages/{event.event_type}"} for event in topic.events},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": {"cleanup.policy": [cleanup], "retention.ms": topic.retention_ms},
                "bindingVersion": "0.5.0",
            }
        },
    }


def _operation(principal: Principal, action: str, topic: Topic) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": _pointer("channels", topic.name)},
        "summary": f"{principal} {'publishes' if action == 'send' else 'reads'} {topic.name}",
        "messages": [
            {"$ref": _pointer("channels", topic.name, "messages", event.event_type)} for event in topic.events
        ],
        "tags": [{"name": str(principal)}],
    }


def _message(event: type[EventData]) -> dict[str, Any]:
    headers = {"ce_type": {"type": "string", "const": event.event_type}, **_HEADERS}
    message: dict[str, Any] = {
        "name": event.event_type,
        "contentType": "application/json",
        "headers": {"type": "object", "properties": headers, "required": list(REQUIRED_HEADERS)},
        "payload": {"$ref": _pointer("components", "schemas", event.__name__)},
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": f"The field `{event.key_field}`."},
                "bindingVersion": "0.5.0",
            }
        },
    }
    if event.__doc__:
        message["summary"] = " ".join(event.__doc__.split())
    return message


def _schemas(models: list[type[EventData]]) -> dict[str, Any]:
    """Put events and their parts side by side; a name stands for one thing only."""
    schemas: dict[str, Any] = {}
    for event in models:
        schema = event_schema(event, ref_template="#/components/schemas/{model}")
        for name, part in {**schema.pop("$defs", {}), event.__name__: schema}.items():
            if schemas.setdefault(name, part) != part:
                raise ValueError(f"two different parts are named {name}")
    return dict(sorted(schemas.items()))


def _pointer(*path: str) -> str:
    return "#/" + "/".join(path)
