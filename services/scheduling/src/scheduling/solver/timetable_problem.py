"""What the solver is asked and what it answers for the animateur and the four séances of each groupe.

Invariant: plain frozen data, free of any solver; instants are aware, in Europe/Paris.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from scheduling.solver.problem import Animateur, Preuve

PARIS = ZoneInfo("Europe/Paris")
SEANCES = 4
DURATION = timedelta(hours=2)
MIN_GAP = timedelta(days=7)
MIN_SPAN, MAX_SPAN = timedelta(days=42), timedelta(days=56)


@dataclass(frozen=True, slots=True)
class GroupeAPlanifier:
    """`departements` has one entry per member."""

    id: str
    thematique: str
    creneau: str
    departements: tuple[str, ...] = ()


def _default_hours() -> Mapping[str, time]:
    return {"matin": time(8, 30), "apres-midi": time(13, 30)}


@dataclass(frozen=True, slots=True)
class TimetableProblem:
    """`occupe` holds the (animateur, start) of séances that stand already; both dates are included."""

    groupes: tuple[GroupeAPlanifier, ...]
    animateurs: tuple[Animateur, ...]
    seances_du: date
    seances_au: date
    jours_exclus: frozenset[date] = frozenset()
    heures: Mapping[str, time] = field(default_factory=_default_hours)
    occupe: frozenset[tuple[str, datetime]] = frozenset()
    graine: int = 1


@dataclass(frozen=True, slots=True)
class SeancePlanifiee:
    """`rang` from 1 to 4; `fin` is two hours after `debut`."""

    groupe: str
    rang: int
    debut: datetime
    fin: datetime
    animateur: str


@dataclass(frozen=True, slots=True)
class NonPlanifie:
    """A groupe without séances, and one French sentence on what to change."""

    groupe: str
    phrase: str


@dataclass(frozen=True, slots=True)
class Timetable:
    """`cout` adds uneven gaps, school holidays and uneven load (see `timetable`); `borne` is below any cost."""

    seances: tuple[SeancePlanifiee, ...]
    non_planifies: tuple[NonPlanifie, ...]
    constats: tuple[str, ...]
    cout: int
    borne: float
    preuve: Preuve


def starts_at(problem: TimetableProblem, half_day: str, day: date) -> datetime:
    """Return the start of a séance on that day, in Paris whatever the season."""
    return datetime.combine(day, problem.heures[half_day], PARIS)


def overlap(a: datetime, b: datetime) -> bool:
    """Tell whether two séances that start then overlap."""
    return abs(a - b) < DURATION
