"""The master program of step 1 for a large campagne: groupes, places and animateurs, with a column a choice of a block.

Invariant: its duals are the prices of places; a place that nobody takes costs so much that none stays where people
who could take it are known.
"""

from collections.abc import Sequence

import highspy
import numpy as np

from scheduling.solver.crowd import Crowd
from scheduling.solver.mip import Floats, Ints
from scheduling.solver.placement import Unfillable
from scheduling.solver.problem import GroupingProblem

_WHOLE = 1e-5
_NOBODY = 10_000.0
_INF = highspy.kHighsInf


class Master:
    """The program of groupes, places and animateurs; a column a choice of a block."""

    def __init__(self, problem: GroupingProblem, crowd: Crowd, blocks: int, homes: Sequence[int]) -> None:
        self._slots = len(crowd.slots)
        self.limits: list[tuple[Ints, int]] = []
        self._limit_rows: list[int] = []
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
            self.limit(np.array(columns, dtype=np.int64), most)
        if limites.groupes_max is not None:
            self.limit(np.arange(self._slots), limites.groupes_max)

    def limit(self, slots: Ints, most: int) -> None:
        """Let these slots have so many groupes together."""
        self.limits.append((slots, most))
        self._limit_rows.append(self._highs.getNumRow())
        self._row(-_INF, most, slots.tolist(), [1.0] * slots.size)

    def allow(self, slot: int, more: int) -> None:
        """Let each limit on this slot be exceeded by so many groupes."""
        for row, (slots, most) in zip(self._limit_rows, self.limits, strict=True):
            if slot in slots:
                self._highs.changeRowBounds(row, -_INF, most + more)

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
        return (self._highs.getInfo().objective_function_value, *self._duals())

    def middle(self) -> tuple[Floats, Floats, Floats] | None:
        """Return groupes, prices of places and for the homes away from all corners; None where that has no answer."""
        for name, value in {"solver": "ipm", "run_crossover": "off"}.items():
            self._highs.setOptionValue(name, value)
        self._highs.clearSolver()
        self._highs.run()
        self._highs.setOptionValue("solver", "choose")
        if self._highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        prices, home_prices, _ = self._duals()
        return self.groupes(), prices, home_prices

    def _duals(self) -> tuple[Floats, Floats, Floats]:
        dual = np.asarray(self._highs.getSolution().row_dual)
        homes, blocks = 2 * self._slots, self._first_block
        return dual[:homes], dual[homes : homes + self._homes], dual[blocks : blocks + self._blocks]

    def allows(self, groupes: Ints) -> bool:
        """Tell whether these numbers keep the limits by créneau and in all."""
        return all(groupes[columns].sum() <= most for columns, most in self.limits)

    def within_limits(self, whole: Ints, groupes: Floats) -> Ints:
        """Take back what was rounded up too much for the limits, first where the fraction is small."""
        whole = whole.copy()
        for slot in np.argsort(groupes - np.floor(groupes), kind="stable").tolist():
            if whole[slot] > groupes[slot] + _WHOLE and any(
                slot in columns and whole[columns].sum() > most for columns, most in self.limits
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
