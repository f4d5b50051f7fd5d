"""Which animateur runs each groupe, by one flow of least cost: kind → free days → animateur and créneau → animateur.

Invariant: the flow's cost is below that of any timetable. A groupe pays at least what it costs alone within its
animateur's free days; of several groupes that one animateur runs in a créneau, each but one pays also the least by
which it and some other groupe of the créneau cost more together than alone (half of it where three fit: each of k
groupes pays in k - 1 of the pairs, and a pair pays at least what either of the two would). Loads cost their square, as
odd steps.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scheduling.solver.flow import Network
from scheduling.solver.grid import NEVER, Grid, Ints
from scheduling.solver.problem import Animateur

LEFT_OUT = 1_000_000
LOAD = 5

Runs = dict[tuple[int, int], list[int]]
"""(grid, cell) to the kinds that run there, one entry a groupe."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who runs what, a cost that no timetable undercuts, and what one groupe more of each kind would cost."""

    runs: Runs
    bound: int
    prices: tuple[Ints, ...]


def assign(grids: Sequence[Grid], animateurs: Sequence[Animateur], *, typical: bool = False) -> Assignment:
    """Solve the flow; a groupe that finds no animateur is in no cell.

    `typical`: of several groupes each but one pays what the pairs with it cost more in the middle, not at least. That
    is a better guess, and its cost no bound.
    """
    network = Network()
    sink = network.node("sink")
    enters: list[tuple[int, int, int, int]] = []
    leaves: list[tuple[int, int, int, int]] = []
    for g, grid in enumerate(grids):
        _add_kinds(network, g, grid, enters, typical=typical)
        _add_cells(network, g, grid, leaves)
    total = sum(len(kind.groupes) for grid in grids for kind in grid.kinds)
    for animateur in animateurs:
        node = network.node("animateur", animateur.id)
        for n in range(min(animateur.groupes_max, total)):
            network.arc(node, sink, 1, LOAD * (2 * n + 1))
    flows, bound = network.solve(sink)
    if not flows.size:
        return Assignment({}, 0, ())
    duals = network.prices(flows, sink)
    prices = tuple(
        np.array([duals[network.node("kind", g, k)] for k in range(len(grid.kinds))]) for g, grid in enumerate(grids)
    )
    return Assignment(_read(enters, leaves, flows), bound, prices)


def _add_kinds(network: Network, g: int, grid: Grid, enters: list[tuple[int, int, int, int]], *, typical: bool) -> None:
    """Each kind goes to a set of free days, as the first of its animateur or as a further one, or is left out."""
    charges = [_typical(grid, days) if typical else _charges(grid, days) for days in range(len(grid.free))]
    for k, kind in enumerate(grid.kinds):
        count = len(kind.groupes)
        node = network.node("kind", g, k)
        network.supply(node, count)
        network.arc(node, network.node("sink"), count, LEFT_OUT)
        for days in range(len(grid.free)):
            alone = int(grid.alone[k, days])
            if alone >= NEVER:
                continue
            for further, charge in ((0, 0), (1, int(charges[days][k]))):
                if charge < NEVER:
                    door = network.node("door", g, kind.thematique, days, further)
                    enters.append((network.arc(node, door, count, alone + charge), door, g, k))


def _add_cells(network: Network, g: int, grid: Grid, leaves: list[tuple[int, int, int, int]]) -> None:
    for c, cell in enumerate(grid.cells):
        for further in (0, 1):
            capacity = cell.capacite - 1 if further else 1
            if not capacity:
                continue
            node = network.node("cell", g, c, further)
            network.arc(node, network.node("animateur", cell.animateur.id), capacity, 0)
            for thematique in sorted(cell.animateur.thematiques):
                door = network.find("door", g, thematique, cell.days, further)
                if door is not None:
                    leaves.append((network.arc(door, node, capacity, 0), door, g, c))


def _charges(grid: Grid, days: int) -> Ints:
    """By how much each kind and some other cost more together than alone, at least, with these free days."""
    if grid.most[days] <= 1:
        return np.full(len(grid.kinds), NEVER, dtype=np.int64)
    free = grid.free[days]
    alone = grid.alone[:, days]
    excess = np.where(alone[:, None] >= NEVER, NEVER, grid.costs[:, free] - alone[:, None])
    apart = np.where(grid.clash[np.ix_(free, free)], NEVER, 0)
    other = (excess.min(axis=0)[:, None] + apart).min(axis=0)
    least = (excess + other).min(axis=1)
    # Halved where three fit; what can't be paid stays so.
    return np.where(least >= NEVER, NEVER, least if grid.most[days] == 2 else least // 2)  # noqa: PLR2004


def _typical(grid: Grid, days: int) -> Ints:
    """By how much each kind and one of middling fit cost more together than alone."""
    least = _charges(grid, days)
    if grid.most[days] <= 1:
        return least
    alone = grid.alone[:, days]
    more = np.sort(grid.pairs(days) - alone[:, None] - alone[None, :], axis=1)
    possible = (more < NEVER // 2).sum(axis=1)
    middle = more[np.arange(len(more)), np.maximum(0, possible - 1) // 2]
    return np.where((least >= NEVER) | (possible == 0), NEVER, np.maximum(least, middle))


def _read(
    enters: Sequence[tuple[int, int, int, int]], leaves: Sequence[tuple[int, int, int, int]], flows: Ints
) -> Runs:
    """Through one door any groupe may go to any cell: first in, first out."""
    waiting: dict[int, list[int]] = defaultdict(list)
    for arc, door, _, kind in enters:
        waiting[door] += [kind] * int(flows[arc])
    runs: Runs = defaultdict(list)
    for arc, door, g, cell in leaves:
        for _ in range(int(flows[arc])):
            runs[g, cell].append(waiting[door].pop(0))
    return dict(runs)
