"""One créneau as arrays: its sets of four dates, what they cost for each kind of groupe, who is free when.

Invariant: groupes of one kind (thématique and cost of each day) are interchangeable, and so are animateurs with the
same free days; a cost of `NEVER` or more can't be paid. What one or two groupes of an animateur cost together is exact;
of more, it is the best found in a counted search.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from scheduling.solver.capacities import Presences, count_disjoint
from scheduling.solver.dates import choices, day_costs, open_days, shape_cost
from scheduling.solver.problem import Animateur
from scheduling.solver.timetable_problem import GroupeAPlanifier, TimetableProblem

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

NEVER = 1 << 40
_MOST_VISITS = 1_000


@dataclass(frozen=True, slots=True)
class Kind:
    """Groupes that differ by their id only."""

    thematique: str
    groupes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """An animateur in a créneau: `days` names the set of free days, `capacite` the groupes that fit into it."""

    animateur: Animateur
    days: int
    capacite: int


@dataclass(frozen=True)
class Grid:
    """`costs` has a row per kind and a column per pattern; `free` a row per set of free days."""

    creneau: str
    patterns: tuple[tuple[date, ...], ...]
    kinds: tuple[Kind, ...]
    costs: Ints
    free: Bools
    most: tuple[int, ...]
    cells: tuple[Cell, ...]
    clash: Bools
    masks: tuple[int, ...]
    _together: dict[tuple[int, tuple[int, ...]], tuple[int, tuple[int, ...]]] = field(default_factory=dict)
    _pairs: dict[int, Ints] = field(default_factory=dict)
    _orders: dict[tuple[int, int], list[tuple[int, int, int]]] = field(default_factory=dict)

    @cached_property
    def alone(self) -> Ints:
        """What a kind costs at best within a set of free days, by kind and set."""
        found = np.full((len(self.kinds), len(self.free)), NEVER, dtype=np.int64)
        for days, free in enumerate(self.free):
            if free.any():
                found[:, days] = self.costs[:, free].min(axis=1)
        return found

    def pairs(self, days: int) -> Ints:
        """What two kinds cost at best within a set of free days, never on the same day."""
        if days not in self._pairs:
            costs = self.costs[:, self.free[days]]
            apart = np.where(self.clash[np.ix_(self.free[days], self.free[days])], NEVER, 0)
            found = np.full((len(self.kinds), len(self.kinds)), NEVER, dtype=np.int64)
            for kind, row in enumerate(costs if costs.shape[1] else ()):
                beside = (row[:, None] + apart).min(axis=0)
                found[kind] = np.minimum(NEVER, (costs + beside).min(axis=1))
            self._pairs[days] = found
        return self._pairs[days]

    def cost(self, days: int, kinds: Sequence[int]) -> int:
        """What these kinds cost together at best for one animateur with these free days."""
        if len(kinds) <= 1:
            return int(self.alone[kinds[0], days]) if kinds else 0
        if len(kinds) == 2:  # noqa: PLR2004 - a pair
            return int(self.pairs(days)[kinds[0], kinds[1]])
        return self.choose(days, tuple(sorted(kinds)))[0]

    def choose(self, days: int, kinds: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
        """Return the lowest cost, and for each of these kinds (sorted) the number of its pattern."""
        key = (days, kinds)
        if key not in self._together:
            self._together[key] = self._search(days, kinds)
        return self._together[key]

    def _search(self, days: int, kinds: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
        """Branch and bound, the cheapest pattern first; what is left costs at least what each costs alone."""
        orders = [self._order(days, kind) for kind in kinds]
        rest = [sum(int(self.alone[k, days]) for k in kinds[depth + 1 :]) for depth in range(len(kinds))]
        best: tuple[int, tuple[int, ...]] = (NEVER, ())
        visits = 0

        def visit(chosen: tuple[int, ...], taken: int, cost: int) -> None:
            nonlocal best, visits
            depth = len(chosen)
            if depth == len(kinds):
                best = (cost, chosen)
                return
            for price, mask, pattern in orders[depth]:
                visits += 1
                if cost + price + rest[depth] >= best[0] or visits > _MOST_VISITS:
                    return
                if not mask & taken:
                    visit((*chosen, pattern), taken | mask, cost + price)

        visit((), 0, 0)
        return best

    def _order(self, days: int, kind: int) -> list[tuple[int, int, int]]:
        """The cost, days and number of each pattern that this kind can have, the cheapest first."""
        key = (days, kind)
        if key not in self._orders:
            possible = np.flatnonzero(self.free[days] & (self.costs[kind] < NEVER))
            self._orders[key] = sorted((int(self.costs[kind, p]), self.masks[p], int(p)) for p in possible)
        return self._orders[key]


def make_grids(problem: TimetableProblem) -> list[Grid]:
    """One grid for each créneau that has a groupe, in order."""
    presences = Presences(problem)
    by_creneau: dict[str, list[GroupeAPlanifier]] = defaultdict(list)
    for groupe in problem.groupes:
        by_creneau[groupe.creneau].append(groupe)
    return [_grid(problem, presences, creneau, by_creneau[creneau]) for creneau in sorted(by_creneau)]


def _grid(problem: TimetableProblem, presences: Presences, creneau: str, groupes: Sequence[GroupeAPlanifier]) -> Grid:
    days = open_days(problem, creneau)
    patterns = tuple(choices(days))
    uses = np.array([[day in p for day in days] for p in patterns], dtype=bool).reshape(len(patterns), len(days))
    shape = np.array([shape_cost(problem, p) for p in patterns], dtype=np.int64)
    kinds: dict[tuple[str, tuple[int | None, ...]], list[str]] = defaultdict(list)
    for groupe in groupes:
        kinds[groupe.thematique, day_costs(problem, groupe, days)].append(groupe.id)
    ordered = sorted(kinds.items(), key=lambda item: min(item[1]))
    school = np.array([[NEVER if c is None else c for c in costs] for (_, costs), _ in ordered], dtype=np.int64)
    free_days: dict[tuple[date, ...], int] = {}
    cells = []
    for animateur in problem.animateurs:
        if creneau in animateur.creneaux:
            free = presences.free(animateur, creneau)
            capacite = count_disjoint(free, animateur.groupes_max)
            if capacite:
                cells.append(Cell(animateur, free_days.setdefault(free, len(free_days)), capacite))
    return Grid(
        creneau=creneau,
        patterns=patterns,
        kinds=tuple(Kind(thematique, tuple(sorted(ids))) for (thematique, _), ids in ordered),
        costs=np.minimum(NEVER, shape + school.reshape(len(ordered), len(days)) @ uses.T.astype(np.int64)),
        free=np.array([[all(d in free for d in p) for p in patterns] for free in free_days], dtype=bool).reshape(
            len(free_days), len(patterns)
        ),
        most=tuple(count_disjoint(free, len(groupes)) for free in free_days),
        cells=tuple(cells),
        masks=tuple(sum(1 << int(d) for d in np.flatnonzero(row)) for row in uses),
        clash=(uses.astype(np.int64) @ uses.T.astype(np.int64)) > 0,
    )
