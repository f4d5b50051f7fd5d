"""How many groupes one animateur can run in one créneau: as many as there are disjoint sets of four dates.

Invariant: exact. Weeks are read from the first to the last, keeping which séances are under way; `groupes_max` bounds
the answer, so that a long season costs no more than what the animateur may run.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import lru_cache

from scheduling.solver.dates import open_days
from scheduling.solver.problem import Animateur, half_day_of
from scheduling.solver.timetable_problem import MAX_SPAN, MIN_SPAN, SEANCES, TimetableProblem, overlap, starts_at

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


def available_animateurs(problem: TimetableProblem) -> tuple[Animateur, ...]:
    """Each animateur with only those créneaux in which four séances fit between their absences.

    Given to the forming of groupes, so that a groupe opens only where its séances can be held.
    """
    fits = groupe_capacities(replace(problem, animateurs=tuple(replace(a, groupes_max=1) for a in problem.animateurs)))
    return tuple(
        replace(a, creneaux=frozenset(c for c in a.creneaux if fits[a.id, c]))
        for a in sorted(problem.animateurs, key=lambda a: a.id)
    )


def count_disjoint(days: Sequence[date], most: int) -> int:
    """Most sets of four of these days (of one weekday, in order) that keep the rules and share no day, up to `most`."""
    if not days or most < 1:
        return 0
    return _count(tuple((day - days[0]) // _WEEK for day in days), min(most, len(days) // SEANCES))


@lru_cache(maxsize=16384)
def _count(weeks: tuple[int, ...], most: int) -> int:
    """A state holds, of each set under way, its first week and its number of days; its value, the sets complete."""
    best: dict[tuple[tuple[int, int], ...], int] = {(): 0}
    for week in weeks:
        after: dict[tuple[tuple[int, int], ...], int] = {}
        for under_way, done in best.items():
            for state, complete in _steps(under_way, week):
                after[state] = max(after.get(state, 0), done + complete)
        best = {state: done for state, done in after.items() if done + len(state) <= most}
    return max(best.values())


def _steps(under_way: tuple[tuple[int, int], ...], week: int) -> list[tuple[tuple[tuple[int, int], ...], int]]:
    """Leave the week alone, begin a set on it, or give it to one that is under way."""
    kept = tuple(s for s in under_way if week - s[0] < _LONG)
    found = [(kept, 0), (tuple(sorted((*kept, (week, 1)))), 0)]
    for begun, count in set(under_way):
        if week - begun > _LONG:
            continue
        rest = list(under_way)
        rest.remove((begun, count))
        others = [s for s in rest if week - s[0] < _LONG]
        if count < SEANCES - 1 and week - begun < _LONG:
            found.append((tuple(sorted((*others, (begun, count + 1)))), 0))
        elif count == SEANCES - 1 and _SHORT <= week - begun <= _LONG:
            found.append((tuple(others), 1))
    return found
