"""One CP-SAT model of the whole, as it is usually written: a Boolean per person, créneau and groupe."""

from collections import defaultdict
from dataclasses import dataclass

from ortools.sat.python import cp_model
from scheduling.solver.problem import Candidat, GroupeForme, GroupingProblem, Qualite

Slot = tuple[str, str]
Bool = cp_model.IntVar


@dataclass(slots=True)
class _Model:
    problem: GroupingProblem
    cp: cp_model.CpModel
    opens: dict[tuple[Slot, int], Bool]
    sits: dict[tuple[str, Slot, int], Bool]


def booleans(problem: GroupingProblem) -> int:
    """Count the Booleans that the model needs."""
    most = _most_groupes(problem)
    return sum(most[slot] for one in problem.candidats for slot in _slots(problem, one))


def solve_plainly(problem: GroupingProblem, seconds: float, seed: int = 1) -> tuple[GroupeForme, ...] | None:
    """Return the best groupes found in that time on two cores, None when there were none."""
    model = _build(problem)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 2
    solver.parameters.random_seed = seed
    solver.parameters.max_time_in_seconds = seconds
    if solver.solve(model.cp) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    members: dict[tuple[Slot, int], list[str]] = defaultdict(list)
    for (one, slot, k), variable in model.sits.items():
        if solver.value(variable):
            members[slot, k].append(one)
    return tuple(
        GroupeForme(id=f"{t}/{c}-{k + 1}", thematique=t, creneau=c, membres=tuple(sorted(people)))
        for ((t, c), k), people in sorted(members.items())
    )


def _slots(problem: GroupingProblem, one: Candidat) -> list[Slot]:
    return [
        (one.thematique, c)
        for c in problem.creneaux
        if c in one.creneaux and (one.departement, c) not in problem.hors_horaires
    ]


def _most_groupes(problem: GroupingProblem) -> dict[Slot, int]:
    """As many as its people could fill and the animateurs could run, if there were no others."""
    people: dict[Slot, int] = defaultdict(int)
    for one in problem.candidats:
        for slot in _slots(problem, one):
            people[slot] += 1
    runs: dict[Slot, int] = defaultdict(int)
    for animateur in problem.animateurs or ():
        for creneau in animateur.creneaux:
            sets = problem.capacites.get(animateur.id, {}).get(creneau, 1)
            for thematique in animateur.thematiques:
                runs[thematique, creneau] += min(sets, animateur.groupes_max)
    return {slot: min(count // problem.limites.min, runs[slot]) for slot, count in people.items()}


def _build(problem: GroupingProblem) -> _Model:
    cp = cp_model.CpModel()
    model = _Model(problem, cp, {}, {})
    for slot, count in sorted(_most_groupes(problem).items()):
        for k in range(count):
            model.opens[slot, k] = cp.new_bool_var("")
            if k:
                cp.add_implication(model.opens[slot, k], model.opens[slot, k - 1])
    for one in problem.candidats:
        for slot in _slots(problem, one):
            k = 0
            while (slot, k) in model.opens:
                model.sits[one.id, slot, k] = cp.new_bool_var("")
                k += 1
    _add_people(model)
    _add_groupes(model)
    _add_animateurs(model)
    weights = {c.id: problem.limites.poids[c.taille] for c in problem.candidats}
    cp.maximize(sum(weights[one] * variable for (one, _, _), variable in model.sits.items()))
    return model


def _add_people(model: _Model) -> None:
    by_person: dict[str, list[Bool]] = defaultdict(list)
    by_inscription: dict[str, list[Bool]] = defaultdict(list)
    person = {c.id: c.personne for c in model.problem.candidats}
    for (one, _, _), variable in model.sits.items():
        by_inscription[one].append(variable)
        by_person[person[one]].append(variable)
    for variables in by_inscription.values():
        model.cp.add_at_most_one(variables)
    for variables in by_person.values():
        model.cp.add(sum(variables) <= model.problem.limites.places_par_personne)


def _add_groupes(model: _Model) -> None:
    cp, limites = model.cp, model.problem.limites
    known = {c.id: c for c in model.problem.candidats}
    people: dict[tuple[Slot, int], list[Candidat]] = defaultdict(list)
    for one, slot, k in model.sits:
        people[slot, k].append(known[one])
    for (slot, k), opened in model.opens.items():
        here = people[slot, k]
        seat = {c.id: model.sits[c.id, slot, k] for c in here}
        total = sum(seat.values())
        cp.add(total >= limites.min * opened)
        cp.add(total <= limites.max * opened)
        for qualite in Qualite:
            cp.add(sum(seat[c.id] for c in here if c.qualite is qualite) >= limites.minimum_of(qualite) * opened)
        bodies: dict[str, list[Bool]] = defaultdict(list)
        for candidat in here:
            bodies[candidat.collectivite].append(seat[candidat.id])
            for other in candidat.sans & seat.keys():
                cp.add_at_most_one(seat[candidat.id], seat[other])
        for variables in bodies.values():
            if len(variables) > 1:
                cp.add_at_most_one(variables)


def _add_animateurs(model: _Model) -> None:
    cp, problem = model.cp, model.problem
    opened: dict[Slot, list[Bool]] = defaultdict(list)
    for (slot, _), variable in model.opens.items():
        opened[slot].append(variable)
    runs: dict[Slot, list[Bool]] = defaultdict(list)
    for animateur in problem.animateurs or ():
        mine: list[Bool] = []
        for creneau in sorted(animateur.creneaux):
            sets = problem.capacites.get(animateur.id, {}).get(creneau, 1)
            there = []
            for thematique in sorted(animateur.thematiques):
                if (thematique, creneau) in opened:
                    there.append(cp.new_int_var(0, sets, ""))
                    runs[thematique, creneau].append(there[-1])
            cp.add(sum(there) <= sets)
            mine += there
        cp.add(sum(mine) <= animateur.groupes_max)
    for slot, variables in opened.items():
        cp.add(sum(variables) <= sum(runs[slot]))
