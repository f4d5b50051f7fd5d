"""A cost that no timetable undercuts, closer than the flow's: a Lagrangian bound over what each animateur may run.

Invariant: valid for any prices. Each kind of groupe pays its animateur a price; each animateur then takes the cheapest
one or two groupes of each créneau (whoever else takes them) and the cheapest load. Prices rise where groupes are taken
too seldom, by subgradients with momentum; steps are counted, not timed. Where three groupes fit into a créneau, k of
them cost at least k / 2 times the cheapest pair.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from scheduling.solver.grid import NEVER, Grid, Ints
from scheduling.solver.problem import Animateur
from scheduling.solver.timetable_flow import LEFT_OUT, LOAD

Floats = NDArray[np.float64]

_MOMENTUM = 0.95
_PATIENCE = 15
_SHRINK = 0.8
_WORK = 100_000_000


@dataclass(frozen=True, slots=True)
class _Profile:
    """Animateurs (rows) who may run the same kinds in a créneau on the same days; what these cost, and in pairs."""

    kinds: Ints
    rows: Ints
    alone: Floats
    pairs: Floats | None
    most: int


@dataclass(frozen=True, slots=True)
class _Subproblem:
    """One créneau."""

    counts: Floats
    profiles: tuple[_Profile, ...]


class Bound:
    """`raise_to` improves it as far as the target, a cost that some timetable has."""

    def __init__(self, grids: Sequence[Grid], animateurs: Sequence[Animateur], prices: Sequence[Ints]) -> None:
        rows = {a.id: i for i, a in enumerate(animateurs)}
        self._parts = [_subproblem(grid, rows) for grid in grids]
        self._prices = [np.minimum(LEFT_OUT, p).astype(np.float64) for p in prices]
        self._loads_max = np.array([a.groupes_max for a in animateurs], dtype=np.int64)
        together = max((p.most for part in self._parts for p in part.profiles), default=0)
        most = min(int(self._loads_max.max(initial=0)), together * len(grids))
        self._steps = np.arange(most + 1, dtype=np.int64)
        self._together = together
        self._work = sum(p.pairs.size for part in self._parts for p in part.profiles if p.pairs is not None)
        self._work += len(animateurs) * len(grids) * (most + 1) * (together + 1)

    def raise_to(self, target: int, near: float, steps: int) -> int:
        """Stop within `near` of the target, or after so many steps; fewer when each is a lot of work."""
        prices, best = self._prices, -np.inf
        scale, waited = 1.0, 0
        momentum = [np.zeros_like(p) for p in prices]
        for _ in range(min(steps, max(1, _WORK // max(1, self._work)))):
            value, slack = self._evaluate(prices)
            waited = 0 if value > best else waited + 1
            best = max(best, value)
            if best >= target - near:
                break
            if waited >= _PATIENCE:
                scale, waited = scale * _SHRINK, 0
            momentum = [s + _MOMENTUM * m for s, m in zip(slack, momentum, strict=True)]
            norm = sum(float((m * m).sum()) for m in momentum)
            if not norm:
                break
            step = scale * (target - value) / norm
            prices = [np.minimum(LEFT_OUT, p + step * m) for p, m in zip(prices, momentum, strict=True)]
        return ceil(best - 1e-6)

    def _evaluate(self, prices: Sequence[Floats]) -> tuple[float, list[Floats]]:
        """Return the bound that these prices give, and by how many groupes of each kind too few are taken."""
        animateurs = len(self._loads_max)
        values = np.full((len(self._parts), self._together + 1, animateurs), np.inf)
        values[:, 0] = 0
        takes = [_cheapest(part, price, value) for part, price, value in zip(self._parts, prices, values, strict=True)]
        cost, chosen = self._best_loads(values)
        slack = []
        for part, price, take, number in zip(self._parts, prices, takes, chosen, strict=True):
            used = np.zeros(len(price))
            for profile, options in zip(part.profiles, take, strict=True):
                for count, kinds in enumerate(options, 1):
                    taken = int((number[profile.rows] == count).sum())
                    for kind in kinds:
                        used[kind] += taken * count / len(kinds)
            cost += float((part.counts * price).sum())
            missing = part.counts - used
            # Leaving a groupe out pays for what is missing at the highest price.
            missing[(price >= LEFT_OUT) & (missing > 0)] = 0
            slack.append(missing)
        return cost, slack

    def _best_loads(self, values: Floats) -> tuple[float, list[Ints]]:
        """For each animateur the cheapest number of groupes in each créneau, loads paid."""
        animateurs = len(self._loads_max)
        table = np.full((animateurs, len(self._steps)), np.inf)
        table[:, 0] = 0
        choices = []
        for value in values:
            options = np.full((len(value), *table.shape), np.inf)
            for count in range(min(len(value), len(self._steps))):
                options[count][:, count:] = table[:, : len(self._steps) - count] + value[count][:, None]
            choices.append(options.argmin(axis=0))
            table = options.min(axis=0)
        table += LOAD * self._steps**2
        table[self._steps[None, :] > self._loads_max[:, None]] = np.inf
        left = table.argmin(axis=1)
        cost = float(table.min(axis=1).sum())
        numbers: list[Ints] = []
        for choice in reversed(choices):
            number = choice[np.arange(animateurs), left]
            numbers.append(number)
            left = left - number
        return cost, numbers[::-1]


def _subproblem(grid: Grid, rows: dict[str, int]) -> _Subproblem:
    alike: dict[tuple[int, frozenset[str], int], list[int]] = defaultdict(list)
    for cell in grid.cells:
        alike[cell.days, cell.animateur.thematiques, cell.capacite].append(rows[cell.animateur.id])
    themes = np.array([kind.thematique for kind in grid.kinds])
    counts = np.array([len(kind.groupes) for kind in grid.kinds], dtype=np.float64)
    profiles = []
    for (days, thematiques, most), members in alike.items():
        kinds = np.flatnonzero(np.isin(themes, sorted(thematiques)) & (grid.alone[:, days] < NEVER))
        if kinds.size:
            pairs = _pairs(grid, days, kinds, counts) if most > 1 else None
            alone = grid.alone[kinds, days].astype(np.float64)
            profiles.append(_Profile(kinds, np.array(members, dtype=np.int64), alone, pairs, most))
    return _Subproblem(counts, tuple(profiles))


def _pairs(grid: Grid, days: int, kinds: Ints, counts: Floats) -> Floats:
    found = grid.pairs(days)[np.ix_(kinds, kinds)].astype(np.float64)
    single = np.flatnonzero(counts[kinds] == 1)
    found[single, single] = NEVER
    found[found >= NEVER] = np.inf
    return found


def _cheapest(part: _Subproblem, price: Floats, value: Floats) -> list[list[tuple[int, ...]]]:
    """Enter into `value` what one, two or more groupes cost each animateur at best; return which kinds these are."""
    found = []
    for profile in part.profiles:
        kinds = profile.kinds
        reduced = profile.alone - price[kinds]
        first = int(reduced.argmin())
        value[1, profile.rows] = reduced[first]
        options: list[tuple[int, ...]] = [(int(kinds[first]),)]
        if profile.pairs is not None:
            both = profile.pairs - price[kinds][:, None] - price[kinds][None, :]
            one, other = divmod(int(both.argmin()), len(kinds))
            for count in range(2, profile.most + 1):
                value[count, profile.rows] = both[one, other] * count / 2
                options.append((int(kinds[one]), int(kinds[other])))
        found.append(options)
    return found
