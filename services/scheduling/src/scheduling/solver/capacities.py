"""How many groupes one animateur can run in one créneau: as many as there are disjoint sets of four dates.

Invariant: exact. Weeks are read from the first to the last, keeping which séances are under way; `groupes_max` bounds
the answer, so that a long season costs no more than what the animateur may run.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache

from scheduling.solver.dates import open_days
from scheduling.solver.problem import Animateur, half_day_of
from scheduling.solver.timetable_problem import MAX_SPAN, MIN_SPAN, SEANCES, TimetableProblem, overlap, starts_at

State = tuple[tuple[int, int], ...]

_WEEK = timedelta(days=7)
_SHORT, _LONG = MIN_SPAN // _WEEK, MAX_SPAN // _WEEK


class Presences:
    """On which days each animateur is free in a créneau, from their absences and the séances that stand already."""

    def __init__(self, problem: TimetableProblem) -> None:
        self._taken: dict[str, list[datetime]] = defaultdict(list)
        for who, start in sorted(problem.occupe):
            self._taken[who].append(start)
        self._days: dict[str, dict[date, datetime]] = {}
        for creneau in sorted({c for a in problem.animateurs for c in a.creneaux}):
            half_day = half_day_of(creneau)
            self._days[creneau] = {d: starts_at(problem, half_day, d) for d in open_days(problem, creneau)}

    def free(self, animateur: Animateur, creneau: str) -> tuple[date, ...]:
        taken = self._taken.get(animateur.id, ())
        if not taken and animateur.indisponible.isdisjoint(self._days[creneau]):
            return tuple(self._days[creneau])
        return tuple(
            day
            for day, start in self._days[creneau].items()
            if day not in animateur.indisponible and not any(overlap(start, other) for other in taken)
        )


def groupe_capacities(problem: TimetableProblem) -> Mapping[tuple[str, str], int]:
    """Groupes that each animateur can run in each créneau of theirs, whatever they run in the others."""
    presences = Presences(problem)
    return {
        (animateur.id, creneau): count_disjoint(presences.free(animateur, creneau), animateur.groupes_max)
        for animateur in problem.animateurs
        for creneau in sorted(animateur.creneaux)
    }


def count_disjoint(days: Sequence[date], most: int) -> int:
    """Most sets of four of these days (of one weekday, in order) that keep the rules and share no day, up to `most`."""
    if not days or most < 1:
        return 0
    return _count(tuple((day - days[0]) // _WEEK for day in days), min(most, len(days) // SEANCES))


@lru_cache(maxsize=16384)
def _count(weeks: tuple[int, ...], most: int) -> int:
    return next(count for count in range(most, -1, -1) if _fit(weeks, count))


def _fit(weeks: tuple[int, ...], wanted: int) -> bool:
    """Read week after week; a state holds, of each set under way, its first week and its number of days."""
    failed: set[tuple[int, int, State]] = set()

    def search(index: int, missing: int, under_way: State) -> bool:
        if not missing:
            return True
        days = SEANCES * missing - sum(count for _, count in under_way)
        key = (index, missing, under_way)
        if len(weeks) - index < days or len(under_way) > missing or key in failed:
            return False
        if any(search(index + 1, missing - done, state) for state, done in _steps(under_way, weeks[index])):
            return True
        failed.add(key)
        return False

    return search(0, wanted, ())


def _steps(under_way: State, week: int) -> list[tuple[State, int]]:
    """Give the week to a set that is under way, begin one on it, or leave it alone; tell how many sets that completes.

    No step leads on from a set that can't end any more: its days would be wasted.
    """
    found: list[tuple[State, int]] = []
    overdue = [s for s in under_way if week - s[0] >= _LONG]
    if any(week - s[0] > _LONG for s in overdue) or len(overdue) > 1:
        return []
    for mine in dict.fromkeys(overdue or under_way):
        begun, count = mine
        others = list(under_way)
        others.remove(mine)
        if count == SEANCES - 1 and week - begun >= _SHORT:
            found.append((tuple(others), 1))
        elif count < SEANCES - 1 and not overdue:
            found.append((tuple(sorted((*others, (begun, count + 1)))), 0))
    if not overdue:
        found += [(tuple(sorted((*under_way, (week, 1)))), 0), (under_way, 0)]
    return found
