"""The days on which a groupe can meet, what they cost, and every choice of four of them.

Invariant: each pattern has four days on the créneau's weekday, at least a week apart, six to eight weeks from first to
last, none of them excluded, a public holiday where a member lives, or at an hour that a member can't be asked to bear.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import combinations, pairwise

from scheduling.solver.calendar_fr import has_own_holidays, public_holiday, school_holiday, school_zone
from scheduling.solver.hours import OVERSEAS, hour_is_bearable
from scheduling.solver.problem import half_day_of, weekday_of
from scheduling.solver.timetable_problem import (
    MAX_SPAN,
    MIN_GAP,
    MIN_SPAN,
    SEANCES,
    GroupeAPlanifier,
    TimetableProblem,
    starts_at,
)

_WEEK = timedelta(days=7)
_UNEVEN = 10
_SCHOOL = 100


@dataclass(frozen=True, slots=True)
class Pattern:
    """Four days, and what choosing them costs."""

    days: tuple[date, ...]
    cost: int


def open_days(problem: TimetableProblem, creneau: str) -> tuple[date, ...]:
    """Days in the window on the créneau's weekday, without those excluded and the national public holidays."""
    first = problem.seances_du + timedelta(days=(weekday_of(creneau) - problem.seances_du.weekday()) % 7)
    weeks = max(0, (problem.seances_au - first).days // 7 + 1)
    days = (first + n * _WEEK for n in range(weeks))
    return tuple(d for d in days if d not in problem.jours_exclus and public_holiday(d) is None)


def day_costs(problem: TimetableProblem, groupe: GroupeAPlanifier, days: Sequence[date]) -> tuple[int | None, ...]:
    """A hundred times the share of members on school holidays on each of these days; None: they can't meet then."""
    zones = Counter(zone for zone in map(school_zone, groupe.departements) if zone)
    apart = frozenset(d for d in groupe.departements if d in OVERSEAS or has_own_holidays(d))
    starts = tuple(starts_at(problem, half_day_of(groupe.creneau), day) for day in days)
    return _day_costs(starts, tuple(sorted(zones.items())), apart, max(1, len(groupe.departements)))


@lru_cache(maxsize=65536)
def _day_costs(
    starts: tuple[datetime, ...], zones: tuple[tuple[str, int], ...], apart: frozenset[str], members: int
) -> tuple[int | None, ...]:
    found: list[int | None] = []
    for start in starts:
        day = start.date()
        if public_holiday(day, apart) or not all(hour_is_bearable(d, start) for d in apart):
            found.append(None)
        else:
            concerned = sum(count for zone, count in zones if school_holiday(day, zone))
            found.append(_SCHOOL * concerned // members)
    return tuple(found)


def possible_days(problem: TimetableProblem, groupe: GroupeAPlanifier) -> list[date]:
    """Days on which this groupe can meet."""
    days = open_days(problem, groupe.creneau)
    return [day for day, cost in zip(days, day_costs(problem, groupe, days), strict=True) if cost is not None]


def patterns(problem: TimetableProblem, groupe: GroupeAPlanifier, days: Sequence[date]) -> list[Pattern]:
    """Every choice of four of these days that keeps the rules, the cheapest first."""
    school = dict(zip(days, day_costs(problem, groupe, days), strict=True))
    possible = [day for day in days if school[day] is not None]
    found = [
        Pattern(chosen, shape_cost(problem, chosen) + sum(school[d] or 0 for d in chosen))
        for chosen in choices(possible)
    ]
    return sorted(found, key=lambda p: (p.cost, p.days))


def choices(days: Sequence[date]) -> Iterator[tuple[date, ...]]:
    """Every four of these days, in order, that lie as the rules want them."""
    for index, first in enumerate(days):
        later = [d for d in days[index + 1 :] if d - first <= MAX_SPAN]
        for rest in combinations(later, SEANCES - 1):
            chosen = (first, *rest)
            if rest[-1] - first >= MIN_SPAN and all(b - a >= MIN_GAP for a, b in pairwise(chosen)):
                yield chosen


def shape_cost(problem: TimetableProblem, days: Sequence[date]) -> int:
    """Ten for each week, squared, by which a gap differs from two weeks, and one for each week that it starts later.

    A season that ends sooner leaves room to move a séance.
    """
    uneven = sum(_UNEVEN * ((b - a) // _WEEK - 2) ** 2 for a, b in pairwise(days))
    return uneven + (days[0] - problem.seances_du) // _WEEK
