"""Step 1 for a campagne of ordinary size: how many groupes open where, and who is placed where, by one program.

Invariant: what is returned fills every profile's numbers exactly, holds at most as many people of a collectivité in a
slot (a thématique and créneau) as it has groupes, and is the lexicographic optimum of: weight placed, wanted
thématique, wishes together, preferred créneaux, and the turn in which places are offered (the sum over people placed of
how many come after them, plus one). Above `_EVERY_OBJECTIVE` inscriptions the later objectives are optimal for the
groupes that the weight opens.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from scheduling.solver.animateurs import kinds_of
from scheduling.solver.mip import Ints, Optimum, Program, Undecided
from scheduling.solver.placement import Cut, Placement, fixed_by_groupe, fixed_numbers, most_groupes
from scheduling.solver.problem import Animateur, Candidat, GroupingProblem, InfeasibleInput, Qualite, Slot
from scheduling.solver.profiles import Profile, apart_pairs, build_profiles, together_pairs, turn
from scheduling.solver.watch import SEARCHING, Watch

_EVERY_OBJECTIVE = 60


@dataclass(slots=True)
class _Model:
    problem: GroupingProblem
    slots: tuple[Slot, ...]
    profiles: tuple[Profile, ...]
    program: Program
    opened: Mapping[Slot, int]
    columns: Mapping[tuple[int, Slot], int]

    def x(self, profiles: Collection[int], slot: Slot) -> list[int]:
        return [self.columns[p, slot] for p in profiles if (p, slot) in self.columns]

    def every_x(self, profiles: Collection[int]) -> list[int]:
        return [self.columns[p, s] for p in profiles for s, _ in self.profiles[p].places]


def place(problem: GroupingProblem, watch: Watch, cuts: Collection[Cut] = ()) -> Placement:
    """Find the best placement; a cut (a, b, slot) forbids these two people to be both there.

    Raises InfeasibleInput when the fixed places and the rules leave no placement at all.
    """
    seats = Counter(c.collectivite for c in problem.candidats)
    several = {collectivite for collectivite, count in seats.items() if count > 1}
    model = _build(problem, build_profiles(problem, several), cuts)
    weight, final = _solve_in_order(model, watch)
    groupes = {s: opened for s in model.slots if (opened := int(final.values[model.opened[s]]))}
    people = {slot: members for slot, members in _fill(model, final.values).items() if slot in groupes}

    def with_one_more(slot: Slot) -> int:
        return _people_with(problem, model.profiles, Counter(groupes) + Counter([slot]), slot)

    return Placement(groupes, people, weight.objective, weight.bound, with_one_more)


def _people_with(
    problem: GroupingProblem, profiles: tuple[Profile, ...], groupes: Mapping[Slot, int], slot: Slot
) -> int:
    """Count the people placed when these groupes open, an animateur more running one in `slot`."""
    thematique, creneau = slot
    one = Animateur("", "", frozenset([thematique]), frozenset([creneau]), groupes_max=1)
    model = _build(replace(problem, animateurs=(*(problem.animateurs or ()), one)), profiles, ())
    opened = np.array(list(model.opened.values()), dtype=np.int64)
    model.program.fix(opened, np.array([groupes.get(s, 0) for s in model.opened], dtype=np.int64))
    found = model.program.maximise(_weight_cost(model), opened)
    return 0 if found is None else int(found.values[list(model.columns.values())].sum())


def _build(problem: GroupingProblem, profiles: tuple[Profile, ...], cuts: Collection[Cut]) -> _Model:
    program = Program(problem.graine)
    slots = tuple(sorted({s for profile in profiles for s, _ in profile.places}))
    people: dict[Slot, Counter[Qualite]] = defaultdict(Counter)
    for profile in profiles:
        for slot, _ in profile.places:
            people[slot][profile.qualite] += len(profile.membres)
    least, most = fixed_numbers(problem), most_groupes(problem, people)
    for slot, low in least.items():
        if low > most.get(slot, 0):
            raise InfeasibleInput(
                f"La place fixée dans le groupe {slot[0]}/{slot[1]}-{low} demande plus de groupes que les inscrits "
                "ou les animateurs ne le permettent : libérez cette place ou ajoutez un animateur."
            )
    opened = program.add_columns([least.get(s, 0) for s in slots], [most[s] for s in slots])
    pairs = [(p, s) for p, profile in enumerate(profiles) for s, _ in profile.places]
    x = program.add_columns(
        [float(profiles[p].fixed) for p, _ in pairs], [float(len(profiles[p].membres)) for p, _ in pairs]
    )
    model = _Model(
        problem,
        slots,
        profiles,
        program,
        dict(zip(slots, opened.tolist(), strict=True)),
        dict(zip(pairs, x.tolist(), strict=True)),
    )
    program.add_rows(len(profiles), -np.inf, [len(p.membres) for p in profiles], [p for p, _ in pairs], x, 1)
    _add_limits(model)
    for slot in slots:
        _add_groupe_bounds(model, slot)
    _add_people(model)
    _add_collectivites_and_wishes(model, cuts)
    _add_animateurs(model)
    return model


def _add_limits(model: _Model) -> None:
    limites, by_creneau = model.problem.limites, defaultdict(list)
    for (_, creneau), column in model.opened.items():
        by_creneau[creneau].append(column)
    for creneau, columns in by_creneau.items():
        if creneau in limites.par_creneau:
            _at_most(model, columns, limites.par_creneau[creneau])
    if limites.groupes_max is not None:
        _at_most(model, list(model.opened.values()), limites.groupes_max)


def _at_most(model: _Model, columns: Sequence[int], most: float) -> None:
    if columns:
        model.program.add_rows(1, -np.inf, most, [0] * len(columns), columns, 1)


def _at_most_the_groupes(model: _Model, columns: Sequence[int], slot: Slot) -> None:
    row = [*[1] * len(columns), -1]
    model.program.add_rows(1, -np.inf, 0, [0] * len(row), [*columns, model.opened[slot]], row)


def _add_groupe_bounds(model: _Model, slot: Slot) -> None:
    limites, program, g = model.problem.limites, model.program, model.opened[slot]
    everyone = model.x(range(len(model.profiles)), slot)
    ones = [1] * len(everyone)
    zeros = [0] * (len(everyone) + 1)
    program.add_rows(1, 0, np.inf, zeros, [*everyone, g], [*ones, -limites.min])
    program.add_rows(1, -np.inf, 0, zeros, [*everyone, g], [*ones, -limites.max])
    fixed = fixed_by_groupe(model.problem, slot)
    for qualite in Qualite:
        # Beyond the minimum in one groupe, people fixed there can't count for the minimum of another.
        extra = sum(max(0, n[qualite] - limites.minimum_of(qualite)) for n in fixed.values())
        of_role = model.x([i for i, p in enumerate(model.profiles) if p.qualite is qualite], slot)
        row = [*[1] * len(of_role), -limites.minimum_of(qualite)]
        program.add_rows(1, extra, np.inf, [0] * len(row), [*of_role, g], row)


def _add_people(model: _Model) -> None:
    """At most one place in a thématique, and as many in all as the campagne allows."""
    per_person: dict[str, list[int]] = defaultdict(list)
    per_thematique: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index, profile in enumerate(model.profiles):
        if profile.candidat:
            who = profile.membres[0]
            per_person[who.personne].append(index)
            per_thematique[who.personne, who.thematique].append(index)
    for profiles in per_thematique.values():
        if len(profiles) > 1:
            _at_most(model, model.every_x(profiles), 1)
    for profiles in per_person.values():
        if len(profiles) > model.problem.limites.places_par_personne:
            _at_most(model, model.every_x(profiles), model.problem.limites.places_par_personne)


def _add_collectivites_and_wishes(model: _Model, cuts: Collection[Cut]) -> None:
    by_collectivite: dict[str, list[int]] = defaultdict(list)
    by_candidat = {}
    for index, profile in enumerate(model.profiles):
        if profile.collectivite:
            by_collectivite[profile.collectivite].append(index)
        if profile.candidat:
            by_candidat[profile.candidat] = index
    sets = list(by_collectivite.values())
    sets += [
        [by_candidat[a], by_candidat[b]] for a, b in apart_pairs(model.problem) if a in by_candidat and b in by_candidat
    ]
    for members in sets:
        for slot in sorted({s for p in members for s, _ in model.profiles[p].places}):
            here = [p for p in members if (p, slot) in model.columns]
            if sum(len(model.profiles[p].membres) for p in here) > 1:
                _at_most_the_groupes(model, model.x(here, slot), slot)
    season = model.problem.limites.places_par_collectivite
    for members in by_collectivite.values():
        if season and sum(len(model.profiles[p].membres) for p in members) > season:
            _at_most(model, model.every_x(members), season)
    for a, b, slot in cuts:
        _at_most(model, model.x([by_candidat[a], by_candidat[b]], slot), 1)


def _add_animateurs(model: _Model) -> None:
    """One column per kind of animateur, thématique and créneau: together they must run every groupe."""
    if model.problem.animateurs is None:
        return
    program = model.program
    takes: dict[Slot, list[int]] = {slot: [] for slot in model.slots}
    for kind in kinds_of(model.problem):
        able, mine = dict(kind.creneaux), defaultdict(list)
        for slot in model.slots:
            if slot[0] in kind.thematiques and slot[1] in able:
                column = int(program.add_columns(0, kind.count * able[slot[1]])[0])
                mine[slot[1]].append(column)
                takes[slot].append(column)
        _at_most(model, [column for columns in mine.values() for column in columns], kind.most)
        for creneau, columns in mine.items():
            _at_most(model, columns, kind.count * able[creneau])
    for slot, columns in takes.items():
        row = [*[1] * len(columns), -1]
        program.add_rows(1, 0, np.inf, [0] * len(row), [*columns, model.opened[slot]], row)


def _solve_in_order(model: _Model, watch: Watch) -> tuple[Optimum, Optimum]:
    """Return the optimum of the weight, and the final one after every later objective; the best so far when stopped."""
    program, opened = model.program, np.array(list(model.opened.values()), dtype=np.int64)
    weight = final = _heaviest(model, opened, watch)
    program.keep_at_least(_weight_cost(model), weight.objective)
    if len(model.problem.candidats) > _EVERY_OBJECTIVE:
        program.fix(opened, weight.values[opened])
    for stage in (_rang_cost, _together_cost, _preferred_cost, _turn_cost):
        cost = stage(model)
        if watch.stopped():
            break
        if not cost.any():
            continue
        try:
            found = program.maximise(cost, opened, lambda *_: watch.stopped())
        except Undecided:
            continue
        if found is not None:
            program.keep_at_least(cost, found.objective)
            final = found
    return weight, final


def _heaviest(model: _Model, opened: Ints, watch: Watch) -> Optimum:
    def ask(weight: int, bound: float) -> bool:
        watch.tell(SEARCHING, weight, bound)
        return watch.stopped()

    try:
        found = model.program.maximise(_weight_cost(model), opened, ask)
    except Undecided:
        raise InfeasibleInput(
            "Aucune répartition qui respecte toutes les places fixées n'a été trouvée. Libérez une place fixée."
        ) from None
    if found is None:
        raise InfeasibleInput(
            "Les places fixées ne peuvent pas toutes être respectées : leurs groupes n'atteignent pas "
            "la taille ou la mixité demandées, ou manquent d'animateur. Libérez une place fixée."
        )
    return found


def _cost(model: _Model, value: Callable[[Profile, bool], int]) -> Ints:
    cost = np.zeros(model.program.columns, dtype=np.int64)
    for p, profile in enumerate(model.profiles):
        for slot, preferred in profile.places:
            cost[model.columns[p, slot]] = value(profile, preferred)
    return cost


def _weight_cost(model: _Model) -> Ints:
    return _cost(model, lambda profile, _: model.problem.limites.poids[profile.taille])


def _rang_cost(model: _Model) -> Ints:
    """Less for a thématique that is wanted less."""
    last = max((profile.rang for profile in model.profiles), default=1)
    return _cost(model, lambda profile, _: last - profile.rang)


def _preferred_cost(model: _Model) -> Ints:
    return _cost(model, lambda _, preferred: int(preferred))


def _together_cost(model: _Model) -> Ints:
    """One column per wished pair and slot, 1 only when both people are there."""
    by_candidat = {profile.candidat: p for p, profile in enumerate(model.profiles) if profile.candidat}
    wished: list[int] = []
    for a, b in together_pairs(model.problem):
        if a not in by_candidat or b not in by_candidat:
            continue
        for slot, _ in model.profiles[by_candidat[a]].places:
            both = model.x([by_candidat[a], by_candidat[b]], slot)
            if len(both) == 2:  # noqa: PLR2004 - a pair
                z = int(model.program.add_columns(0, 1)[0])
                wished.append(z)
                model.program.add_rows(2, -np.inf, 0, [0, 0, 1, 1], [z, both[0], z, both[1]], [1, -1, 1, -1])
    cost = np.zeros(model.program.columns, dtype=np.int64)
    cost[wished] = 1
    return cost


def _turn_cost(model: _Model) -> Ints:
    """One column per person of a profile, worth less for each later turn, so that the first ones come in first."""
    program = model.program
    order = sorted((c for p in model.profiles for c in p.membres), key=turn)
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


def _fill(model: _Model, values: Ints) -> dict[Slot, tuple[Candidat, ...]]:
    """Candidats per slot, the first of each profile in the slots with most room left."""
    people: dict[Slot, list[Candidat]] = {slot: [] for slot in model.slots}
    for p, profile in enumerate(model.profiles):
        left = {s: int(values[model.columns[p, s]]) for s, _ in profile.places}
        for candidat in profile.membres[: sum(left.values())]:
            best = max(left, key=lambda s: (left[s], s))
            left[best] -= 1
            people[best].append(candidat)
    return {slot: tuple(members) for slot, members in people.items()}
