"""What people weigh who fill some numbers of groupes, and the prices of places that this comes from.

One minimum-cost flow over people who are the same to it: unit → thématique → qualité and slot → groupes → out. A place
that nobody takes costs more than a whole groupe weighs, so that numbers which people can't fill have a value too.

Invariant: prices are duals of the flow. The cut that `Openings.cut` makes of them is no less than what people weigh at
any numbers of groupes, and what they weigh at those weighed.
"""

from dataclasses import dataclass

import numpy as np
from ortools.graph.python import min_cost_flow

from scheduling.solver.crowd import FIXED, Bools, Crowd
from scheduling.solver.mip import Floats, Ints
from scheduling.solver.problem import GroupingProblem
from scheduling.solver.units import group, reachable, starts_of

_SOURCE, _SINK = 0, 1
_FAR = 1 << 40


@dataclass(frozen=True, slots=True)
class Weighed:
    """`weight` is less what places cost that nobody takes, in the slots `short`; `prices` go by qualité, then slot."""

    weight: int
    short: Ints
    prices: tuple[Floats, Floats]


class Weighing:
    """The network of a crowd, to which each numbers of groupes give other bounds."""

    def __init__(self, problem: GroupingProblem, crowd: Crowd) -> None:
        limites = self._limites = problem.limites
        self._crowd, self._slots = crowd, len(crowd.slots)
        can = reachable(crowd, len(problem.creneaux))
        units = group(crowd, can, crowd.collectivite if limites.places_par_collectivite else np.zeros_like(can))
        start = starts_of(units.arc_unit, units.arc_slot // max(1, len(problem.creneaux)))
        homes = 1 + int(crowd.collectivite.max(initial=0)) if limites.places_par_collectivite else 0
        sizes = np.cumsum((2, 2 * self._slots, self._slots, units.count.size, start.size, homes))
        self._nodes = int(sizes[-1])
        _, role, slot, unit, choice, home = np.split(np.arange(self._nodes), sizes[:-1])
        owner, candidat = units.arc_unit, units.arc_candidat
        self._role, self._arc_unit = role, unit[owner]
        self._arc_key = crowd.agent[candidat] * self._slots + units.arc_slot
        self._gain = crowd.weight[candidat]
        self._penalty = 1 + limites.max * int((crowd.weight - FIXED * crowd.fixed).max(initial=0))
        # At most one place in a thématique, whoever may have several.
        choices = np.repeat(choice, np.diff(np.append(start, owner.size)))
        room = np.where(units.coupled == 1, limites.places_par_personne, units.count)
        arcs = [
            (choices, role[self._arc_key], units.count[owner]),
            (unit[owner[start]], choice, units.count[owner[start]]),
        ]
        if homes:
            of_unit = np.zeros(unit.size, dtype=np.int64)
            of_unit[units.of] = crowd.collectivite
            arcs.append((home[of_unit], unit, room))
            arcs.append((np.full(homes, _SOURCE), home, np.full(homes, limites.places_par_collectivite)))
        else:
            arcs.append((np.full(unit.size, _SOURCE), unit, room))
        tails, heads, self._room = (np.concatenate(parts) for parts in zip(*arcs, strict=True))
        # Then what depends on the groupes: mix, size, places that nobody takes; last, people without a place.
        self._tails = np.concatenate((tails, role, slot, np.full(2 * self._slots + 1, _SOURCE)))
        self._heads = np.concatenate((heads, np.tile(slot, 2), np.full(self._slots, _SINK), role, [_SINK]))
        self._cost = np.zeros(self._tails.size, dtype=np.int64)
        self._cost[: self._gain.size] = -self._gain
        self._cost[-2 * self._slots - 1 : -1] = self._penalty

    @property
    def people(self) -> int:
        return len(self._crowd.candidats)

    def weigh(self, groupes: Ints) -> Weighed:
        """Return the most that can be placed there, collectivités that would be crowded apart."""
        limites = self._limites
        supply = int(self._room.sum()) + limites.max * int(groupes.sum())
        lower = np.zeros(self._tails.size, dtype=np.int64)
        upper = np.concatenate((self._room, np.tile(limites.max * groupes, 5), [supply]))
        mix = np.concatenate((limites.elus_min * groupes, limites.agents_min * groupes, limites.min * groupes))
        lower[self._room.size : self._room.size + mix.size] = mix
        flow = self._flow(lower, upper, supply)
        nobody = flow[-2 * self._slots - 1 : -1].reshape(2, -1).max(axis=0)
        weight = -int(self._cost @ flow) - self._crowd.fixed_weight
        return Weighed(weight, np.flatnonzero(nobody), self._prices(flow > lower, flow < upper))

    def _flow(self, lower: Ints, upper: Ints, supply: int) -> Ints:
        solver = min_cost_flow.SimpleMinCostFlow()
        solver.add_arcs_with_capacity_and_unit_cost(self._tails, self._heads, upper - lower, self._cost)
        supplies = np.zeros(self._nodes, dtype=np.int64)
        supplies[_SOURCE], supplies[_SINK] = supply, -supply
        np.subtract.at(supplies, self._tails, lower)
        np.add.at(supplies, self._heads, lower)
        solver.set_nodes_supplies(np.arange(self._nodes), supplies)
        if solver.solve() != solver.OPTIMAL:
            raise AssertionError("with places that nobody takes, any groupes have a flow")
        return lower + np.asarray(solver.flows(np.arange(self._tails.size)), dtype=np.int64)

    def _prices(self, less: Bools, more: Bools) -> tuple[Floats, Floats]:
        """Return what a place more would bring, and what a place less would cost, at the margin."""
        starts = np.concatenate((self._tails[more], self._heads[less]))
        ends = np.concatenate((self._heads[more], self._tails[less]))
        costs = np.concatenate((self._cost[more], -self._cost[less]))
        to_sink = _distances(self._nodes, starts, ends, costs)
        from_sink = _distances(self._nodes, ends, starts, costs)
        # A slot without groupes is as dear as nobody gains by it.
        dear = np.full(2 * self._slots, -self._penalty, dtype=np.int64)
        np.maximum.at(dear, self._arc_key, self._gain + np.minimum(to_sink[self._arc_unit], 0))
        high, low = to_sink[self._role], -from_sink[self._role]
        return (
            np.where(high < _FAR, high, dear).astype(np.float64),
            np.where(low > -_FAR, low, -self._penalty).astype(np.float64),
        )


def _distances(nodes: int, starts: Ints, ends: Ints, costs: Ints) -> Ints:
    """Return the shortest way from each node to the sink, `_FAR` where there is none, by Bellman and Ford."""
    order = np.argsort(starts, kind="stable")
    ends, costs = ends[order], costs[order]
    first = starts_of(starts[order])
    tails = starts[order][first]
    found = np.full(nodes, _FAR, dtype=np.int64)
    found[_SINK] = 0
    while tails.size:
        nearer = found.copy()
        nearer[tails] = np.minimum(found[tails], np.minimum.reduceat(found[ends] + costs, first))
        nearer = np.where(nearer > _FAR // 2, _FAR, nearer)
        if (nearer == found).all():
            break
        found = nearer
    return found
