"""Step 1 for a large campagne, second half: who is placed where, once it is known how many groupes open.

One minimum-cost flow: person (or persons who are the same) → thématique and créneau, by qualité → groupes → out, with
the minima and maxima of the groupes as bounds. Flows are whole, so this is exact for the groupes given: people placed
by weight, then the wanted thématique, preferred créneaux, and who waited in vain last season. One unit of an
objective outweighs `_BASE` units of the next. Arrival decides among people who are the same, then by exchange.
"""

from collections import Counter, defaultdict

import numpy as np
from ortools.graph.python import min_cost_flow

from scheduling.solver.crowd import Crowd
from scheduling.solver.mip import Ints
from scheduling.solver.placement import Home, Unfillable
from scheduling.solver.problem import GroupingProblem, Slot
from scheduling.solver.units import Units, group, starts_of

_BASE = 1_000
_SOURCE, _SINK = 0, 1


class Filling:
    """The people of a crowd, ready to fill any numbers of groupes."""

    def __init__(self, problem: GroupingProblem, crowd: Crowd) -> None:
        keys = [crowd.pattern, crowd.attendu, crowd.rang]
        if problem.limites.places_par_collectivite:
            keys.append(crowd.collectivite)
        self.problem, self.crowd = problem, crowd
        self.units = group(crowd, *keys)

    def fill(self, groupes: Ints) -> Ints:
        """Return the slot of each candidat, -1 for those without a place; raises Unfillable when none fills them."""
        usable = np.flatnonzero(groupes[self.units.arc_slot] > 0)
        gain = _gain(self.crowd, self.units, usable)
        arcs = _network(self, usable, groupes, gain)
        return _read(self.crowd, self.units, usable, arcs.solve()[: usable.size])


def _network(filling: Filling, usable: Ints, groupes: Ints, gain: Ints) -> "_Arcs":
    problem, crowd, units = filling.problem, filling.crowd, filling.units
    limites, slots = problem.limites, len(crowd.slots)
    arcs = _Arcs(int(units.count.sum()))
    unit = arcs.nodes(units.count.size)
    by_role, by_slot = arcs.nodes(2 * slots), arcs.nodes(slots)
    owner, slot, candidat = units.arc_unit[usable], units.arc_slot[usable], units.arc_candidat[usable]
    start, choice = starts_of(owner, slot // max(1, len(problem.creneaux))), unit[owner]
    if limites.places_par_personne > 1:
        # At most one place in a thématique, whoever may have several.
        choice = np.repeat(arcs.nodes(start.size), np.diff(np.append(start, usable.size)))
    role_slot = by_role[crowd.agent[candidat] * slots + slot]
    arcs.add(choice, role_slot, 0, units.count[owner], gain)
    if limites.places_par_personne > 1:
        arcs.add(unit[owner[start]], choice[start], 0, units.count[owner[start]], 0)
    _add_people(arcs, problem, crowd, units, unit)
    for role, least in enumerate((limites.elus_min, limites.agents_min)):
        arcs.add(by_role[role * slots : (role + 1) * slots], by_slot, least * groupes, limites.max * groupes, 0)
    arcs.add(by_slot, np.full(slots, _SINK), limites.min * groupes, limites.max * groupes, 0)
    return arcs


def _gain(crowd: Crowd, units: Units, usable: Ints) -> Ints:
    candidat = units.arc_candidat[usable]
    wanted = crowd.rang.max(initial=1) - crowd.rang[candidat]
    value: Ints = crowd.weight[candidat] * _BASE + wanted
    value = value * _BASE + units.arc_preferred[usable]
    value *= _BASE
    value += crowd.attendu[candidat]
    return value


def _add_people(arcs: "_Arcs", problem: GroupingProblem, crowd: Crowd, units: Units, unit: Ints) -> None:
    """From the source to each unit, through its collectivité where that holds a limited number of places."""
    limites = problem.limites
    room = np.where(units.coupled == 1, limites.places_par_personne, units.count)
    if not limites.places_par_collectivite:
        arcs.add(np.full(unit.size, _SOURCE), unit, 0, room, 0)
        return
    of_unit = np.zeros(unit.size, dtype=np.int64)
    of_unit[units.of] = crowd.collectivite
    collectivite = arcs.nodes(int(crowd.collectivite.max(initial=0)) + 1)
    arcs.add(np.full(collectivite.size, _SOURCE), collectivite, 0, limites.places_par_collectivite, 0)
    arcs.add(collectivite[of_unit], unit, 0, room, 0)


class _Arcs:
    """A network from the source to the sink with lower bounds; what nobody takes goes straight to the sink."""

    def __init__(self, supply: int) -> None:
        self._supply = supply
        self._count = 2
        self._parts: list[tuple[Ints, ...]] = []

    def nodes(self, count: int) -> Ints:
        self._count += count
        return np.arange(self._count - count, self._count)

    def add(self, tails: Ints, heads: Ints, lower: Ints | int, upper: Ints | int, gain: Ints | int) -> None:
        self._parts.append(tuple(np.broadcast_to(a, tails.shape) for a in (tails, heads, lower, upper, gain)))

    def solve(self) -> Ints:
        """Return the flow of each arc, the most valuable there is; Unfillable when the bounds can't be met."""
        self.add(np.array([_SOURCE]), np.array([_SINK]), 0, self._supply, 0)
        tails, heads, lower, upper, gain = (np.concatenate(a).astype(np.int64) for a in zip(*self._parts, strict=True))
        solver = min_cost_flow.SimpleMinCostFlow()
        solver.add_arcs_with_capacity_and_unit_cost(tails, heads, upper - lower, -gain)
        supplies = np.zeros(self._count, dtype=np.int64)
        supplies[_SOURCE], supplies[_SINK] = self._supply, -self._supply
        np.subtract.at(supplies, tails, lower)
        np.add.at(supplies, heads, lower)
        solver.set_nodes_supplies(np.arange(self._count), supplies)
        if solver.solve() != solver.OPTIMAL:
            raise Unfillable
        return lower + np.asarray(solver.flows(np.arange(tails.size)), dtype=np.int64)


def _read(crowd: Crowd, units: Units, usable: Ints, flow: Ints) -> Ints:
    """Hand out a unit's places in turn, the preferred ones first."""
    where = np.full(len(crowd.candidats), -1, dtype=np.int64)
    unit, slot = units.arc_unit[usable], units.arc_slot[usable]
    coupled = (units.coupled[unit] == 1) & (flow > 0)
    where[units.arc_candidat[usable][coupled]] = slot[coupled]
    order = np.lexsort((slot, -units.arc_preferred[usable], unit))
    order = order[(units.coupled[unit[order]] == 0) & (flow[order] > 0)]
    taken_unit, taken_slot = np.repeat(unit[order], flow[order]), np.repeat(slot[order], flow[order])
    members = np.argsort(units.of, kind="stable")
    first = np.searchsorted(units.of[members], taken_unit)
    start = starts_of(taken_unit)
    position = np.arange(taken_unit.size) - np.repeat(start, np.diff(np.append(start, taken_unit.size)))
    where[members[first + position]] = taken_slot
    return where


def crowded_homes(crowd: Crowd, where: Ints, groupes: Ints) -> set[Home]:
    """Return the collectivités and slots, by number, where more people are placed than there are groupes."""
    placed = np.flatnonzero(where >= 0)
    counts = Counter(zip(crowd.collectivite[placed].tolist(), where[placed].tolist(), strict=True))
    return {home for home, count in counts.items() if count > groupes[home[1]]}


def crowded(crowd: Crowd, where: Ints, groupes: Ints) -> set[tuple[str, Slot]]:
    """Return who must not have a slot so that no collectivité has more people there than there are groupes.

    The first of the collectivité who are there keep their places.
    """
    broken = crowded_homes(crowd, where, groupes)
    if not broken:
        return set()
    asking: dict[Home, list[int]] = defaultdict(list)
    homes = crowd.collectivite[crowd.arc_candidat]
    for arc in np.flatnonzero(np.isin(homes, [c for c, _ in broken])).tolist():
        key = (int(homes[arc]), int(crowd.arc_slot[arc]))
        if key in broken:
            asking[key].append(int(crowd.arc_candidat[arc]))
    found = set()
    for key, candidats in asking.items():
        ordered = sorted(candidats, key=lambda i: (not crowd.fixed[i], where[i] != key[1], -crowd.weight[i], i))
        found |= {(crowd.candidats[i].id, crowd.slots[key[1]]) for i in ordered[int(groupes[key[1]]) :]}
    return found
