"""Reading the keys of a TOML table one by one: each wrong one is a fault with its line, and gets its default."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from difflib import get_close_matches
from typing import Any

from chassis.web.french import nombre

from scheduling.essai.cells import short
from scheduling.essai.faults import Faults
from scheduling.essai.toml_lines import Path, line_of

_MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class Toml:
    """A table with its place in the file."""

    faults: Faults
    lines: dict[Path, int]
    path: Path
    values: Mapping[str, Any]

    def fault(self, key: str, what: str) -> None:
        """Note what is wrong with a key, or with the table itself when `key` is empty."""
        path = (*self.path, key) if key else self.path
        self.faults.add(line_of(self.lines, path), f"{key} {what}".strip())

    def only(self, *known: str) -> None:
        """Note every key that isn't among these."""
        for key in self.values:
            if key not in known:
                close = get_close_matches(key, known, 1)
                hint = f"vouliez-vous écrire {close[0]} ?" if close else f"les clés possibles sont {', '.join(known)}."
                self.fault(key, f"n'est pas une clé connue : {hint}")

    def table(self, key: str) -> "Toml":
        found = self.values.get(key, {})
        if not isinstance(found, dict):
            self.fault(key, f"doit être un tableau de clés, pas {_shown(found)}.")
            found = {}
        return Toml(self.faults, self.lines, (*self.path, key), found)

    def tables(self, key: str) -> list["Toml"]:
        found = self.values.get(key, [])
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            self.fault(key, f"doit s'écrire [[{key}]], une fois pour chacun.")
            return []
        return [Toml(self.faults, self.lines, (*self.path, key, n), one) for n, one in enumerate(found)]

    def whole(self, key: str, default: int, least: int) -> int:
        found = self.values.get(key, default)
        if isinstance(found, int) and not isinstance(found, bool) and least <= found <= _MOST:
            return found
        self.fault(key, f"doit être un nombre entier de {least} à {nombre(_MOST)}, pas {_shown(found)}.")
        return default

    def text(self, key: str, default: str) -> str:
        found = self.values.get(key, default)
        if isinstance(found, str) and found.strip():
            return found.strip()
        self.fault(key, f"doit être un texte entre guillemets, pas {_shown(found)}.")
        return default

    def texts(self, key: str, default: Sequence[str]) -> tuple[str, ...]:
        found = self.values.get(key, list(default))
        if isinstance(found, list) and all(isinstance(one, str) and one.strip() for one in found):
            return tuple(one.strip() for one in found)
        self.fault(key, f'doit être une liste de textes, comme ["un", "deux"], pas {_shown(found)}.')
        return tuple(default)

    def day(self, key: str) -> date | None:
        """Return the date, None (and a fault) when it is absent or something else."""
        if key not in self.values:
            self.fault(key, "manque : écrivez par exemple 2027-05-03.")
            return None
        found = _day(self.values[key])
        if found is None:
            self.fault(key, f"doit être une date, comme 2027-05-03, pas {_shown(self.values[key])}.")
        return found

    def days(self, key: str) -> frozenset[date]:
        listed = self.values.get(key, [])
        found = [_day(one) for one in listed] if isinstance(listed, list) else [None]
        if None in found:
            self.fault(key, f"doit être une liste de dates, comme [2027-05-20], pas {_shown(listed)}.")
        return frozenset(day for day in found if day)

    def hour(self, key: str, default: time) -> time:
        found = self.values.get(key, default)
        if isinstance(found, str):
            try:
                found = time.fromisoformat(found.strip())
            except ValueError:
                found = None
        if isinstance(found, time) and found.tzinfo is None:
            return found
        self.fault(key, f'doit être une heure, comme "08:30", pas {_shown(self.values[key])}.')
        return default


def _day(value: object) -> date | None:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            return None
    return value if isinstance(value, date) and not isinstance(value, datetime) else None


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    texts = [str(one) for one in value] if isinstance(value, list) else [str(value)]
    return f"« {short(', '.join(texts))} »"
