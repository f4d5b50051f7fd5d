"""What everybody chooses when each place has a price: the arrays that the large way of step 1 turns on.

Invariant: `at` gives the exact best of each person and of each block of people, however many there are.
"""

from collections.abc import Callable, Sequence

import numpy as np

from scheduling.solver.crowd import Crowd
from scheduling.solver.mip import Floats, Ints
from scheduling.solver.placement import Home
from scheduling.solver.problem import GroupingProblem
from scheduling.solver.units import Units, group, reachable, starts_of

_CLOSE = 1e-6


class Choices:
    """What people choose at given prices."""

    def __init__(self, problem: GroupingProblem, crowd: Crowd, homes: Sequence[Home]) -> None:
        self._places = problem.limites.places_par_personne
        self._season = problem.limites.places_par_collectivite
        self._slots = len(crowd.slots)
        can = reachable(crowd, len(problem.creneaux))
        counted = crowd.collectivite + 1
        if not self._season:
            counted = np.where(np.isin(crowd.collectivite, [home for home, _ in homes]), counted, 0)
        units = self._units = group(crowd, can, counted)
        arc_agent = crowd.agent[units.arc_candidat]
        self._key = arc_agent * self._slots + units.arc_slot
        self._home = _home_of(crowd, units, homes)
        self._homes = len(homes)
        self._weight = crowd.weight[units.arc_candidat].astype(np.float64)
        thematique = units.arc_slot // max(1, len(problem.creneaux))
        self._starts = starts_of(units.arc_unit, thematique)
        self._unit = units.arc_unit[self._starts]
        self._collectivite = crowd.collectivite[units.arc_candidat[self._starts]]
        lengths = np.diff(np.append(self._starts, units.arc_unit.size))
        self._group = np.repeat(np.arange(self._starts.size), lengths)
        self._block, self.blocks = self._blocks(crowd, units, arc_agent, thematique)

    def _blocks(self, crowd: Crowd, units: Units, arc_agent: Ints, thematique: Ints) -> tuple[Ints, int]:
        several = np.where(units.coupled[units.arc_unit] == 1, -1, thematique)
        weight = crowd.weight[units.arc_candidat]
        if self._season:
            # Collectivités tie people of every kind together: one block.
            return np.zeros(self._starts.size, dtype=np.int64), 1
        # A person's inscriptions are one choice, so they stay in one block.
        person = np.repeat(*_runs(self._unit))
        table = np.stack([arc_agent, weight, several])[:, self._starts[person]]
        distinct, block = np.unique(table, axis=1, return_inverse=True)
        return block.ravel(), distinct.shape[1]

    def at(self, prices: Floats, home_prices: Floats) -> tuple[Floats, Callable[[int], tuple[float, Ints, Floats]]]:
        """Return what each block gains, and a function that gives a block's column: weight, keys, people."""
        if not self._starts.size:
            return np.zeros(self.blocks), lambda _: (0.0, np.zeros(0, np.int64), np.zeros(0))
        value = self._weight - prices[self._key] - np.append(home_prices, 0.0)[self._home]
        best = np.maximum.reduceat(value, self._starts)
        arcs = np.flatnonzero(value >= best[self._group])
        arcs = arcs[starts_of(self._group[arcs])]
        amount = self._within_places(best, np.where(best > 0, self._units.count[self._unit], 0))
        gained = np.maximum(best, 0) * amount
        gains = np.bincount(self._block, weights=gained, minlength=self.blocks).astype(np.float64)

        def column(block: int) -> tuple[float, Ints, Floats]:
            mine = np.flatnonzero((self._block == block) & (amount > 0) & (best > _CLOSE))
            chosen, many = arcs[mine], amount[mine].astype(np.float64)
            people = np.bincount(self._key[chosen], weights=many, minlength=2 * self._slots).astype(np.float64)
            at_home = np.bincount(self._home[chosen], weights=many, minlength=self._homes + 1)
            people = np.append(people, at_home[: self._homes])
            keys = np.flatnonzero(people).astype(np.int64)
            return float(self._weight[chosen] @ many), keys, people[keys]

        return gains, column

    def _within_places(self, best: Floats, amount: Ints) -> Ints:
        """Leave each person their best places, and each collectivité its best people."""
        order = np.lexsort((-best, self._unit))
        place = np.arange(order.size) - np.repeat(*_runs(self._unit[order]))
        amount = amount.copy()
        amount[order[(place >= self._places) & (self._units.coupled[self._unit[order]] == 1)]] = 0
        if not self._season:
            return amount
        order = np.lexsort((-best, self._collectivite))
        total = np.cumsum(amount[order]) - amount[order]
        start, length = _runs(self._collectivite[order])
        before = total - np.repeat(total[start], length)
        amount[order] = np.clip(self._season - before, 0, amount[order])
        return amount


def _home_of(crowd: Crowd, units: Units, homes: Sequence[Home]) -> Ints:
    """Return for each arc the number of its collectivité and slot among these, their count where it is none."""
    size = len(crowd.slots)
    wanted = np.array([home * size + slot for home, slot in homes], dtype=np.int64)
    mine = crowd.collectivite[units.arc_candidat] * size + units.arc_slot
    if not wanted.size:
        return np.zeros(mine.size, dtype=np.int64)
    place = np.minimum(np.searchsorted(wanted, mine), wanted.size - 1)
    return np.where(wanted[place] == mine, place, wanted.size)


def _runs(sorted_keys: Ints) -> tuple[Ints, Ints]:
    start = starts_of(sorted_keys)
    return start, np.diff(np.append(start, sorted_keys.size))
