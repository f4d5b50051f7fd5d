"""JSON Schema 2020-12 of each event: what a producer must write and a reader may rely on.

The schemas are those of validation, where a field with a default is optional: messages leave out what is null, and an
event written before an optional field was added stays valid.
"""

from typing import Any, Final

from contracts.model import EventData

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_LOCAL_TIME: Final = {"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$"}


def event_schema(event: type[EventData], ref_template: str = "#/$defs/{model}") -> dict[str, Any]:
    """Return the schema of an event's value; titles, which only repeat names, are left out."""
    schema: dict[str, Any] = _plain(event.model_json_schema(mode="validation", ref_template=ref_template))
    return schema


def schema_document(event: type[EventData]) -> dict[str, Any]:
    """Return the schema as it stands in a file of its own."""
    return {"$schema": DIALECT, **event_schema(event)}


def _plain(node: Any, *, of_names: bool = False) -> Any:
    """Strip the titles, but never a property that is named so; `of_names` is true where the keys are names."""
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    if not of_names and node.get("format") == "time":
        # RFC 3339's time carries an offset; the hours of a séance are told in the time of Paris.
        return {**_LOCAL_TIME, **{key: value for key, value in node.items() if key in {"default", "description"}}}
    return {
        key: _plain(value, of_names=not of_names and key in {"properties", "$defs"})
        for key, value in node.items()
        if of_names or key != "title"
    }
