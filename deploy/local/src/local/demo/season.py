"""What is played: how many people, about what, when; and the moments at which the clock is set."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

REMINDER: Final = timedelta(days=2)
_MARGIN: Final = timedelta(hours=1)
CRENEAUX: Final = tuple(
    f"{day}-{half}" for day in ("lundi", "mardi", "mercredi", "jeudi", "vendredi") for half in ("matin", "apres-midi")
)
THEMATIQUES: Final = ("tensions", "forets", "egalite", "montagnes", "eau", "solidarite")
_ANIMATEURS: Final = (
    "Maud Kerleroux",
    "Étienne Labrousse",
    "Nadia Ferhati",
    "Gaël Prigent",
    "Claire Vasseur-Dumont",
    "Yannick Théophile",
    "Inès Carbonnel",
    "Mathieu Roquefeuil",
    "Sabine Hoffstetter",
    "Lucien Arrighi",
    "Fatou Ndiaye",
    "Bertrand Quemener",
    "Hélène Mazurier",
    "Olivier Duchamp",
)


@dataclass(frozen=True)
class Season:
    """`answering` is the share of participants who fill in the questionnaire."""

    name: str
    people: int
    thematiques: tuple[str, ...] = THEMATIQUES
    animateurs: tuple[str, ...] = _ANIMATEURS
    answering: float = 0.35
    seed: int = 2027


def season_name(today: date) -> str:
    """Name the campagne after the season in which its séances take place."""
    month = (today + timedelta(days=60)).month
    names = {12: "Hiver", 1: "Hiver", 2: "Hiver", 3: "Printemps", 4: "Printemps", 5: "Printemps"}
    names |= {6: "Été", 7: "Été", 8: "Été", 9: "Automne", 10: "Automne", 11: "Automne"}
    return f"{names[month]} {(today + timedelta(days=60)).year}"


def full_season(today: date) -> Season:
    return Season(season_name(today), people=300)


def small_season(today: date) -> Season:
    return Season(season_name(today), people=60, thematiques=("eau", "forets"), animateurs=_ANIMATEURS[:4])


def moments(seances: Iterable[tuple[datetime, datetime]]) -> list[datetime]:
    """Return the fewest moments so that each séance (start, end) has one in the two days before it, and one after all.

    An hour before the earliest séance that has none yet is always a best choice: it serves every later one it can.
    """
    ordered = sorted(seances)
    found: list[datetime] = []
    for start, _ in ordered:
        if not found or start - REMINDER > found[-1]:
            found.append(start - _MARGIN)
    if ordered:
        found.append(max(end for _, end in ordered) + _MARGIN)
    return found
