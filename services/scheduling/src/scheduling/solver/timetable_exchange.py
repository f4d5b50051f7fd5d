"""Betters an assignment by exchanging groupes within a créneau: part of them stay, the others find their best places.

Invariant: no round makes it worse, and each is exact in what it may change: given who stays, every animateur takes at
most one more groupe, so that the best places of the others are an assignment problem.
"""

import random
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from scheduling.solver.flow import Network
from scheduling.solver.grid import NEVER, Grid, Ints
from scheduling.solver.timetable_flow import LEFT_OUT, LOAD, Runs

_Cells = dict[int, list[int]]


def exchange(grids: Sequence[Grid], runs: Runs, seed: int) -> Runs:
    """Go through the créneaux once; the seed decides which groupes stay."""
    rng = random.Random(seed)  # noqa: S311 - which groupes stay is no secret
    found = {key: list(kinds) for key, kinds in runs.items()}
    loads: Counter[str] = Counter()
    for (g, c), kinds in found.items():
        loads[grids[g].cells[c].animateur.id] += len(kinds)
    for g, grid in enumerate(grids):
        mine = {c: found.pop((g, c)) for c in range(len(grid.cells)) if (g, c) in found}
        loads.subtract(_loads(grid, mine))
        better = _replace(grid, mine, loads, rng)
        loads.update(_loads(grid, better))
        found |= {(g, c): kinds for c, kinds in better.items()}
    return found


def _loads(grid: Grid, runs: Mapping[int, Sequence[int]]) -> Counter[str]:
    return Counter({grid.cells[c].animateur.id: len(kinds) for c, kinds in runs.items()})


def _replace(grid: Grid, runs: Mapping[int, Sequence[int]], loads: Counter[str], rng: random.Random) -> _Cells:
    stays = {c: _staying(grid, c, runs.get(c, ()), rng) for c in range(len(grid.cells))}
    moves = Counter({k: len(kind.groupes) for k, kind in enumerate(grid.kinds)})
    for kept in stays.values():
        moves.subtract(kept)
    kinds = [k for k in sorted(moves) if moves[k]]
    if kinds:
        for kind, c in _places(grid, stays, {k: moves[k] for k in kinds}, loads):
            stays[c].append(kind)
    return {c: sorted(k) for c, k in stays.items() if k}


def _staying(grid: Grid, c: int, kinds: Sequence[int], rng: random.Random) -> list[int]:
    """All but one of several, and one alone every other time."""
    kept = sorted(kinds)
    if len(kept) > 1 or (kept and rng.random() < 0.5):  # noqa: PLR2004 - half
        kept.pop(rng.randrange(len(kept)))
    return kept[:1] if grid.cost(grid.cells[c].days, kept) >= NEVER else kept


def _places(grid: Grid, stays: _Cells, moves: Mapping[int, int], loads: Counter[str]) -> list[tuple[int, int]]:
    """The kind and the cell of each groupe that finds a place again."""
    kinds = list(moves)
    prices = _prices(grid, stays, kinds, loads)
    network = Network()
    sink = network.node("sink")
    for c in range(len(grid.cells)):
        network.arc(network.node("cell", c), sink, 1, 0)
    arcs: dict[int, tuple[int, int]] = {}
    for row, (kind, count) in enumerate(moves.items()):
        node = network.node("kind", kind)
        network.supply(node, count)
        network.arc(node, sink, count, LEFT_OUT)
        for c in np.flatnonzero(prices[row] < LEFT_OUT).tolist():
            arcs[network.arc(node, network.node("cell", c), 1, int(prices[row, c]))] = (kind, c)
    flows, _ = network.solve(sink)
    return [place for arc, place in arcs.items() if flows[arc]]


def _prices(grid: Grid, stays: _Cells, kinds: Sequence[int], loads: Counter[str]) -> Ints:
    """What each kind costs more in each cell, beside what stays there."""
    found = np.full((len(kinds), len(grid.cells)), NEVER, dtype=np.int64)
    themes = np.array([grid.kinds[k].thematique for k in kinds])
    for c, cell in enumerate(grid.cells):
        kept = stays[c]
        load = loads[cell.animateur.id] + len(kept)
        if len(kept) >= cell.capacite or load >= cell.animateur.groupes_max:
            continue
        knows = np.isin(themes, sorted(cell.animateur.thematiques))
        found[knows, c] = _beside(grid, cell.days, kept, np.array(kinds)[knows]) + LOAD * (2 * load + 1)
    return found


def _beside(grid: Grid, days: int, kept: Sequence[int], kinds: Ints) -> Ints:
    """By how much each kind makes dearer what stays."""
    if not kept:
        alone: Ints = grid.alone[kinds, days]
        return alone
    if len(kept) == 1:
        beside: Ints = grid.pairs(days)[kept[0], kinds] - grid.alone[kept[0], days]
        return beside
    base = grid.cost(days, kept)
    return np.array([grid.cost(days, [*kept, int(k)]) - base for k in kinds], dtype=np.int64)
