"""Whether animateurs can run a set of groupes together: an integral flow from groupes to animateurs.

Invariant: an animateur runs at most `groupes_max` groupes, and in a créneau at most as many as its `capacites` say,
which are numbers of groupes whose dates fit beside each other. Animateurs who are the same to this are one `Kind`:
what a kind can run together, its members can share out.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from ortools.graph.python import max_flow, min_cost_flow

from scheduling.solver.mip import Floats, Ints
from scheduling.solver.problem import GroupingProblem, Slot

_SOURCE, _SINK, _FIRST = 0, 1, 2
_SCALE = 100_000
_PLENTY = 1_000_000
_WHOLE = 1e-5


@dataclass(frozen=True, slots=True)
class Kind:
    """`count` animateurs with the same thématiques, `creneaux` (with the groupes that each can run there) and limit."""

    thematiques: frozenset[str]
    creneaux: tuple[tuple[str, int], ...]
    groupes_max: int
    count: int

    @property
    def most(self) -> int:
        return self.count * self.groupes_max

    def slots(self, thematiques: Iterable[str]) -> list[Slot]:
        return [(t, c) for t in thematiques if t in self.thematiques for c, _ in self.creneaux]


def kinds_of(problem: GroupingProblem) -> tuple[Kind, ...]:
    """Return the kinds of animateurs who can run anything, sorted."""
    found: Counter[tuple[frozenset[str], tuple[tuple[str, int], ...], int]] = Counter()
    for animateur in problem.animateurs or ():
        mine = problem.capacites.get(animateur.id, {})
        creneaux = tuple((c, mine.get(c, 1)) for c in problem.creneaux if c in animateur.creneaux and mine.get(c, 1))
        if creneaux and animateur.thematiques:
            found[animateur.thematiques, creneaux, animateur.groupes_max] += 1
    ordered = sorted(found, key=lambda key: (sorted(key[0]), key[1], key[2]))
    return tuple(Kind(*key, found[key]) for key in ordered)


def animateurs_can_run(kinds: Sequence[Kind], groupes: Iterable[Slot]) -> bool:
    """Tell whether these animateurs can run all these groupes at once."""
    demand = Counter(groupes)
    slots = tuple(sorted(demand))
    return Capacity(kinds, slots).most(np.array([demand[s] for s in slots], dtype=np.int64)) == demand.total()


class Capacity:
    """The network from slots to animateurs; every array here has one entry a slot."""

    def __init__(self, kinds: Sequence[Kind], slots: Sequence[Slot]) -> None:
        self._slots = len(slots)
        number = {slot: i + 2 for i, slot in enumerate(slots)}
        arcs: list[tuple[int, int, int]] = []
        node = len(slots) + 2
        for kind in kinds:
            mine, node = node, node + 1
            arcs.append((mine, _SINK, kind.most))
            for creneau, each in kind.creneaux:
                arcs.append((node, mine, kind.count * each))
                here = [number[t, creneau] for t in sorted(kind.thematiques) if (t, creneau) in number]
                arcs += [(slot, node, kind.count * each) for slot in here]
                node += 1
        self._nodes = node
        self._tails, self._heads, self._limits = np.array(arcs, dtype=np.int64).reshape(-1, 3).T

    def most(self, demand: Ints) -> int:
        """Count the groupes of this demand that can be run at once."""
        return int(self._flow(demand, 1).optimal_flow())

    def runnable(self, demand: Ints) -> Ints:
        """Return as many groupes of this demand as can be run at once."""
        return np.asarray(self._flow(demand, 1).flows(np.arange(self._slots)), dtype=np.int64)

    def exceeded(self, groupes: Floats) -> tuple[Ints, int] | None:
        """Return slots that together ask for more groupes than can be run there, with that number; None if none do."""
        wanted = np.floor(groupes * _SCALE).astype(np.int64)
        solver = self._flow(wanted, _SCALE)
        if solver.optimal_flow() >= wanted.sum() - _SCALE // 1000:
            return None
        side = np.asarray(solver.get_source_side_min_cut(), dtype=np.int64)
        slots = np.sort(side[(side >= _FIRST) & (side < _FIRST + self._slots)]) - _FIRST
        demand = np.zeros(self._slots, dtype=np.int64)
        demand[slots] = _PLENTY
        return slots, self.most(demand)

    def whole(self, groupes: Floats) -> Ints:
        """Round each number of groupes down or up, to their sum if it can be run, first where the fraction is large."""
        low = np.floor(groupes + _WHOLE).astype(np.int64)
        part = np.maximum(groupes - low, 0)
        rounds_up = (part > _WHOLE).astype(np.int64)
        gain = np.concatenate((np.full(self._slots, _PLENTY), 1000 + (1000 * part).astype(np.int64)))
        slots = np.arange(_FIRST, _FIRST + self._slots)
        ends = np.append(slots, np.int64(_SINK))
        supply = int(np.rint(groupes.sum()))
        tails = np.concatenate((np.full(2 * self._slots + 1, _SOURCE), self._tails))
        heads = np.concatenate((slots, ends, self._heads))
        limits = np.concatenate((low, rounds_up, [supply], self._limits))
        costs = np.concatenate((-gain, np.zeros(1 + self._limits.size, dtype=np.int64)))
        solver = min_cost_flow.SimpleMinCostFlow()
        solver.add_arcs_with_capacity_and_unit_cost(tails, heads, limits, costs)
        solver.set_nodes_supplies(np.array([_SOURCE, _SINK]), np.array([supply, -supply]))
        if solver.solve() != solver.OPTIMAL:
            raise AssertionError("leaving every groupe closed is always possible")
        flows = np.asarray(solver.flows(np.arange(2 * self._slots)), dtype=np.int64)
        return flows[: self._slots] + flows[self._slots :]

    def _flow(self, demand: Ints, scale: int) -> max_flow.SimpleMaxFlow:
        solver = max_flow.SimpleMaxFlow()
        tails = np.concatenate((np.full(self._slots, _SOURCE), self._tails))
        heads = np.concatenate((np.arange(_FIRST, _FIRST + self._slots), self._heads))
        solver.add_arcs_with_capacity(tails, heads, np.concatenate((demand, self._limits * scale)))
        if solver.solve(_SOURCE, _SINK) != solver.OPTIMAL:
            raise AssertionError("a flow always exists")
        return solver
