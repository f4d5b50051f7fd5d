"""What is drawn: the sizes of the table, and the cases that are hard."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

CRENEAUX: Final = tuple(
    f"{jour}-{moment}"
    for jour in ("lundi", "mardi", "mercredi", "jeudi", "vendredi")
    for moment in ("matin", "apres-midi")
)
"""Their popularity follows, unequal; and what it is multiplied by for an élu, who has a job beside the mandate."""
POPULARITY: Final = (0.8, 0.7, 1.7, 1.2, 0.5, 0.4, 1.5, 1.2, 0.6, 0.4)
ELUS: Final = (1.2, 0.35, 1.1, 0.6, 1.0, 0.3, 1.1, 0.6, 1.2, 0.8)

THEMATIQUES: Final[Mapping[str, float]] = {
    "eau": 1.6,
    "tensions": 1.4,
    "solidarite": 1.1,
    "forets": 1.0,
    "egalite": 0.8,
    "montagnes": 0.6,
}
"""The six of the first season, and how often each is chosen against the others."""


@dataclass(frozen=True, slots=True)
class Case:
    """What to draw. `capacity` is the share of the groupes needed that the animateurs can run.

    `elus` multiplies everyone's chance to be an élu; `one_collectivite` people belong to the same large commune;
    `animateurs` sets their number whatever is needed; `goal` is how many seconds it may take.
    """

    name: str
    people: int
    thematiques: tuple[str, ...] = tuple(THEMATIQUES)
    creneaux: tuple[str, ...] = CRENEAUX
    elus: float = 1.0
    one_collectivite: int = 0
    animateurs: int | None = None
    capacity: float = 0.9
    goal: float | None = None
    seed: int = 1


SMALL: Final = (
    Case("60 people", 60, ("eau",), goal=1),
    Case("300 people", 300, goal=1),
    Case("2,000 people", 2_000, goal=1),
    Case("10,000 people", 10_000, goal=3),
)
LARGE: Final = (
    Case("100,000 people", 100_000, goal=30),
    Case("100,000, one thématique", 100_000, ("eau",), goal=30),
)
LARGEST: Final = (Case("1,000,000 people", 1_000_000, goal=180),)
HARD: Final = (
    Case("too few élus", 2_000, elus=0.15),
    Case("everyone on one créneau", 2_000, creneaux=("mardi-matin",)),
    Case("200 people of one collectivité", 2_000, one_collectivite=200),
    Case("three animateurs", 2_000, animateurs=3),
)
