"""The animateur and the four dates of each groupe: a flow, exchanges that better it, and a bound.

Invariant: a timetable leaves only after every rule has been checked on it, and a groupe that can't be planned gets a
sentence, never an exception. The cost to be lowest: groupes left out (most of all), then for each groupe ten per week
squared that a gap differs from two weeks and a hundred times the share of members on school holidays at each séance,
plus one per week that it starts later, plus the square of each animateur's number of groupes times five. Séances of two
groupes can meet only within one créneau, so that who runs what is a flow and the dates follow animateur by animateur.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter

from scheduling.solver.calendar_fr import school_calendar_known
from scheduling.solver.grid import Grid, make_grids
from scheduling.solver.problem import Animateur, half_day_of
from scheduling.solver.timetable_bound import Bound
from scheduling.solver.timetable_exact import solve_exactly
from scheduling.solver.timetable_exchange import exchange
from scheduling.solver.timetable_flow import LEFT_OUT, LOAD, Assignment, Runs, assign
from scheduling.solver.timetable_problem import (
    DURATION,
    GroupeAPlanifier,
    NonPlanifie,
    SeancePlanifiee,
    Timetable,
    TimetableProblem,
    starts_at,
)
from scheduling.solver.timetable_reasons import check_horaire, reasons
from scheduling.solver.timetable_rules import check_timetable

__all__ = [
    "Animateur",
    "GroupeAPlanifier",
    "NonPlanifie",
    "SeancePlanifiee",
    "Timetable",
    "TimetableProblem",
    "plan_seances",
]

_FEW = 3
_ROUNDS = 12
_ROUND_WORK = 4_000_000
_BOUND_STEPS = 600
_NEAR = 0.005
_SMALL = 24


@dataclass(frozen=True, slots=True)
class _Found:
    seances: tuple[SeancePlanifiee, ...]
    cost: int
    bound: int


def plan_seances(problem: TimetableProblem) -> Timetable:
    """Animateurs and dates for every groupe that can have them; the others with a sentence on what to change.

    Raises InfeasibleInput when the period or the hours contradict themselves, BrokenRules on a solver bug only.
    """
    check_horaire(problem)
    problem = replace(
        problem,
        groupes=tuple(sorted(problem.groupes, key=lambda g: g.id)),
        animateurs=tuple(sorted(problem.animateurs, key=lambda a: a.id)),
    )
    found = _solve(problem)
    planned = {s.groupe for s in found.seances}
    timetable = Timetable(
        seances=found.seances,
        non_planifies=reasons(problem, [g for g in problem.groupes if g.id not in planned]),
        constats=_constats(found.seances),
        cout=found.cost,
        borne=found.bound,
        preuve="optimal" if found.cost <= found.bound else "borne",
    )
    check_timetable(problem, timetable)
    return timetable


def _solve(problem: TimetableProblem) -> _Found:
    grids = make_grids(problem)
    assignment = assign(grids, problem.animateurs)
    runs, bound = _close_gap(problem, grids, assignment)
    found = _Found(_read(problem, grids, runs), _cost(problem, grids, runs), bound)
    if found.cost <= found.bound or len(problem.groupes) > _SMALL:
        return found
    seances, cost, proven = solve_exactly(problem)
    bound = max(found.bound, proven)
    return _Found(seances, cost, bound) if cost < found.cost else replace(found, bound=bound)


def _close_gap(problem: TimetableProblem, grids: Sequence[Grid], assignment: Assignment) -> tuple[Runs, int]:
    """Better the assignment, and a likelier one, while that is cheap or far from the bound; then raise the bound."""
    best, cost = assignment.runs, _cost(problem, grids, assignment.runs)
    work = max(1, sum(len(grid.cells) * len(grid.kinds) for grid in grids))
    rounds = max(_FEW, min(_ROUNDS, _ROUND_WORK // work))
    for typical in (False, True):
        runs = best
        for round_ in range(rounds):
            if cost - assignment.bound <= (0 if rounds == _ROUNDS else _allowed(problem, cost)):
                break
            if typical and not round_:
                runs = assign(grids, problem.animateurs, typical=True).runs
            runs = exchange(grids, runs, problem.graine + round_)
            best, cost = min((best, cost), (runs, _cost(problem, grids, runs)), key=itemgetter(1))
    near = _allowed(problem, cost)
    if cost - assignment.bound <= near:
        return best, assignment.bound
    bound = Bound(grids, problem.animateurs, assignment.prices).raise_to(cost, near, _BOUND_STEPS)
    return best, max(bound, assignment.bound)


def _allowed(problem: TimetableProblem, cost: int) -> float:
    """The gap at which the search may end: a share of what planning costs, without the groupes left out."""
    return 0 if len(problem.groupes) <= _SMALL else _NEAR * (cost % LEFT_OUT)


def _cost(problem: TimetableProblem, grids: Sequence[Grid], runs: Runs) -> int:
    loads: Counter[str] = Counter()
    total = 0
    for (g, c), kinds in runs.items():
        cell = grids[g].cells[c]
        loads[cell.animateur.id] += len(kinds)
        total += grids[g].cost(cell.days, kinds)
    left_out = len(problem.groupes) - loads.total()
    return total + LOAD * sum(load**2 for load in loads.values()) + LEFT_OUT * left_out


def _read(problem: TimetableProblem, grids: Sequence[Grid], runs: Runs) -> tuple[SeancePlanifiee, ...]:
    waiting = {(g, k): list(kind.groupes) for g, grid in enumerate(grids) for k, kind in enumerate(grid.kinds)}
    seances: list[SeancePlanifiee] = []
    for (g, c), kinds in sorted(runs.items()):
        grid, cell = grids[g], grids[g].cells[c]
        mine = tuple(sorted(kinds))
        half_day = half_day_of(grid.creneau)
        for kind, pattern in zip(mine, grid.choose(cell.days, mine)[1], strict=True):
            groupe = waiting[g, kind].pop(0)
            for rang, day in enumerate(grid.patterns[pattern], 1):
                start = starts_at(problem, half_day, day)
                seances.append(SeancePlanifiee(groupe, rang, start, start + DURATION, cell.animateur.id))
    return tuple(sorted(seances, key=lambda s: (s.groupe, s.rang)))


def _constats(seances: Iterable[SeancePlanifiee]) -> tuple[str, ...]:
    unknown = sorted({s.debut.year for s in seances if not school_calendar_known(s.debut.date())})
    return tuple(
        f"Le calendrier scolaire de {year} n'est pas encore connu : les vacances n'ont pas pu être évitées."
        for year in unknown
    )
