"""Step 1 for a large campagne, first half: how many groupes open in each slot, and a bound on any placement.

A Dantzig-Wolfe decomposition. A small master program has the groupes, the animateurs and the number of places by slot
and qualité; its duals are the price of a place. At given prices everybody chooses alone, which is a few operations on
arrays however many people there are; what they choose together, by block, is a new column of the master.

Invariant: `bound` is the value of the relaxation over all choices (G. Dantzig and P. Wolfe, 1960), so no placement
weighs more. Rules that it leaves out (collectivités, wishes) could only lower it.
"""

from collections.abc import Callable, Collection, Sequence

import highspy
import numpy as np
from numpy.typing import NDArray

from scheduling.solver.animateurs import Capacity, kinds_of
from scheduling.solver.crowd import Crowd
from scheduling.solver.mip import Floats, Ints
from scheduling.solver.placement import fixed_numbers, most_groupes
from scheduling.solver.problem import GroupingProblem, Qualite, Slot
from scheduling.solver.units import Units, group, reachable, starts_of

Home = tuple[int, int]

_CLOSE = 1e-6
_PART = 0.3
_WHOLE = 1e-5
_NOBODY = 10_000.0
_INF = highspy.kHighsInf


class Openings:
    def __init__(self, problem: GroupingProblem, crowd: Crowd, homes: Collection[Home] = ()) -> None:
        """`homes` are a collectivité and slot, by number, where it may have no more people than there are groupes."""
        self._problem, self._crowd = problem, crowd
        kept = sorted(homes)
        self._choices = _Choices(problem, crowd, kept)
        least, most = fixed_numbers(problem), most_groupes(problem, _people_by_slot(crowd))
        self.least = np.array([least.get(s, 0) for s in crowd.slots], dtype=np.float64)
        self.most = np.maximum(np.array([most.get(s, 0) for s in crowd.slots], dtype=np.float64), self.least)
        self._master = _Master(problem, crowd, self._choices.blocks, [slot for _, slot in kept])
        self.bound = np.inf
        self._capacity = None if problem.animateurs is None else Capacity(kinds_of(problem), crowd.slots)

    def best(self) -> Ints:
        """Find the groupes to open: from the relaxation, part after part is rounded and the rest solved again."""
        bound, _, _ = self.price(self.least, self.most)
        self.bound = float(np.floor(bound + _CLOSE))
        least, most = self.least.copy(), self.most.copy()
        while True:
            groupes = self._master.groupes()
            away = np.abs(groupes - np.rint(groupes))
            open_ = np.flatnonzero((least < most) & (away > _WHOLE))
            if not open_.size:
                return np.rint(groupes).astype(np.int64)
            rounded = self._round(groupes)
            nearest = open_[np.argsort(np.abs(groupes - rounded)[open_], kind="stable")]
            chosen = nearest[: max(1, int(open_.size * _PART))]
            least[chosen] = most[chosen] = rounded[chosen]
            self._settle(least, most)

    def _settle(self, least: Floats, most: Floats) -> None:
        """Solve between these numbers, which are lowered where people lack to fill them."""
        while True:
            try:
                self.price(least, most)
            except Unfillable:
                lower = self._too_many(least)
                least[lower] -= 1
                most[lower] = np.minimum(most[lower], least[lower])
            else:
                return

    def _too_many(self, least: Floats) -> NDArray[np.bool_]:
        """Say where fewer groupes must do; raises Unfillable when all of them are needed."""
        spare = least > self.least
        lower = self._master.short() & spare
        if not lower.any():
            if not spare.any():
                raise Unfillable
            # What is short can't close: close the one that takes most from it.
            lower[np.argmin(np.where(spare, self._master.slopes(), np.inf))] = True
        return lower

    def slopes(self, groupes: Ints) -> Floats:
        """Return what one groupe more would add to the weight in each slot, at most, beside these groupes."""
        numbers = groupes.astype(np.float64)
        self._price(numbers, numbers)
        return self._master.slopes()

    def can_run(self, groupes: Ints) -> bool:
        """Tell whether the animateurs can run these groupes, and the campagne allows them."""
        within = (groupes >= self.least).all() and (groupes <= self.most).all() and self._master.allows(groupes)
        return bool(within and (self._capacity is None or self._capacity.most(groupes) == groupes.sum()))

    def _round(self, groupes: Floats) -> Floats:
        if self._capacity is None:
            return np.floor(groupes + _WHOLE)
        return self._master.within_limits(self._capacity.whole(groupes), groupes).astype(np.float64)

    def with_one_more(self, groupes: Ints, slot: int) -> int:
        """Return how many people would be placed if an animateur more let one groupe more open in a slot."""
        more = groupes.astype(np.float64)
        more[slot] += 1
        try:
            return int(self._price(more, more)[2] + _CLOSE)
        except Unfillable:
            return 0

    def price(self, least: Floats, most: Floats) -> tuple[float, float, float]:
        """Return a bound, the weight reached and the people placed, with the groupes between these numbers."""
        while True:
            found = self._price(least, most)
            exceeded = self._capacity and self._capacity.exceeded(self._master.groupes())
            if not exceeded:
                return found
            self._master.limit(*exceeded)

    def _price(self, least: Floats, most: Floats) -> tuple[float, float, float]:
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


class _Choices:
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
        amount = np.where(best > _CLOSE, self._units.count[self._unit], 0)
        amount = self._within_places(best, amount)
        gained = np.maximum(best, 0) * amount
        gains = np.bincount(self._block, weights=gained, minlength=self.blocks).astype(np.float64)

        def column(block: int) -> tuple[float, Ints, Floats]:
            mine = np.flatnonzero((self._block == block) & (amount > 0))
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


def _people_by_slot(crowd: Crowd) -> dict[Slot, dict[Qualite, int]]:
    size = len(crowd.slots)
    counts = np.bincount(crowd.agent[crowd.arc_candidat] * size + crowd.arc_slot, minlength=2 * size).tolist()
    return {
        slot: {Qualite.ELU: counts[i], Qualite.AGENT: counts[size + i]}
        for i, slot in enumerate(crowd.slots)
        if counts[i] or counts[size + i]
    }


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


class _Master:
    """The program of groupes, places and animateurs; a column a choice of a block."""

    def __init__(self, problem: GroupingProblem, crowd: Crowd, blocks: int, homes: Sequence[int]) -> None:
        self._slots = len(crowd.slots)
        self._limits: list[tuple[Ints, int]] = []
        self._highs = highspy.Highs()  # type: ignore[no-untyped-call]
        self._highs.silent()
        for name, value in {"threads": 1, "random_seed": problem.graine}.items():
            self._highs.setOptionValue(name, value)
        self._homes = len(homes)
        self._add_groupes(problem, homes)
        self._add_limits(problem, crowd)
        self._first_block, self._blocks = self._highs.getNumRow(), blocks
        for _ in range(blocks):
            self._row(1, 1, [], [])
        for block in range(blocks):
            self.add(block, 0.0, np.zeros(0, dtype=np.int64), np.zeros(0))

    def _row(self, low: float, high: float, columns: list[int], values: list[float]) -> None:
        self._highs.addRow(low, high, len(columns), np.array(columns, dtype=np.int32), np.array(values, np.float64))

    def _add_groupes(self, problem: GroupingProblem, homes: Sequence[int]) -> None:
        limites, slots = problem.limites, self._slots
        for _ in range(3 * slots):
            self._highs.addVar(0, _INF)
        roles = (limites.elus_min, limites.agents_min)
        # The first rows tie places to choices: their duals are the prices. Row `r * slots + s`: qualité r, slot s.
        for key in range(2 * slots):
            self._row(0, 0, [slots + key], [-1.0])
        for slot in homes:
            self._row(-_INF, 0, [slot], [-1.0])
        # Nobody takes such a place: it keeps the program solvable until choices that fill the groupes are known.
        self._nobody = self._highs.getNumCol()
        for key in range(2 * slots):
            self._highs.addCol(-_NOBODY, 0, _INF, 1, np.array([key], dtype=np.int32), np.ones(1))
        for s in range(slots):
            places = [slots + s, 2 * slots + s]
            self._row(0, _INF, [*places, s], [1.0, 1.0, -limites.min])
            self._row(-_INF, 0, [*places, s], [1.0, 1.0, -limites.max])
            for column, least in zip(places, roles, strict=True):
                self._row(0, _INF, [column, s], [1.0, -least])

    def _add_limits(self, problem: GroupingProblem, crowd: Crowd) -> None:
        limites = problem.limites
        for creneau, most in sorted(limites.par_creneau.items()):
            columns = [i for i, slot in enumerate(crowd.slots) if slot[1] == creneau]
            self._limits.append((np.array(columns, dtype=np.int64), most))
        if limites.groupes_max is not None:
            self._limits.append((np.arange(self._slots), limites.groupes_max))
        for slots, most in self._limits:
            self.limit(slots, most)

    def limit(self, slots: Ints, most: float) -> None:
        """Let these slots have so many groupes together."""
        self._row(-_INF, most, slots.tolist(), [1.0] * slots.size)

    def add(self, block: int, weight: float, keys: Ints, people: Floats) -> None:
        """Add a choice of a block: so many people at each key, which weigh so much together."""
        rows = np.append(keys, self._first_block + block).astype(np.int32)
        self._highs.addCol(weight, 0, _INF, rows.size, rows, np.append(people, 1.0))

    def solve(self, least: Floats, most: Floats) -> tuple[float, Floats, Floats, Floats]:
        """Return the value, the price of a place by key and for the homes, and what each block is worth already."""
        self._bound(least, most)
        self._highs.run()
        if self._highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise Unfillable
        dual = np.asarray(self._highs.getSolution().row_dual)
        homes, blocks = 2 * self._slots, self._first_block
        return (
            self._highs.getInfo().objective_function_value,
            dual[:homes],
            dual[homes : homes + self._homes],
            dual[blocks : blocks + self._blocks],
        )

    def slopes(self) -> Floats:
        """Return the duals of the numbers of groupes."""
        return np.asarray(self._highs.getSolution().col_dual)[: self._slots]

    def short(self) -> NDArray[np.bool_]:
        """Tell in which slots nobody takes some places of the last solution."""
        nobody = np.asarray(self._highs.getSolution().col_value)[self._nobody :][: 2 * self._slots]
        short: NDArray[np.bool_] = nobody.reshape(2, -1).max(axis=0) > _WHOLE
        return short

    def allows(self, groupes: Ints) -> bool:
        """Tell whether these numbers keep the limits by créneau and in all."""
        return all(groupes[columns].sum() <= most for columns, most in self._limits)

    def within_limits(self, whole: Ints, groupes: Floats) -> Ints:
        """Take back what was rounded up too much for the limits, first where the fraction is small."""
        whole = whole.copy()
        for slot in np.argsort(groupes - np.floor(groupes), kind="stable").tolist():
            if whole[slot] > groupes[slot] + _WHOLE and any(
                slot in columns and whole[columns].sum() > most for columns, most in self._limits
            ):
                whole[slot] -= 1
        return whole

    def unfilled(self) -> float:
        """Return how many places of the last solution nobody takes."""
        return float(np.asarray(self._highs.getSolution().col_value)[self._nobody :][: 2 * self._slots].sum())

    def people(self) -> float:
        """Return how many people the last solution places."""
        return float(np.asarray(self._highs.getSolution().col_value)[self._slots : 3 * self._slots].sum())

    def groupes(self) -> Floats:
        """Return the groupes of the last solution."""
        return np.asarray(self._highs.getSolution().col_value)[: self._slots]

    def _bound(self, least: Floats, most: Floats) -> None:
        self._highs.changeObjectiveSense(highspy.ObjSense.kMaximize)
        self._highs.changeColsBounds(self._slots, np.arange(self._slots, dtype=np.int32), least, most)


class Unfillable(Exception):
    """No choice of people fills these groupes."""
