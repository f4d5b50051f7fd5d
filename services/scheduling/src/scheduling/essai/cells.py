"""What one cell of the spreadsheet means: each distinct text is understood once.

Invariant: a text that can't be understood raises Wrong with a French sentence, and is never remembered.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar

from scheduling.solver.problem import Accord, Qualite, Taille, weekday_of
from scheduling.solver.timetable_problem import PARIS

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

NOBODY: frozenset[str] = frozenset()
_SHOWN = 40
_LAST_RANG = 99
_ACCORDS = {accord.value: accord for accord in Accord}


class Wrong(ValueError):
    """The text is a French sentence that says what is wrong and what to write instead."""


class Memo(dict[str, T]):
    """Texts already understood; a new one goes through `understand`."""

    def __init__(self, understand: Callable[[str], T]) -> None:
        super().__init__()
        self._understand = understand

    def __missing__(self, text: str) -> T:
        value = self[text] = self._understand(text)
        return value


def name(column: str) -> Callable[[str], str]:
    """Make what reads a cell that must not be empty."""

    def understand(text: str) -> str:
        clean = text.strip()
        if not clean:
            raise Wrong(f"la colonne {column} est vide.")
        return clean

    return understand


def one_of(column: str, kind: type[E]) -> Callable[[str], E]:
    """Make what reads a cell that holds a word of a closed list."""
    allowed = ", ".join(kind)

    def understand(text: str) -> E:
        try:
            return kind(text.strip().lower())
        except ValueError:
            raise Wrong(f"{column} « {short(text)} » n'est pas connu : écrivez {allowed}.") from None

    return understand


qualite = one_of("qualite", Qualite)
taille = one_of("taille", Taille)


def rang(text: str) -> int:
    """Read how wanted the thématique is; an empty cell is somebody who asks for one only."""
    clean = text.strip() or "1"
    if clean.isascii() and clean.isdigit() and 1 <= int(clean) <= _LAST_RANG:
        return int(clean)
    raise Wrong(
        f"rang « {short(text)} » n'est pas un nombre entier de 1 à {_LAST_RANG} (1 : la thématique la plus voulue)."
    )


def moment(text: str) -> datetime:
    """Read a date or an instant of ISO 8601; without an offset it is in the time of Paris."""
    try:
        found = datetime.fromisoformat(text.strip())
        if found.tzinfo is UTC:
            return found
        return (found if found.tzinfo else found.replace(tzinfo=PARIS)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Wrong(
            f"recue_le « {short(text)} » n'est pas une date : écrivez par exemple 2027-03-01T14:30:00+01:00."
        ) from None


def creneaux(text: str) -> Mapping[str, Accord]:
    """Read `mardi-matin:prefere;jeudi-apres-midi:possible`; an empty cell is somebody who can make none."""
    found: dict[str, Accord] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        creneau, _, accord = (piece.strip().lower() for piece in part.partition(":"))
        try:
            weekday_of(creneau)
        except ValueError:
            raise Wrong(
                f"creneaux : « {short(part)} » n'est pas un créneau : écrivez par exemple mardi-matin:prefere."
            ) from None
        if accord not in _ACCORDS:
            raise Wrong(f"creneaux : « {short(part)} » : écrivez {creneau}:prefere ou {creneau}:possible.")
        if creneau in found:
            raise Wrong(f"creneaux : {creneau} figure deux fois : gardez-en un.")
        found[creneau] = _ACCORDS[accord]
    return dict(sorted(found.items()))


def inscriptions(text: str) -> frozenset[str]:
    """Read the ids of other inscriptions, separated by `;`."""
    return frozenset(filter(None, (part.strip() for part in text.split(";")))) or NOBODY


def short(text: str) -> str:
    """Shorten what is quoted back."""
    clean = " ".join(text.split())
    return clean if len(clean) <= _SHOWN else f"{clean[:_SHOWN]}…"
