"""Every set of dates that a published groupe could have from now on, and what choosing it changes.

Invariant: each keeps the rules of a replanning that concern the groupe alone; the first is what is published, when that
can still be held by somebody.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from scheduling.solver.calendar_fr import school_holiday, school_zone
from scheduling.solver.dates import open_days
from scheduling.solver.problem import half_day_of
from scheduling.solver.replanning_problem import GroupePublie, ReplanProblem, SeanceTenue
from scheduling.solver.replanning_rules import date_is_open, dates_are_well_spread
from scheduling.solver.timetable_problem import MAX_SPAN, MIN_GAP, starts_at

_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Option:
    """The séances to come; `moved` of them are not where they were. `cost` prefers small steps and even gaps."""

    seances: tuple[SeanceTenue, ...]
    moved: int
    cost: int


def options(problem: ReplanProblem, groupe: GroupePublie) -> list[Option]:
    """Those that move least come first."""
    to_come = problem.future(groupe)
    over = groupe.seances[: len(groupe.seances) - len(to_come)]
    new = [d for d in _starts(problem, groupe) if date_is_open(problem, groupe, d)]
    found = []
    for chosen in _sequences(problem, groupe, over, to_come, new):
        if dates_are_well_spread(groupe, (*over, *chosen)):
            moved = [(a, b) for a, b in zip(to_come, chosen, strict=True) if a != b]
            far = sum(abs(b.debut - a.debut) // timedelta(days=1) for a, b in moved)
            found.append(Option(chosen, len(moved), far + _strain((*over, *chosen), groupe)))
    return sorted(found, key=lambda o: (o.moved, o.cost, [s.debut for s in o.seances]))


def _starts(problem: ReplanProblem, groupe: GroupePublie) -> list[datetime]:
    creneau = groupe.nouveau_creneau
    return [starts_at(problem.horaire, half_day_of(creneau), day) for day in open_days(problem.horaire, creneau)]


def _sequences(
    problem: ReplanProblem,
    groupe: GroupePublie,
    over: tuple[SeanceTenue, ...],
    to_come: tuple[SeanceTenue, ...],
    new: list[datetime],
) -> Iterator[tuple[SeanceTenue, ...]]:
    """Keep or move each séance to come, in their order."""
    held = {s for s in to_come if not problem.touched(groupe, s, "")}
    longest = max(MAX_SPAN, groupe.seances[-1].jour - groupe.seances[0].jour)

    def visit(chosen: tuple[SeanceTenue, ...]) -> Iterator[tuple[SeanceTenue, ...]]:
        if len(chosen) == len(to_come):
            yield chosen
            return
        seance = to_come[len(chosen)]
        before = (*over, *chosen)
        for debut in dict.fromkeys([*([seance.debut] if seance in held else []), *new]):
            candidate = seance if debut == seance.debut else SeanceTenue(seance.rang, debut)
            if candidate == seance and seance not in held:
                continue
            kept = candidate == seance and (not chosen or chosen[-1] == to_come[len(chosen) - 1])
            apart = not before or kept or candidate.jour - before[-1].jour >= MIN_GAP
            if apart and (not before or candidate.jour - before[0].jour <= longest):
                yield from visit((*chosen, candidate))

    yield from visit(())


def _strain(seances: tuple[SeanceTenue, ...], groupe: GroupePublie) -> int:
    """Ten a week squared for uneven gaps, and a hundred times the share of members on school holidays."""
    days = [s.jour for s in seances]
    uneven = sum(10 * ((b - a) // _WEEK - 2) ** 2 for a, b in pairwise(days))
    zones = [zone for zone in map(school_zone, groupe.departements) if zone]
    away = sum(100 * sum(bool(school_holiday(d, z)) for z in zones) // max(1, groupe.membres) for d in days)
    return uneven + away
