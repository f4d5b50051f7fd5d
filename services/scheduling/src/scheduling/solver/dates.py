"""The days on which a groupe can meet, and every choice of four of them.

Invariant: each pattern has four days on the créneau's weekday, at least a week apart, six to eight weeks from first to
last, none of them excluded or a public holiday where a member lives.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations, pairwise

from scheduling.solver.calendar_fr import public_holiday, school_holiday, school_zone
from scheduling.solver.problem import weekday_of
from scheduling.solver.timetable_problem import (
    MAX_SPAN,
    MIN_GAP,
    MIN_SPAN,
    SEANCES,
    GroupeAPlanifier,
    TimetableProblem,
)

_WEEK = timedelta(days=7)
_UNEVEN = 10
_SCHOOL = 100


@dataclass(frozen=True, slots=True)
class Pattern:
    """Four days, and what choosing them costs."""

    days: tuple[date, ...]
    cost: int


def possible_days(problem: TimetableProblem, groupe: GroupeAPlanifier) -> list[date]:
    """Days in the window on the créneau's weekday, without those excluded and public holidays."""
    first = problem.seances_du + timedelta(days=(weekday_of(groupe.creneau) - problem.seances_du.weekday()) % 7)
    weeks = max(0, (problem.seances_au - first).days // 7 + 1)
    departements = frozenset(groupe.departements)
    return [
        day
        for day in (first + n * _WEEK for n in range(weeks))
        if day not in problem.jours_exclus and public_holiday(day, departements) is None
    ]


def patterns(problem: TimetableProblem, groupe: GroupeAPlanifier, days: Sequence[date]) -> list[Pattern]:
    """Every choice of four of these days that keeps the rules, the cheapest first."""
    zones = Counter(school_zone(d) for d in groupe.departements)
    on_holiday = {
        day: sum(count for zone, count in zones.items() if zone and school_holiday(day, zone)) for day in days
    }
    members = max(1, len(groupe.departements))
    found = []
    for chosen in _choices(days):
        school = sum(_SCHOOL * on_holiday[d] // members for d in chosen)
        # An earlier start costs less: a season that ends sooner leaves room to move a séance.
        start = (chosen[0] - problem.seances_du) // _WEEK
        found.append(Pattern(chosen, _unevenness(chosen) + school + start))
    return sorted(found, key=lambda p: (p.cost, p.days))


def _choices(days: Sequence[date]) -> Iterator[tuple[date, ...]]:
    for index, first in enumerate(days):
        later = [d for d in days[index + 1 :] if d - first <= MAX_SPAN]
        for rest in combinations(later, SEANCES - 1):
            chosen = (first, *rest)
            gaps = [b - a for a, b in pairwise(chosen)]
            if rest[-1] - first >= MIN_SPAN and min(gaps) >= MIN_GAP:
                yield chosen


def _unevenness(days: Sequence[date]) -> int:
    """Ten for each week, squared, by which a gap differs from two weeks."""
    return sum(_UNEVEN * ((b - a) // _WEEK - 2) ** 2 for a, b in pairwise(days))
