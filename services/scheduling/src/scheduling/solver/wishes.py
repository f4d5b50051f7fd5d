"""Wishes and fixed places within a créneau, met by exchanging people between its groupes.

Invariant: an exchange keeps every rule and the number of each qualité per groupe. Wishes apart and fixed places are
hard: where exchanges don't suffice, a small CP-SAT model settles whether any arrangement exists. Wishes to be together
are met as far as that allows.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from ortools.sat.python import cp_model

from scheduling.solver.problem import Candidat, GroupingProblem, Qualite, fixed_creneau
from scheduling.solver.profiles import apart_pairs, together_pairs

_HARD = 1_000
_MODEL_LIMIT = 20_000
_DETERMINISTIC_SECONDS = 10.0

Parts = list[tuple[Candidat, ...]]


@dataclass(slots=True)
class _Creneau:
    """One créneau's people: where each is, and what they wish."""

    people: dict[str, Candidat]
    where: dict[str, int]
    groupes: int
    apart: list[tuple[str, str]]
    together: list[tuple[str, str]]
    fixed: dict[str, int]
    held: Counter[tuple[str, int]] = field(default_factory=Counter)

    def cost(self) -> int:
        hard = sum(self.where[a] == self.where[b] for a, b in self.apart)
        hard += sum(self.where[person] != k for person, k in self.fixed.items())
        return _HARD * hard + sum(self.where[a] != self.where[b] for a, b in self.together)

    def cost_of(self, person: str) -> int:
        at = self.where
        hard = sum(at[a] == at[b] for a, b in self.apart if person in (a, b))
        hard += self.fixed.get(person, at[person]) != at[person]
        return _HARD * hard + sum(at[a] != at[b] for a, b in self.together if person in (a, b))

    def swap(self, a: str, b: str) -> None:
        for person, to in ((a, self.where[b]), (b, self.where[a])):
            collectivite = self.people[person].collectivite
            self.held[collectivite, self.where[person]] -= 1
            self.held[collectivite, to] += 1
            self.where[person] = to

    def can_swap(self, a: str, b: str) -> bool:
        one, other = self.people[a], self.people[b]
        if self.where[a] == self.where[b] or one.qualite is not other.qualite:
            return False
        return one.collectivite == other.collectivite or not (
            self.held[one.collectivite, self.where[b]] or self.held[other.collectivite, self.where[a]]
        )


def arrange(problem: GroupingProblem, creneau: str, parts: Parts) -> tuple[Parts, bool]:
    """Return the parts in the order of their groupe numbers, and whether every wish apart and fixed place is kept."""
    state = _state(problem, creneau, parts)
    if not (state.apart or state.together or state.fixed):
        return sorted((_sorted(p) for p in parts), key=lambda p: [c.id for c in p][:1]), True
    _exchange(state)
    if state.cost() and len(state.people) * state.groupes <= _MODEL_LIMIT:
        # The mix of the split is kept if it can be; the rules are kept in any case.
        for even in (True, False):
            if _settle(problem, state, even=even):
                break
    found: list[list[Candidat]] = [[] for _ in range(state.groupes)]
    for person, k in state.where.items():
        found[k].append(state.people[person])
    return [_sorted(p) for p in found], state.cost() < _HARD


def _sorted(part: Sequence[Candidat]) -> tuple[Candidat, ...]:
    return tuple(sorted(part, key=lambda c: c.id))


def _state(problem: GroupingProblem, creneau: str, parts: Parts) -> _Creneau:
    people = {c.id: c for c in sorted((c for part in parts for c in part), key=lambda c: c.id)}
    fixed = {}
    for person in people:
        where, number = fixed_creneau(problem.places_fixees.get(person, creneau), problem.creneaux)
        if where == creneau and number is not None:
            fixed[person] = number - 1
    ordered = sorted((_sorted(p) for p in parts), key=lambda p: [c.id for c in p][:1])
    numbered: list[tuple[Candidat, ...]] = []
    for k in range(len(parts)):
        best = max(ordered, key=lambda p: sum(fixed.get(c.id) == k for c in p))
        ordered.remove(best)
        numbered.append(best)
    where_by_id = {c.id: k for k, part in enumerate(numbered) for c in part}
    state = _Creneau(
        people=people,
        where={person: where_by_id[person] for person in people},
        groupes=len(parts),
        apart=[(a, b) for a, b in apart_pairs(problem) if a in people and b in people],
        together=[(a, b) for a, b in together_pairs(problem) if a in people and b in people],
        fixed=fixed,
    )
    state.held = Counter((c.collectivite, state.where[c.id]) for c in people.values())
    return state


def _exchange(state: _Creneau) -> None:
    """Swap while it meets more wishes; each swap lowers the cost, so it ends."""
    concerned = sorted({p for pair in (*state.apart, *state.together) for p in pair} | set(state.fixed))
    improved = True
    while improved:
        improved = False
        for person in concerned:
            if state.cost_of(person) and (best := _best_swap(state, person)):
                state.swap(person, best)
                improved = True


def _best_swap(state: _Creneau, person: str) -> str | None:
    """Return the exchange that gains most, between people who are most alike."""
    before, best = state.cost(), None
    me = state.people[person]
    for other in [o for o in state.people if state.can_swap(person, o)]:
        state.swap(person, other)
        gain = before - state.cost()
        state.swap(person, other)
        you = state.people[other]
        alike = (me.taille is you.taille) + (me.departement == you.departement)
        if gain > 0 and (best is None or (gain, alike) > best[0]):
            best = ((gain, alike), other)
    return best and best[1]


def _settle(problem: GroupingProblem, state: _Creneau, *, even: bool) -> bool:
    """Meet what is hard, and as many wishes together as possible; False when no arrangement is found."""
    model = cp_model.CpModel()
    groupes = range(state.groupes)
    at = {(p, k): model.new_bool_var("") for p in state.people for k in groupes}
    for person in state.people:
        model.add_exactly_one(at[person, k] for k in groupes)
    _add_rules(problem, state, model, at, even=even)
    for k in groupes:
        for a, b in state.apart:
            model.add_at_most_one(at[a, k], at[b, k])
    for person, k in state.fixed.items():
        model.add(at[person, k] == 1)
    met = []
    for a, b in state.together:
        for k in groupes:
            both = model.new_bool_var("")
            model.add_implication(both, at[a, k])
            model.add_implication(both, at[b, k])
            met.append(both)
    model.maximize(sum(met))
    for (person, k), variable in at.items():
        model.add_hint(variable, state.where[person] == k)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = problem.graine
    solver.parameters.max_deterministic_time = _DETERMINISTIC_SECONDS
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return False
    state.where = {p: next(k for k in groupes if solver.value(at[p, k])) for p in state.people}
    return True


def _add_rules(
    problem: GroupingProblem,
    state: _Creneau,
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
