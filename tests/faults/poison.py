"""Records that no service can accept, of every kind that a front door has met."""

import json
import random
from collections.abc import Callable
from typing import Any, Final

from contracts.envelope import Message

from tests.faults.sent import Poison

Headers = tuple[tuple[str, bytes | None], ...]
Spoilt = tuple[bytes | None, Headers, bytes | None]

TWO_MEGABYTES: Final = 2_000_000


def _value(message: Message, **changes: Any) -> bytes:
    return json.dumps({**json.loads(message.value), **changes}).encode()


def _header(message: Message, name: str, content: bytes | None) -> Headers:
    return tuple((n, content if n == name else c) for n, c in message.headers)


def _without(message: Message, name: str) -> Headers:
    return tuple((n, c) for n, c in message.headers if n != name)


SPOIL: Final[dict[str, Callable[[Message], Spoilt]]] = {
    "bad JSON": lambda m: (m.key, m.headers, m.value[:-9]),
    "not JSON": lambda m: (m.key, m.headers, b"\x00\xff plain bytes"),
    "wrong shape": lambda m: (m.key, m.headers, b'{"inscription": 12}'),
    "wrong specversion": lambda m: (m.key, _header(m, "ce_specversion", b"0.3"), m.value),
    "null value": lambda m: (m.key, m.headers, None),
    "null key": lambda m: (None, m.headers, m.value),
    "neither key nor value": lambda m: (None, m.headers, None),
    "key of somebody else": lambda m: (b"somebody-else", m.headers, m.value),
    "null header": lambda m: (m.key, _header(m, "ce_type", None), m.value),
    "header that is not UTF-8": lambda m: (m.key, _header(m, "ce_source", b"\xff\xfe\x00"), m.value),
    "no headers": lambda m: (m.key, (), m.value),
    "no ce_id": lambda m: (m.key, _without(m, "ce_id"), m.value),
    "id that is no UUID": lambda m: (m.key, _header(m, "ce_id", b"42"), m.value),
    "U+0000": lambda m: (m.key, m.headers, _value(m, fonction="ad\x00joint")),
    "lone surrogate": lambda m: (m.key, m.headers, _value(m, fonction="ad\ud800joint")),
    "deep nesting": lambda m: (m.key, m.headers, b"[" * 60_000),
    "huge number": lambda m: (m.key, m.headers, _value(m, rang=10**400)),
    "2 MB": lambda m: (m.key, m.headers, _value(m, situation="x" * TWO_MEGABYTES)),
    "before 1970": lambda m: (m.key, _header(m, "ce_time", b"1969-07-20T20:17:40Z"), m.value),
    "time without offset": lambda m: (m.key, _header(m, "ce_time", b"2027-03-02T09:41:27"), m.value),
}


def spoil(message: Message, choice: random.Random) -> Poison:
    kind = choice.choice(list(SPOIL))
    return Poison(kind, *SPOIL[kind](message))
