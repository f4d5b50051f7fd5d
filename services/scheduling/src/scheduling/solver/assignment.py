"""Step 1: how many groupes open in each créneau, and who is placed in which créneau.

Invariant: what is returned fills every profile's numbers exactly, holds at most as many people of a collectivité in a
créneau as it has groupes, and is the lexicographic optimum of: weight placed, wishes together, preferred créneaux,
earlier arrival (the sum over people placed of how many arrived after them, plus one).
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np

from scheduling.solver.mip import Ints, Optimum, Program
from scheduling.solver.problem import Candidat, GroupingProblem, InfeasibleInput, Qualite, fixed_creneau
from scheduling.solver.profiles import Profile, apart_pairs, arrival, build_profiles, together_pairs

Cut = tuple[str, str, str]

# Up to here one program with every collectivité apart is quicker than several with those found to bind.
_SMALL = 2_000


@dataclass(frozen=True, slots=True)
class Placement:
    """Groupes opened and candidats placed per créneau; `bound` limits the weight of any placement."""

    groupes: Mapping[str, int]
    people: Mapping[str, tuple[Candidat, ...]]
    weight: int
    bound: float


@dataclass(slots=True)
class _Model:
    problem: GroupingProblem
    profiles: tuple[Profile, ...]
    program: Program
    opened: Ints
    columns: Mapping[tuple[int, int], int]

    def x(self, profiles: Collection[int], creneau: int) -> list[int]:
        return [self.columns[p, creneau] for p in profiles if (p, creneau) in self.columns]


def place(problem: GroupingProblem, cuts: Collection[Cut] = ()) -> Placement:
    """Find the best placement; a cut (a, b, créneau) forbids these two people to be both in that créneau.

    Raises InfeasibleInput when the fixed places and the rules leave no placement at all.
    """
    bound_collectivites: set[str] = set()
    if len(problem.candidats) <= _SMALL:
        seats = Counter(c.collectivite for c in problem.candidats)
        bound_collectivites = {collectivite for collectivite, count in seats.items() if count > 1}
    while True:
        model = _build(problem, build_profiles(problem, bound_collectivites), cuts)
        weight, final = _solve_in_order(model)
        groupes = {c: int(final.values[model.opened[i]]) for i, c in enumerate(problem.creneaux)}
        people, conflicts = _fill(model, final.values)
        if not conflicts:
            return Placement(groupes, people, weight.objective, weight.bound)
        bound_collectivites |= conflicts


def _build(problem: GroupingProblem, profiles: tuple[Profile, ...], cuts: Collection[Cut]) -> _Model:
    program = Program(problem.graine)
    limites = problem.limites
    cap = len(problem.candidats) if limites.groupes_max is None else limites.groupes_max
    caps = [max(0, min(cap, limites.par_creneau.get(c, cap))) for c in problem.creneaux]
    least = _fixed_numbers(problem)
    opened = program.add_columns(least, np.maximum(caps, least))
    for index, (low, high) in enumerate(zip(least, caps, strict=True)):
        if low > high:
            raise InfeasibleInput(
                f"La place fixée dans le groupe {problem.creneaux[index]}-{low} demande plus de groupes "
                "que les animateurs ne peuvent en animer : libérez cette place ou ajoutez un animateur."
            )
    pairs = [(p, s) for p, profile in enumerate(profiles) for s, _ in profile.creneaux]
    x = program.add_columns(
        [float(profiles[p].fixed) for p, _ in pairs], [float(len(profiles[p].membres)) for p, _ in pairs]
    )
    model = _Model(problem, profiles, program, opened, dict(zip(pairs, x.tolist(), strict=True)))
    program.add_rows(1, 0, max(cap, sum(least)), np.zeros(opened.size), opened, 1)
    program.add_rows(len(profiles), -np.inf, [len(p.membres) for p in profiles], [p for p, _ in pairs], x, 1)
    for creneau in range(len(problem.creneaux)):
        _add_groupe_bounds(model, creneau)
    _add_collectivites_and_wishes(model, cuts)
    _add_animateurs(model)
    return model


def _fixed_numbers(problem: GroupingProblem) -> list[int]:
    """Per créneau, the highest groupe number that a fixed place needs."""
    least = dict.fromkeys(problem.creneaux, 0)
    for fixed in problem.places_fixees.values():
        creneau, number = fixed_creneau(fixed, problem.creneaux)
        least[creneau] = max(least[creneau], number or 1)
    return list(least.values())


def _add_groupe_bounds(model: _Model, creneau: int) -> None:
    limites, program, g = model.problem.limites, model.program, int(model.opened[creneau])
    everyone = model.x(range(len(model.profiles)), creneau)
    ones = [1] * len(everyone)
    zeros = [0] * (len(everyone) + 1)
    program.add_rows(1, 0, np.inf, zeros, [*everyone, g], [*ones, -limites.min])
    program.add_rows(1, -np.inf, 0, zeros, [*everyone, g], [*ones, -limites.max])
    fixed = _fixed_by_groupe(model.problem, model.problem.creneaux[creneau])
    for qualite in Qualite:
        # Beyond the minimum in one groupe, people fixed there can't count for the minimum of another.
        extra = sum(max(0, n[qualite] - limites.minimum_of(qualite)) for n in fixed.values())
        of_role = model.x([i for i, p in enumerate(model.profiles) if p.qualite is qualite], creneau)
        row = [*[1] * len(of_role), -limites.minimum_of(qualite)]
        program.add_rows(1, extra, np.inf, [0] * len(row), [*of_role, g], row)


def _fixed_by_groupe(problem: GroupingProblem, creneau: str) -> Mapping[int, Counter[Qualite]]:
    counts: dict[int, Counter[Qualite]] = defaultdict(Counter)
    for candidat in problem.candidats:
        if candidat.id in problem.places_fixees:
            where, number = fixed_creneau(problem.places_fixees[candidat.id], problem.creneaux)
            if where == creneau and number is not None:
                counts[number][candidat.qualite] += 1
    return counts


def _add_collectivites_and_wishes(model: _Model, cuts: Collection[Cut]) -> None:
    creneaux = range(len(model.problem.creneaux))
    by_collectivite: dict[str, list[int]] = defaultdict(list)
    by_person = {}
    for index, profile in enumerate(model.profiles):
        if profile.collectivite:
            by_collectivite[profile.collectivite].append(index)
        if profile.person:
            by_person[profile.person] = index
    sets = [(members, s) for members in by_collectivite.values() for s in creneaux]
    sets += [
        ([by_person[a], by_person[b]], s)
        for a, b in apart_pairs(model.problem)
        if a in by_person and b in by_person
        for s in creneaux
    ]
    for members, s in sets:
        columns = model.x(members, s)
        if sum(len(model.profiles[p].membres) for p in members) > 1 and columns:
            row = [*[1] * len(columns), -1]
            model.program.add_rows(1, -np.inf, 0, [0] * len(row), [*columns, int(model.opened[s])], row)
    for a, b, creneau in cuts:
        columns = model.x([by_person[a], by_person[b]], model.problem.creneaux.index(creneau))
        model.program.add_rows(1, -np.inf, 1, [0] * len(columns), columns, 1)


def _add_animateurs(model: _Model) -> None:
    """One column per animateur, thématique and créneau: together they must run every groupe, earlier ones too."""
    equipe = model.problem.equipe
    if equipe is None:
        return
    program, engaged = model.program, Counter(equipe.engages)
    demands = sorted({*engaged, *((equipe.thematique, c) for c in model.problem.creneaux)})
    takes: dict[tuple[str, str], list[int]] = {demand: [] for demand in demands}
    for animateur in sorted(equipe.animateurs, key=lambda a: a.id):
        mine: dict[str, list[int]] = defaultdict(list)
        for thematique, creneau in demands:
            if thematique in animateur.thematiques and creneau in animateur.creneaux:
                column = int(program.add_columns(0, 1)[0])
                mine[creneau].append(column)
                takes[thematique, creneau].append(column)
        everything = [column for columns in mine.values() for column in columns]
        program.add_rows(1, 0, animateur.groupes_max, [0] * len(everything), everything, 1)
        for columns in mine.values():
            program.add_rows(1, 0, 1, [0] * len(columns), columns, 1)
    for (thematique, creneau), columns in takes.items():
        row: list[int] = [1] * len(columns)
        if thematique == equipe.thematique and creneau in model.problem.creneaux:
            columns.append(int(model.opened[model.problem.creneaux.index(creneau)]))
            row.append(-1)
        program.add_rows(1, engaged[thematique, creneau], np.inf, [0] * len(row), columns, row)


def _solve_in_order(model: _Model) -> tuple[Optimum, Optimum]:
    """Return the optimum of the weight, and the final one after every later objective."""
    stages: list[Callable[[_Model], Ints]] = [_weight_cost, _together_cost, _preferred_cost, _arrival_cost]
    weight: Optimum | None = None
    final: Optimum | None = None
    for stage in stages:
        cost = stage(model)
        if weight is not None and not cost.any():
            continue
        found = model.program.maximise(cost, model.opened)
        if found is None and weight is None:
            raise InfeasibleInput(
                "Les places fixées ne peuvent pas toutes être respectées : leurs groupes n'atteignent pas "
                "la taille ou la mixité demandées, ou manquent d'animateur. Libérez une place fixée."
            )
        if found is None:
            continue
        model.program.keep_at_least(cost, found.objective)
        weight, final = weight or found, found
    if weight is None or final is None:
        raise AssertionError("the weight is always maximised first")
    return weight, final


def _cost(model: _Model, value: Callable[[Profile, bool], int]) -> Ints:
    cost = np.zeros(model.program.columns, dtype=np.int64)
    for p, profile in enumerate(model.profiles):
        for s, preferred in profile.creneaux:
            cost[model.columns[p, s]] = value(profile, preferred)
    return cost


def _weight_cost(model: _Model) -> Ints:
    return _cost(model, lambda profile, _: model.problem.limites.poids[profile.taille])


def _preferred_cost(model: _Model) -> Ints:
    return _cost(model, lambda _, preferred: int(preferred))


def _together_cost(model: _Model) -> Ints:
    """One column per wished pair and créneau, 1 only when both people are there."""
    by_person = {profile.person: p for p, profile in enumerate(model.profiles) if profile.person}
    wished: list[int] = []
    for a, b in together_pairs(model.problem):
        for s in range(len(model.problem.creneaux)):
            both = model.x([by_person[n] for n in (a, b) if n in by_person], s)
            if len(both) == 2:  # noqa: PLR2004 - a pair
                z = int(model.program.add_columns(0, 1)[0])
                wished.append(z)
                model.program.add_rows(2, -np.inf, 0, [0, 0, 1, 1], [z, both[0], z, both[1]], [1, -1, 1, -1])
    cost = np.zeros(model.program.columns, dtype=np.int64)
    cost[wished] = 1
    return cost


def _arrival_cost(model: _Model) -> Ints:
    """One column per person of a profile, worth less for each later arrival, so that the first ones come in first."""
    program = model.program
    order = sorted((c for p in model.profiles for c in p.membres), key=arrival)
    value = {candidat.id: len(order) - position for position, candidat in enumerate(order)}
    owner = [p for p, profile in enumerate(model.profiles) for _ in profile.membres]
    steps = program.add_columns(np.zeros(len(owner)), 1)
    pairs = list(model.columns.items())
    rows = [p for (p, _), _ in pairs] + owner
    columns = [column for _, column in pairs] + steps.tolist()
    signs = [1] * len(pairs) + [-1] * len(owner)
    program.add_rows(len(model.profiles), 0, 0, rows, columns, signs)
    cost = np.zeros(program.columns, dtype=np.int64)
    cost[steps] = [value[c.id] for profile in model.profiles for c in profile.membres]
    return cost


def _fill(model: _Model, values: Ints) -> tuple[dict[str, tuple[Candidat, ...]], set[str]]:
    """Candidats per créneau, the earliest of each profile first; and the collectivités that did not fit."""
    creneaux = model.problem.creneaux
    room = {s: int(values[model.opened[s]]) for s in range(len(creneaux))}
    taken: Counter[tuple[str, int]] = Counter()
    people: dict[int, list[Candidat]] = defaultdict(list)
    conflicts: set[str] = set()
    sizes = Counter(c.collectivite for profile in model.profiles for c in profile.membres)
    for p in sorted(range(len(model.profiles)), key=lambda p: not model.profiles[p].collectivite):
        profile = model.profiles[p]
        left = {s: int(values[model.columns[p, s]]) for s, _ in profile.creneaux}
        placed = profile.membres[: sum(left.values())]
        for candidat in sorted(placed, key=lambda c: (-sizes[c.collectivite], arrival(c))):
            free = [s for s in left if left[s] and taken[candidat.collectivite, s] < room[s]]
            if not free:
                conflicts.add(candidat.collectivite)
                continue
            best = max(free, key=lambda s: (room[s] - taken[candidat.collectivite, s], left[s], -s))
            left[best] -= 1
            taken[candidat.collectivite, best] += 1
            people[best].append(candidat)
    return {c: tuple(people[s]) for s, c in enumerate(creneaux)}, conflicts
