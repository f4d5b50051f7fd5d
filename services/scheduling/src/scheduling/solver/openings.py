"""Step 1 for a large campagne, first half: how many groupes could open in each slot, and a bound on any placement.

A Dantzig-Wolfe decomposition. A small master program has the groupes, the animateurs and the number of places by slot
and qualité; its duals are the price of a place. At given prices everybody chooses alone, which is a few operations on
arrays however many people there are; what they choose together, by block, is a new column of the master.

Invariant: `bound` is at least the value of the relaxation over all choices (G. Dantzig and P. Wolfe, 1960), so no
placement weighs more. Rules that it leaves out (collectivités, wishes) could only lower it.
"""

from collections.abc import Collection

import numpy as np

from scheduling.solver.animateurs import Capacity, kinds_of
from scheduling.solver.choices import Choices
from scheduling.solver.crowd import Crowd
from scheduling.solver.master import Master
from scheduling.solver.mip import Floats, Ints
from scheduling.solver.placement import Home, Unfillable, fixed_numbers, most_groupes
from scheduling.solver.problem import GroupingProblem, Qualite, Slot

Cut = tuple[float, Floats]

_CLOSE = 1e-6
_WHOLE = 1e-5
_ROUNDS = 3
"""How often everybody chooses at prices from the middle of all that are best."""


class Openings:
    def __init__(self, problem: GroupingProblem, crowd: Crowd, homes: Collection[Home] = ()) -> None:
        """`homes` are where a collectivité may have no more people than there are groupes."""
        self._limites, self._crowd = problem.limites, crowd
        kept = sorted(homes)
        self._choices = Choices(problem, crowd, kept)
        least, most = fixed_numbers(problem), most_groupes(problem, _people_by_slot(crowd))
        self.least = np.array([least.get(s, 0) for s in crowd.slots], dtype=np.int64)
        self.most = np.maximum(np.array([most.get(s, 0) for s in crowd.slots], dtype=np.int64), self.least)
        self._homes = np.array([slot for _, slot in kept], dtype=np.int64)
        self._master = Master(problem, crowd, self._choices.blocks, self._homes.tolist())
        self.bound, self.cuts = np.inf, list[Cut]()
        self._capacity = None if problem.animateurs is None else Capacity(kinds_of(problem), crowd.slots)

    def relax(self) -> Floats:
        """Return numbers of groupes, fractions among them, from the middle of all that reach the bound.

        Corners of the relaxation, which the simplex method returns, have many people in few slots: rounding them loses
        much. Raises Unfillable when nobody fills the groupes that fixed places need.
        """
        least, most = self.least.astype(np.float64), self.most.astype(np.float64)
        bound, _, _ = self._price(least, most)
        while self.limit(self._master.groupes()):
            bound, _, _ = self._price(least, most)
        self.bound = float(np.floor(bound + _CLOSE))
        groupes = self._master.groupes()
        for again in range(_ROUNDS + 1):
            middle = self._master.middle()
            if middle is None:
                break
            groupes, prices, home_prices = middle
            self.cuts.append(self.cut(prices, home_prices))
            if again < _ROUNDS:
                _, columns = self._choices.at(prices, home_prices)
                for block in range(self._choices.blocks):
                    self._master.add(block, *columns(block))
        return groupes

    def whole(self, groupes: Floats) -> Ints:
        """Round these numbers, as many in all, so that the animateurs can run them."""
        if self._capacity is None:
            return self._master.within_limits(_rounded(groupes), groupes)
        return self._master.within_limits(self._capacity.whole(groupes), groupes)

    def can_run(self, groupes: Ints) -> bool:
        """Tell whether the animateurs can run these groupes, and the campagne allows them."""
        within = (groupes >= self.least).all() and (groupes <= self.most).all() and self._master.allows(groupes)
        return bool(within and (self._capacity is None or self._capacity.most(groupes) == groupes.sum()))

    def runnable(self, groupes: Ints) -> Ints:
        """Return as many of these groupes as the animateurs can run together."""
        return groupes if self._capacity is None else self._capacity.runnable(groupes)

    def limit(self, groupes: Floats) -> bool:
        """Learn which limit of the animateurs these numbers exceed; tell whether there is one."""
        exceeded = None if self._capacity is None else self._capacity.exceeded(groupes)
        if exceeded:
            self._master.limit(*exceeded)
        return exceeded is not None

    @property
    def limits(self) -> tuple[tuple[Ints, int], ...]:
        """Slots and how many groupes they may have together, as far as it is known yet."""
        return tuple(self._master.limits)

    def cut(self, prices: Floats, home_prices: Floats | None = None) -> Cut:
        """Return a constant and what a groupe of each slot adds: no placement in any groupes weighs more than that.

        Any prices of places, by qualité and slot, give such a cut (J. Benders, 1962), and so do prices from 0 of homes.
        """
        homes = np.zeros(self._homes.size) if home_prices is None else np.maximum(home_prices, 0)
        gains, _ = self._choices.at(prices, homes)
        slopes = self._worth(prices) + np.bincount(self._homes, homes, prices.size // 2)
        return float(gains.sum()) - self._crowd.fixed_weight, slopes

    def _worth(self, prices: Floats) -> Floats:
        """Return what the places of a groupe are worth in each slot, with the best mix that the rules allow."""
        limites = self._limites
        elu, agent = prices.reshape(2, -1)
        most = np.maximum(elu, agent)
        least = max(limites.min, limites.elus_min + limites.agents_min)
        forced = limites.elus_min * elu + limites.agents_min * agent
        forced += (least - limites.elus_min - limites.agents_min) * most
        worth: Floats = forced + (limites.max - least) * np.maximum(most, 0)
        return worth

    def with_one_more(self, groupes: Ints, slot: int) -> int:
        """Return how many people would be placed if an animateur more let one groupe more open in a slot."""
        more = groupes.astype(np.float64)
        more[slot] += 1
        self._master.allow(slot, 1)
        try:
            return int(self._price(more, more)[2] + _CLOSE)
        except Unfillable:
            return 0
        finally:
            self._master.allow(slot, 0)

    def _price(self, least: Floats, most: Floats) -> tuple[float, float, float]:
        """Return a bound, the weight reached and the people placed, with the groupes between these numbers."""
        bound = np.inf
        while True:
            value, prices, home_prices, convexity = self._master.solve(least, most)
            gains, columns = self._choices.at(prices, home_prices)
            bound = min(bound, value + float(np.maximum(gains - convexity, 0).sum()))
            if bound - value <= _CLOSE * max(1.0, abs(value)):
                if self._master.unfilled() > _WHOLE:
                    raise Unfillable
                fixed = self._crowd.fixed_weight
                return bound - fixed, value - fixed, self._master.people()
            for block in np.flatnonzero(gains - convexity > _CLOSE):
                self._master.add(int(block), *columns(int(block)))


def _rounded(groupes: Floats) -> Ints:
    """Round up where the fraction is largest, as often as the fractions add up to."""
    low = np.floor(groupes + _WHOLE).astype(np.int64)
    part = groupes - low
    up = np.argsort(-part, kind="stable")[: max(0, int(np.rint(part.sum())))]
    low[up] += 1
    return low


def _people_by_slot(crowd: Crowd) -> dict[Slot, dict[Qualite, int]]:
    size = len(crowd.slots)
    counts = np.bincount(crowd.agent[crowd.arc_candidat] * size + crowd.arc_slot, minlength=2 * size).tolist()
    return {
        slot: {Qualite.ELU: counts[i], Qualite.AGENT: counts[size + i]}
        for i, slot in enumerate(crowd.slots)
        if counts[i] or counts[size + i]
    }
