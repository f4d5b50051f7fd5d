"""The base of every event's data, and the plain types that they share.

Readers ignore fields that they don't know, so that a newer producer can speak to an older consumer. Text holds no NUL,
since PostgreSQL can't store it: such an event is refused at the edge and not halfway through a batch.
"""

import re
from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints

FIRST_YEAR, LAST_YEAR = 1970, 2200


def _has_no_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("the character U+0000 is not allowed")
    return text


def _is_in_range(moment: datetime) -> datetime:
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"the year must lie between {FIRST_YEAR} and {LAST_YEAR}")
    return moment


CODE = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")

Code = Annotated[str, StringConstraints(pattern=CODE.pattern, max_length=60)]
"""Lower-case ASCII words joined by hyphens: `eau`, `mardi-matin`, `printemps-2027`."""
Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_has_no_nul)
]
Sentence = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000), AfterValidator(_has_no_nul)
]
"""One or two sentences made for one person, that may list all their créneaux."""
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000), AfterValidator(_has_no_nul)]
Email = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=3, max_length=254), AfterValidator(_has_no_nul)
]
Moment = Annotated[AwareDatetime, AfterValidator(_is_in_range)]
"""RFC 3339 with an offset."""


class Part(BaseModel):
    """A nested part of an event."""

    model_config = ConfigDict(frozen=True, extra="ignore", json_schema_serialization_defaults_required=True)


class EventData(Part):
    """The value of one message. A subclass names its event type and the field that is the message key."""

    event_type: ClassVar[str]
    key_field: ClassVar[str]

    @property
    def key(self) -> str:
        return str(getattr(self, self.key_field))
