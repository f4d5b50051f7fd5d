"""Wishes, fixed places and new peers within a slot, met by exchanging people between its groupes.

Invariant: an exchange keeps every rule and the number of each qualité per groupe. Wishes apart and fixed places are
hard: where exchanges don't suffice, a small CP-SAT model settles whether any arrangement exists. Wishes to be together
are met as far as that allows, and then people who have been in one groupe before meet others.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ortools.sat.python import cp_model

from scheduling.solver.problem import Candidat, GroupingProblem, Qualite, Slot, fixed_place
from scheduling.solver.profiles import apart_pairs, together_pairs

_HARD, _TOGETHER, _PEERS = 1_000_000, 1_000, 1
_MODEL_LIMIT = 20_000
_DETERMINISTIC_SECONDS = 10.0

Parts = list[tuple[Candidat, ...]]
_Ties = Mapping[str, Sequence[tuple[str, int, bool]]]
"""For each candidat, the others they are tied to: what it costs to be with them (True) or without."""


class Arranging:
    """Arranges the slots of one problem; reads its wishes once."""

    def __init__(self, problem: GroupingProblem) -> None:
        self._problem = problem
        self._apart, self._together = apart_pairs(problem), together_pairs(problem)
        self._ties: dict[str, list[tuple[str, int, bool]]] = defaultdict(list)
        pairs = [(pair, _HARD, True) for pair in self._apart]
        pairs += [(pair, _TOGETHER, False) for pair in self._together]
        pairs += [(pair, _PEERS, True) for pair in _met_before(problem)]
        for (a, b), cost, met in pairs:
            self._ties[a].append((b, cost, met))
            self._ties[b].append((a, cost, met))
        self._fixed = {
            candidat: (place[:2], place[2] - 1)
            for candidat, text in problem.places_fixees.items()
            if (place := fixed_place(text, problem.creneaux))[2] is not None
        }

    def arrange(self, slot: Slot, parts: Parts) -> tuple[Parts, bool]:
        """Return the parts in the order of their groupe numbers, and whether what is hard is kept."""
        ordered = sorted((_sorted(p) for p in parts), key=lambda p: [c.id for c in p[:1]])
        here = {c.id for part in parts for c in part}
        fixed = {c: k for c in here if c in self._fixed for s, k in [self._fixed[c]] if s == slot}
        if not fixed and not any(c in self._ties for c in here):
            return ordered, True
        state = _state(ordered, fixed, self._ties)
        _exchange(state)
        unmet = state.cost()
        if unmet >= _TOGETHER and len(state.people) * state.groupes <= _MODEL_LIMIT:
            pairs = [[(a, b) for a, b in every if a in here and b in here] for every in (self._apart, self._together)]
            # The mix of the split is kept if it can be; the rules are kept in any case.
            for even in (True, False):
                if _settle(self._problem, state, *pairs, even=even):
                    break
        found: list[list[Candidat]] = [[] for _ in range(state.groupes)]
        for person, k in state.where.items():
            found[k].append(state.people[person])
        return [_sorted(p) for p in found], state.cost() < _HARD


@dataclass(slots=True)
class _State:
    """One slot's people: where each is, and what that costs."""

    people: dict[str, Candidat]
    where: dict[str, int]
    groupes: int
    fixed: dict[str, int]
    ties: _Ties
    held: Counter[tuple[str, int]]

    def concerns(self, person: str) -> bool:
        return person in self.ties or person in self.fixed

    def cost_of(self, person: str) -> int:
        return self.cost_at(person, self.where[person])

    def cost_at(self, person: str, groupe: int) -> int:
        cost = _HARD if self.fixed.get(person, groupe) != groupe else 0
        for other, price, met in self.ties.get(person, ()):
            if other in self.where and (self.where[other] == groupe) == met:
                cost += price
        return cost

    def cost(self) -> int:
        """Count each tie from both its ends."""
        return sum(self.cost_of(person) for person in self.people if self.concerns(person))

    def swap(self, a: str, b: str) -> None:
        for person, to in ((a, self.where[b]), (b, self.where[a])):
            collectivite = self.people[person].collectivite
            self.held[collectivite, self.where[person]] -= 1
            self.held[collectivite, to] += 1
            self.where[person] = to

    def gain_of_swap(self, a: str, b: str) -> int:
        before = self.cost_of(a) + self.cost_of(b)
        self.swap(a, b)
        after = self.cost_of(a) + self.cost_of(b)
        self.swap(a, b)
        return before - after

    def can_swap(self, a: str, b: str) -> bool:
        one, other = self.people[a], self.people[b]
        if self.where[a] == self.where[b] or one.qualite is not other.qualite:
            return False
        return one.collectivite == other.collectivite or not (
            self.held[one.collectivite, self.where[b]] or self.held[other.collectivite, self.where[a]]
        )


def _met_before(problem: GroupingProblem) -> list[tuple[str, str]]:
    """Pairs of candidats for one thématique whose persons have been in one groupe; sorted."""
    if not problem.deja_ensemble:
        return []
    asked: dict[str, dict[str, str]] = defaultdict(dict)
    for candidat in problem.candidats:
        asked[candidat.personne][candidat.thematique] = candidat.id
    return sorted(
        (min(mine, theirs), max(mine, theirs))
        for a, b in problem.deja_ensemble
        for thematique, mine in asked.get(a, {}).items()
        if (theirs := asked.get(b, {}).get(thematique)) is not None
    )


def _sorted(part: Sequence[Candidat]) -> tuple[Candidat, ...]:
    return tuple(sorted(part, key=lambda c: c.id))


def _state(ordered: Parts, fixed: dict[str, int], ties: _Ties) -> _State:
    numbered = _by_number(ordered, fixed) if fixed else ordered
    where = {c.id: k for k, part in enumerate(numbered) for c in part}
    people = {c.id: c for c in sorted((c for part in ordered for c in part), key=lambda c: c.id)}
    return _State(
        people=people,
        where={person: where[person] for person in people},
        groupes=len(ordered),
        fixed=fixed,
        ties=ties,
        held=Counter((c.collectivite, where[c.id]) for c in people.values()),
    )


def _by_number(ordered: Parts, fixed: dict[str, int]) -> Parts:
    """Give each groupe number the part with most people who are fixed there."""
    left, numbered = list(ordered), []
    for k in range(len(ordered)):
        best = max(left, key=lambda p: sum(fixed.get(c.id) == k for c in p))
        left.remove(best)
        numbered.append(best)
    return numbered


def _exchange(state: _State) -> None:
    """Swap while it costs less; each swap lowers the cost, so it ends."""
    concerned = sorted(p for p in state.people if state.concerns(p))
    improved = True
    while improved:
        improved = False
        for person in concerned:
            if state.cost_of(person) and (best := _best_swap(state, person)):
                state.swap(person, best)
                improved = True


def _best_swap(state: _State, person: str) -> str | None:
    """Return the exchange that gains most, between people who are most alike."""
    best: tuple[tuple[int, int], str] | None = None
    me = state.people[person]
    # Of somebody with no wish of their own, all that counts is the groupe that they would leave to this person.
    moving = [state.cost_of(person) - state.cost_at(person, groupe) for groupe in range(state.groupes)]
    for other in state.people:
        gain = moving[state.where[other]]
        least = best[0][0] if best else 1
        if not (state.concerns(other) or gain >= least) or not state.can_swap(person, other):
            continue
        if state.concerns(other):
            gain = state.gain_of_swap(person, other)
        you = state.people[other]
        alike = (me.taille is you.taille) + (me.departement == you.departement)
        if gain >= least and (best is None or (gain, alike) > best[0]):
            best = ((gain, alike), other)
    return best and best[1]


def _settle(
    problem: GroupingProblem,
    state: _State,
    apart: Sequence[tuple[str, str]],
    together: Sequence[tuple[str, str]],
    *,
    even: bool,
) -> bool:
    """Meet what is hard, and as many wishes together as possible; False when no arrangement is found."""
    model = cp_model.CpModel()
    groupes = range(state.groupes)
    at = {(p, k): model.new_bool_var("") for p in state.people for k in groupes}
    for person in state.people:
        model.add_exactly_one(at[person, k] for k in groupes)
    _add_rules(problem, state, model, at, even=even)
    for k in groupes:
        for a, b in apart:
            model.add_at_most_one(at[a, k], at[b, k])
    for person, k in state.fixed.items():
        model.add(at[person, k] == 1)
    met = []
    for a, b in together:
        for k in groupes:
            both = model.new_bool_var("")
            model.add_implication(both, at[a, k])
            model.add_implication(both, at[b, k])
            met.append(both)
    model.maximize(sum(met))
    for (person, k), variable in at.items():
        model.add_hint(variable, state.where[person] == k)
    solver = cp_model.CpSolver()
    # Its own handler of Ctrl-C ends the whole process when the solver runs in a thread.
    solver.parameters.catch_sigint_signal = False
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = problem.graine
    solver.parameters.max_deterministic_time = _DETERMINISTIC_SECONDS
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return False
    state.where = {p: next(k for k in groupes if solver.value(at[p, k])) for p in state.people}
    return True


def _add_rules(
    problem: GroupingProblem,
    state: _State,
    model: cp_model.CpModel,
    at: dict[tuple[str, int], cp_model.IntVar],
    *,
    even: bool,
) -> None:
    limites, count = problem.limites, state.groupes
    by_collectivite: dict[str, list[str]] = {}
    for person, candidat in state.people.items():
        by_collectivite.setdefault(candidat.collectivite, []).append(person)
    roles = {q: [p for p, c in state.people.items() if c.qualite is q] for q in Qualite}
    sets = [(list(state.people), limites.min, limites.max)]
    sets += [(members, limites.minimum_of(q), limites.max) for q, members in roles.items()]
    for k in range(count):
        for members in by_collectivite.values():
            if len(members) > 1:
                model.add_at_most_one(at[p, k] for p in members)
        for members, low, high in sets:
            least, most = (len(members) // count, -(-len(members) // count)) if even else (low, high)
            model.add_linear_constraint(sum(at[p, k] for p in members), least, most)
