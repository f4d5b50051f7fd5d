"""Identifiers: time-ordered ones for what is new, stable ones for what must come out the same twice."""

from typing import Final
from uuid import UUID, uuid5

import uuid_utils.compat

_NAMESPACE: Final = UUID("5b0c7f5e-0f8a-5c53-9a57-6f1d1f0c2a11")


def uuid7() -> UUID:
    """RFC 9562, version 7."""
    return uuid_utils.compat.uuid7()


def stable_id(*parts: object) -> UUID:
    """The same parts always give the same id."""
    return uuid5(_NAMESPACE, "\x1f".join(str(part) for part in parts))
