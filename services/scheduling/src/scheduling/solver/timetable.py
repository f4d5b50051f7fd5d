"""The animateur and the four dates of each groupe, by CP-SAT.

Invariant: a timetable leaves only after every rule has been checked on it, and a groupe that can't be planned gets a
sentence, never an exception. The cost to be lowest: groupes left out (most of all), then for each groupe ten per week
squared that a gap differs from two weeks and a hundred times the share of members on school holidays at each séance,
plus one per week that it starts later, plus the square of each animateur's number of groupes times five.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from ortools.sat.python import cp_model

from scheduling.solver.calendar_fr import school_calendar_known
from scheduling.solver.dates import Pattern, patterns, possible_days
from scheduling.solver.problem import Animateur, creneau_en_francais, half_day_of
from scheduling.solver.timetable_problem import (
    DURATION,
    SEANCES,
    GroupeAPlanifier,
    NonPlanifie,
    SeancePlanifiee,
    Timetable,
    TimetableProblem,
    overlap,
    starts_at,
)
from scheduling.solver.timetable_rules import check_timetable

__all__ = [
    "Animateur",
    "GroupeAPlanifier",
    "NonPlanifie",
    "SeancePlanifiee",
    "Timetable",
    "TimetableProblem",
    "available_animateurs",
    "plan_seances",
]

_LEFT_OUT = 1_000_000
_LOAD = 5
_DETERMINISTIC_SECONDS = 20.0

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


def plan_seances(problem: TimetableProblem) -> Timetable:
    """Animateurs and dates for every groupe that can have them; the others with a sentence on what to change.

    Raises BrokenRules on a solver bug only.
    """
    problem = replace(
        problem,
        groupes=tuple(sorted(problem.groupes, key=lambda g: g.id)),
        animateurs=tuple(sorted(problem.animateurs, key=lambda a: a.id)),
    )
    model = _build(problem)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = problem.graine
    solver.parameters.max_deterministic_time = _DETERMINISTIC_SECONDS
    status = solver.solve(model.cp)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        raise AssertionError("leaving every groupe out is always possible")
    seances = _read(model, solver)
    planned = {s.groupe for s in seances}
    timetable = Timetable(
        seances=seances,
        non_planifies=tuple(NonPlanifie(g.id, _why_left_out(model, g)) for g in problem.groupes if g.id not in planned),
        constats=_constats(seances),
        cout=round(solver.objective_value),
        borne=solver.best_objective_bound,
        preuve="optimal" if status == cp_model.OPTIMAL else "borne",
    )
    check_timetable(problem, timetable)
    return timetable


def available_animateurs(problem: TimetableProblem) -> tuple[Animateur, ...]:
    """Each animateur with only those créneaux in which four séances fit between their absences.

    Given to the forming of groupes, so that a groupe opens only where its séances can be held.
    """
    found = []
    for animateur in sorted(problem.animateurs, key=lambda a: a.id):
        kept = set()
        for creneau in animateur.creneaux:
            groupe = GroupeAPlanifier("", "", creneau)
            days = [d for d in possible_days(problem, groupe) if not _is_away(problem, animateur, creneau, d)]
            if patterns(problem, groupe, days):
                kept.add(creneau)
        found.append(replace(animateur, creneaux=frozenset(kept)))
    return tuple(found)


def _is_away(problem: TimetableProblem, animateur: Animateur, creneau: str, day: date) -> bool:
    start = starts_at(problem, half_day_of(creneau), day)
    busy = any(who == animateur.id and overlap(start, taken) for who, taken in problem.occupe)
    return busy or day in animateur.indisponible


def _can_run(animateur: Animateur, groupe: GroupeAPlanifier) -> bool:
    return groupe.thematique in animateur.thematiques and groupe.creneau in animateur.creneaux


def _build(problem: TimetableProblem) -> _Model:
    choices = {g.id: patterns(problem, g, possible_days(problem, g)) for g in problem.groupes}
    model = _Model(problem, cp_model.CpModel(), choices, {}, {}, {}, {}, [])
    for groupe in problem.groupes:
        _add_groupe(model, groupe)
    for animateur in problem.animateurs:
        _add_animateur(model, animateur)
    model.cp.minimize(sum(cost * variable for cost, variable in model.costs))
    return model


def _add_groupe(model: _Model, groupe: GroupeAPlanifier) -> None:
    """Exactly one animateur and one pattern, or left out."""
    cp, key = model.cp, groupe.id
    out = model.left_out[key] = cp.new_bool_var(f"out {key}")
    model.costs.append((_LEFT_OUT, out))
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
            for day in using:
                if _is_away(model.problem, animateur, groupe.creneau, day):
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
    model.costs += [(_LOAD * (2 * n + 1), step) for n, step in enumerate(steps)]
    for i, one in enumerate(mine):
        for other in mine[i + 1 :]:
            both = (model.runs[animateur.id, one.id], model.runs[animateur.id, other.id])
            for (groupe, day), meets in model.meets.items():
                if groupe == one.id and (other.id, day) in model.meets and _clash(model.problem, one, other, day):
                    cp.add_bool_or(*(v.negated() for v in (*both, meets, model.meets[other.id, day])))


def _clash(problem: TimetableProblem, one: GroupeAPlanifier, other: GroupeAPlanifier, day: date) -> bool:
    first, second = (starts_at(problem, half_day_of(g.creneau), day) for g in (one, other))
    return overlap(first, second)


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


def _why_left_out(model: _Model, groupe: GroupeAPlanifier) -> str:
    problem, when = model.problem, creneau_en_francais(groupe.creneau)
    name = f"Le groupe {groupe.id}"
    if not model.patterns[groupe.id]:
        count = len(possible_days(problem, groupe))
        return (
            f"{name} ne trouve pas ses dates : {_counted_days(count)} le {when} du {_french(problem.seances_du)} "
            f"au {_french(problem.seances_au)}, pour {SEANCES} séances réparties sur 6 à 8 semaines. "
            "Allongez la période ou libérez des jours exclus."
        )
    knowing = [a for a in problem.animateurs if groupe.thematique in a.thematiques]
    if not knowing:
        return f"{name} n'a pas d'animateur : aucun ne connaît sa thématique. Ajoutez-en un."
    able = [a for a in knowing if groupe.creneau in a.creneaux]
    if not able:
        return f"{name} n'a pas d'animateur : aucun de ceux de sa thématique n'est disponible le {when}."
    free = [a for a in able if _fits_alone(model, groupe, a)]
    if not free:
        return (
            f"{name} n'a pas d'animateur : les absences de ceux qui animent le {when} ne laissent pas quatre dates. "
            "Allongez la période ou ajoutez un animateur."
        )
    return (
        f"{name} n'a pas d'animateur : ceux qui animent le {when} sont pris au même moment ou ont déjà tous "
        "leurs groupes. "
        "Ajoutez un animateur ou augmentez le nombre de groupes que l'un d'eux peut animer."
    )


def _fits_alone(model: _Model, groupe: GroupeAPlanifier, animateur: Animateur) -> bool:
    return any(
        not any(_is_away(model.problem, animateur, groupe.creneau, d) for d in pattern.days)
        for pattern in model.patterns[groupe.id]
    )


def _constats(seances: Sequence[SeancePlanifiee]) -> tuple[str, ...]:
    unknown = sorted({s.debut.year for s in seances if not school_calendar_known(s.debut.date())})
    return tuple(
        f"Le calendrier scolaire de {year} n'est pas encore connu : les vacances n'ont pas pu être évitées."
        for year in unknown
    )


def _counted_days(count: int) -> str:
    return f"{count} jour{'s' if count > 1 else ''} sans férié ni exclusion"


def _french(day: date) -> str:
    return f"{day:%d/%m/%Y}"
