"""A flow of least cost between named nodes, by OR-Tools."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from ortools.graph.python import min_cost_flow

Ints = NDArray[np.int64]

_FAR = 1 << 50


@dataclass(slots=True)
class Network:
    """Arcs in the order in which they were added: the same network gives the same flow."""

    _arcs: list[tuple[int, int, int, int]] = field(default_factory=list)
    _names: dict[tuple[object, ...], int] = field(default_factory=dict)
    _supplies: dict[int, int] = field(default_factory=dict)

    def node(self, *name: object) -> int:
        return self._names.setdefault(name, len(self._names))

    def find(self, *name: object) -> int | None:
        return self._names.get(name)

    def supply(self, node: int, units: int) -> None:
        self._supplies[node] = units

    def arc(self, tail: int, head: int, capacity: int, cost: int) -> int:
        """Return the arc's number in what `solve` returns."""
        self._arcs.append((tail, head, capacity, cost))
        return len(self._arcs) - 1

    def solve(self, sink: int) -> tuple[Ints, int]:
        """Send every supply to the sink; return what flows on each arc, and the cost. It must be possible."""
        arcs = self._table()
        if not arcs.size:
            return np.zeros(0, dtype=np.int64), 0
        solver = min_cost_flow.SimpleMinCostFlow()
        index = solver.add_arcs_with_capacity_and_unit_cost(arcs[:, 0], arcs[:, 1], arcs[:, 2], arcs[:, 3])
        supplies = self._supplies | {sink: -sum(self._supplies.values())}
        solver.set_nodes_supplies(list(supplies), list(supplies.values()))
        status = solver.solve()
        if status != solver.OPTIMAL:
            raise AssertionError(f"the flow has no solution: {status}")
        return solver.flows(index), solver.optimal_cost()

    def prices(self, flows: Ints, sink: int) -> Ints:
        """What one unit more from each node would cost, given an optimal flow: the duals, by Bellman and Ford."""
        tails, heads, capacities, costs = self._table().T
        open_, back = flows < capacities, flows > 0
        starts = np.concatenate((tails[open_], heads[back]))
        order = np.argsort(starts, kind="stable")
        starts = starts[order]
        ends = np.concatenate((heads[open_], tails[back]))[order]
        steps = np.concatenate((costs[open_], -costs[back]))[order]
        firsts = np.flatnonzero(np.concatenate(([True], starts[1:] != starts[:-1])))
        found = np.full(len(self._names), _FAR, dtype=np.int64)
        found[sink] = 0
        for _ in range(len(self._names)):
            nearer = found.copy()
            nearer[starts[firsts]] = np.minimum(found[starts[firsts]], np.minimum.reduceat(found[ends] + steps, firsts))
            if (nearer == found).all():
                break
            found = nearer
        return found

    def _table(self) -> Ints:
        return np.array(self._arcs, dtype=np.int64).reshape(-1, 4)
