"""The whole of a small timetable as one CP-SAT model: the optimum where the flow and its bound don't meet.

Invariant: the limit is deterministic; the model's cost is the timetable's.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import ceil

from ortools.sat.python import cp_model

from scheduling.solver.capacities import Presences
from scheduling.solver.dates import Pattern, patterns, possible_days
from scheduling.solver.problem import Animateur, half_day_of
from scheduling.solver.timetable_flow import LEFT_OUT, LOAD
from scheduling.solver.timetable_problem import DURATION, GroupeAPlanifier, SeancePlanifiee, TimetableProblem, starts_at

_DETERMINISTIC_SECONDS = 2.0

Bool = cp_model.IntVar


@dataclass(slots=True)
class _Model:
    problem: TimetableProblem
    cp: cp_model.CpModel
    patterns: Mapping[str, list[Pattern]]
    runs: dict[tuple[str, str], Bool]
    chosen: dict[tuple[str, int], Bool]
    meets: dict[tuple[str, date], Bool]
    left_out: dict[str, Bool]
    costs: list[tuple[int, Bool]]


def solve_exactly(problem: TimetableProblem) -> tuple[tuple[SeancePlanifiee, ...], int, int]:
    """Return the séances, their cost and a cost that no timetable undercuts."""
    model = _build(problem)
    solver = cp_model.CpSolver()
    # Its own handler of Ctrl-C ends the whole process when the solver runs in a thread.
    solver.parameters.catch_sigint_signal = False
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = problem.graine
    solver.parameters.max_deterministic_time = _DETERMINISTIC_SECONDS
    status = solver.solve(model.cp)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        raise AssertionError("leaving every groupe out is always possible")
    return _read(model, solver), round(solver.objective_value), ceil(solver.best_objective_bound - 1e-6)


def _can_run(animateur: Animateur, groupe: GroupeAPlanifier) -> bool:
    return groupe.thematique in animateur.thematiques and groupe.creneau in animateur.creneaux


def _build(problem: TimetableProblem) -> _Model:
    choices = {g.id: patterns(problem, g, possible_days(problem, g)) for g in problem.groupes}
    model = _Model(problem, cp_model.CpModel(), choices, {}, {}, {}, {}, [])
    presences = Presences(problem)
    for groupe in problem.groupes:
        _add_groupe(model, groupe, presences)
    for animateur in problem.animateurs:
        _add_animateur(model, animateur)
    model.cp.minimize(sum(cost * variable for cost, variable in model.costs))
    return model


def _add_groupe(model: _Model, groupe: GroupeAPlanifier, presences: Presences) -> None:
    """Exactly one animateur and one pattern, or left out."""
    cp, key = model.cp, groupe.id
    out = model.left_out[key] = cp.new_bool_var(f"out {key}")
    model.costs.append((LEFT_OUT, out))
    using: dict[date, list[Bool]] = defaultdict(list)
    for n, pattern in enumerate(model.patterns[key]):
        variable = model.chosen[key, n] = cp.new_bool_var(f"{key} pattern {n}")
        model.costs.append((pattern.cost, variable))
        for day in pattern.days:
            using[day].append(variable)
    for day, variables in using.items():
        model.meets[key, day] = cp.new_bool_var(f"{key} {day}")
        cp.add(sum(variables) == model.meets[key, day])
    for animateur in model.problem.animateurs:
        if _can_run(animateur, groupe):
            model.runs[animateur.id, key] = cp.new_bool_var(f"{animateur.id} {key}")
            free = presences.free(animateur, groupe.creneau)
            for day in using:
                if day not in free:
                    cp.add_at_most_one(model.runs[animateur.id, key], model.meets[key, day])
    cp.add_exactly_one([out, *(v for (g, _), v in model.chosen.items() if g == key)])
    cp.add_exactly_one([out, *(v for (_, g), v in model.runs.items() if g == key)])


def _add_animateur(model: _Model, animateur: Animateur) -> None:
    """Load within bounds and even; never two groupes at once."""
    cp = model.cp
    mine = [g for g in model.problem.groupes if (animateur.id, g.id) in model.runs]
    steps = [cp.new_bool_var(f"{animateur.id} load {n}") for n in range(min(len(mine), animateur.groupes_max))]
    cp.add(sum(model.runs[animateur.id, g.id] for g in mine) == sum(steps))
    # Odd costs add up to the square of the load, which is lowest when loads are even.
    model.costs += [(LOAD * (2 * n + 1), step) for n, step in enumerate(steps)]
    for i, one in enumerate(mine):
        for other in mine[i + 1 :]:
            if other.creneau != one.creneau:
                continue
            both = (model.runs[animateur.id, one.id], model.runs[animateur.id, other.id])
            for (groupe, day), meets in model.meets.items():
                if groupe == one.id and (other.id, day) in model.meets:
                    cp.add_bool_or(*(v.negated() for v in (*both, meets, model.meets[other.id, day])))


def _read(model: _Model, solver: cp_model.CpSolver) -> tuple[SeancePlanifiee, ...]:
    seances = []
    for groupe in model.problem.groupes:
        if solver.value(model.left_out[groupe.id]):
            continue
        animateur = next(a for (a, g), v in model.runs.items() if g == groupe.id and solver.value(v))
        days = next(
            pattern.days
            for n, pattern in enumerate(model.patterns[groupe.id])
            if solver.value(model.chosen[groupe.id, n])
        )
        for rang, day in enumerate(days, 1):
            start = starts_at(model.problem, half_day_of(groupe.creneau), day)
            seances.append(SeancePlanifiee(groupe.id, rang, start, start + DURATION, animateur))
    return tuple(seances)
