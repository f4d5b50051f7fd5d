"""One CP-SAT model of the groupes that may change; the others stand.

Invariant: deterministic. First the fewest groupes that can't be held, then the fewest people's séances moved, then the
fewest animateurs changed; then, none of these made worse, small steps, even gaps and even loads.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ortools.sat.python import cp_model

from scheduling.solver.replanning_options import Option
from scheduling.solver.replanning_problem import GroupePublie, ReplanProblem
from scheduling.solver.replanning_rules import can_take
from scheduling.solver.timetable_problem import DURATION, PARIS, overlap

_DETERMINISTIC_SECONDS = 3.0
_LOAD = 5

Bool = cp_model.IntVar


@dataclass(frozen=True, slots=True)
class Choice:
    """What a groupe gets; no option: it stays as it was published, whether that can be held or not."""

    option: Option | None
    animateur: str


@dataclass(frozen=True, slots=True)
class Answer:
    choices: Mapping[str, Choice]
    optimal: bool


@dataclass(slots=True)
class _Model:
    problem: ReplanProblem
    free: Mapping[str, list[Option]]
    keep: bool
    cp: cp_model.CpModel = field(default_factory=cp_model.CpModel)
    out: dict[str, Bool] = field(default_factory=dict)
    chosen: dict[tuple[str, int], Bool] = field(default_factory=dict)
    runs: dict[tuple[str, str], Bool] = field(default_factory=dict)
    busy: dict[str, list[tuple[datetime, Bool]]] = field(default_factory=lambda: defaultdict(list))
    weights: list[tuple[int, Bool]] = field(default_factory=list)
    tastes: list[tuple[int, Bool]] = field(default_factory=list)


def solve(problem: ReplanProblem, free: Mapping[str, list[Option]], *, keep: bool = False) -> Answer:
    """Choose among these options for each of these groupes, and among all animateurs unless each keeps its own."""
    model = _build(problem, free, keep=keep)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = problem.horaire.graine
    solver.parameters.max_deterministic_time = _DETERMINISTIC_SECONDS
    total = sum(weight * variable for weight, variable in model.weights)
    model.cp.minimize(total)
    first = solver.solve(model.cp)
    if first not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Answer({g: Choice(None, problem.par_id[g].animateur) for g in free}, optimal=False)
    best = _read(model, solver)
    model.cp.add(total <= round(solver.objective_value))
    model.cp.minimize(sum(weight * variable for weight, variable in model.tastes))
    for variable in (*model.out.values(), *model.chosen.values(), *model.runs.values()):
        model.cp.add_hint(variable, solver.boolean_value(variable))
    if solver.solve(model.cp) in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        best = _read(model, solver)
    return Answer(best, optimal=first == cp_model.OPTIMAL)


def able(problem: ReplanProblem, groupe: GroupePublie) -> list[str]:
    """Whoever could run the groupe as far as thématique and créneau go, its animateur included."""
    known = {*problem.animateurs, groupe.animateur}
    return sorted(a for a in known if can_take(problem, groupe, a))


def _build(problem: ReplanProblem, free: Mapping[str, list[Option]], *, keep: bool) -> _Model:
    model = _Model(problem, free, keep)
    change = len(free) + 1
    worst = change * (1 + sum(g.membres * len(g.seances) for g in problem.groupes if g.id in free))
    taken = standing(problem, free)
    for key in sorted(free):
        groupe = problem.par_id[key]
        _add_groupe(model, groupe, taken)
        if problem.is_touched(groupe):
            model.weights.append((worst * max(1, groupe.membres), model.out[key]))
        for n, option in enumerate(free[key]):
            model.weights.append((change * groupe.membres * option.moved, model.chosen[key, n]))
            model.tastes.append((option.cost, model.chosen[key, n]))
        model.weights += [(1, v) for (a, g), v in model.runs.items() if g == key and a != groupe.animateur]
    _keep_apart(model)
    _bound_loads(model)
    return model


def standing(problem: ReplanProblem, free: Iterable[str]) -> dict[str, list[datetime]]:
    """When each animateur is taken by what doesn't change: other campagnes and the other groupes."""
    taken: dict[str, list[datetime]] = defaultdict(list)
    for who, start in sorted(problem.horaire.occupe):
        taken[who].append(start)
    for groupe in problem.groupes:
        if groupe.id not in free:
            taken[groupe.animateur] += [s.debut for s in problem.future(groupe)]
    return taken


def _add_groupe(model: _Model, groupe: GroupePublie, taken: Mapping[str, list[datetime]]) -> None:
    """Exactly one option and one animateur who is free at each of its dates; or as it was."""
    cp, key, found = model.cp, groupe.id, model.free[groupe.id]
    out = model.out[key] = cp.new_bool_var(f"out {key}")
    using: dict[datetime, list[Bool]] = defaultdict(list)
    for n, option in enumerate(found):
        variable = model.chosen[key, n] = cp.new_bool_var(f"{key} option {n}")
        for seance in option.seances:
            using[seance.debut].append(variable)
    for animateur in able(model.problem, groupe):
        if model.keep and animateur != groupe.animateur:
            continue
        variable = model.runs[animateur, key] = cp.new_bool_var(f"{animateur} {key}")
        for debut, choosing in sorted(using.items()):
            if not is_free(model.problem, animateur, debut, taken):
                cp.add(sum(choosing) + variable <= 1)
            else:
                both = cp.new_bool_var(f"{animateur} {key} {debut}")
                cp.add(both >= sum(choosing) + variable - 1)
                model.busy[animateur].append((debut, both))
    model.busy[groupe.animateur] += [(s.debut, out) for s in model.problem.future(groupe)]
    cp.add_exactly_one([out, *(v for (g, _), v in model.chosen.items() if g == key)])
    cp.add_exactly_one([out, *(v for (_, g), v in model.runs.items() if g == key)])


def is_free(problem: ReplanProblem, animateur: str, debut: datetime, taken: Mapping[str, list[datetime]]) -> bool:
    """Tell whether an animateur is neither away on that day nor taken at that moment."""
    day = debut.astimezone(PARIS).date()
    return not problem.is_away(animateur, day) and not any(overlap(debut, other) for other in taken.get(animateur, ()))


def _keep_apart(model: _Model) -> None:
    """Never two séances of one animateur that overlap."""
    for meetings in model.busy.values():
        ordered = sorted(meetings, key=lambda m: (m[0], m[1].index))
        for debut in sorted({m[0] for m in ordered}):
            # All of these overlap at the last of their starts.
            together = [v for other, v in ordered if debut <= other < debut + DURATION]
            if len(together) > 1:
                model.cp.add_at_most_one(together)


def _bound_loads(model: _Model) -> None:
    """At most `groupes_max`, or what somebody has already; taking more than others costs more."""
    problem = model.problem
    before = Counter(g.animateur for g in problem.groupes)
    fixed = Counter(g.animateur for g in problem.groupes if g.id not in model.free)
    for animateur in problem.horaire.animateurs:
        mine = [v for (a, _), v in model.runs.items() if a == animateur.id]
        mine += [v for g, v in model.out.items() if problem.par_id[g].animateur == animateur.id]
        if not mine:
            continue
        room = max(animateur.groupes_max, before[animateur.id]) - fixed[animateur.id]
        model.cp.add(sum(mine) <= max(0, room))
        steps = [model.cp.new_bool_var(f"{animateur.id} load {n}") for n in range(min(len(mine), max(0, room)))]
        model.cp.add(sum(mine) == sum(steps))
        model.tastes += [(_LOAD * (2 * (fixed[animateur.id] + n) + 1), step) for n, step in enumerate(steps)]


def _read(model: _Model, solver: cp_model.CpSolver) -> dict[str, Choice]:
    found = {}
    for key, given in model.free.items():
        number = next((n for n in range(len(given)) if solver.boolean_value(model.chosen[key, n])), None)
        if number is None:
            found[key] = Choice(None, model.problem.par_id[key].animateur)
        else:
            who = next(a for (a, g), v in model.runs.items() if g == key and solver.boolean_value(v))
            found[key] = Choice(given[number], who)
    return found
