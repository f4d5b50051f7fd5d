"""A mixed-integer program built as arrays and maximised by HiGHS, one objective after the other.

Invariant: the limits are deterministic (nodes, one thread, a fixed seed), so the same program gives the same answer.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import highspy
import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_INTEGRAL = 1e-6


@dataclass(frozen=True, slots=True)
class Optimum:
    """`values` per column (rounded), `objective` and the proven `bound` on it, both whole numbers."""

    values: Ints
    objective: int
    bound: float


class Undecided(Exception):
    """The limit was reached before any values were found, or a proof that there are none."""


Ask = Callable[[int, float], bool]
"""Told now and then the best objective and the bound on it; true ends the search with what is best so far."""


@dataclass(slots=True)
class Program:
    """Columns are integers between bounds; rows arrive as coordinates (row, column, value).

    `nodes` of the search tree are visited at most; `gap` is the share of the objective that may be missed.
    """

    seed: int
    nodes: int = 20_000
    gap: float = 0.0
    _lower: list[Floats] = field(default_factory=list)
    _upper: list[Floats] = field(default_factory=list)
    _row_lower: list[Floats] = field(default_factory=list)
    _row_upper: list[Floats] = field(default_factory=list)
    _rows: list[Ints] = field(default_factory=list)
    _cols: list[Ints] = field(default_factory=list)
    _vals: list[Floats] = field(default_factory=list)
    columns: int = 0
    row_count: int = 0

    def add_columns(self, lower: object, upper: object) -> Ints:
        """Return the indices of the new columns, one for each pair of bounds."""
        low = np.atleast_1d(np.asarray(lower, dtype=np.float64))
        self._lower.append(low)
        self._upper.append(np.broadcast_to(np.asarray(upper, dtype=np.float64), low.shape))
        self.columns += low.size
        return np.arange(self.columns - low.size, self.columns)

    def add_rows(  # noqa: PLR0917 - bounds, then coordinates, as HiGHS has them
        self, count: int, lower: float, upper: object, rows: object, cols: object, vals: object
    ) -> None:
        """`count` rows with these bounds; `rows` count from 0 within the block."""
        row = np.asarray(rows, dtype=np.int64)
        self._row_lower.append(np.full(count, lower, dtype=np.float64))
        self._row_upper.append(np.broadcast_to(np.asarray(upper, dtype=np.float64), (count,)))
        self._rows.append(row + self.row_count)
        self._cols.append(np.asarray(cols, dtype=np.int64))
        self._vals.append(np.broadcast_to(np.asarray(vals, dtype=np.float64), row.shape))
        self.row_count += count

    def maximise(self, cost: Ints, whole: Ints, ask: Ask | None = None) -> Optimum | None:
        """Find the best values, None when no values satisfy the rows. `cost` is integer, one per column.

        Only the columns `whole` are declared integer at first: the others are a flow and mostly come out so. Raises
        Undecided when the limit comes first.
        """
        if not self.columns:
            # Nobody to place: HiGHS calls a program without columns neither solved nor infeasible.
            return Optimum(np.zeros(0, dtype=np.int64), 0, 0.0)
        highs = self._run(cost, whole, ask)
        if _has_solution(highs) and not _is_integral(highs):
            highs = self._run(cost, np.arange(self.columns), ask)
        if not _has_solution(highs):
            if highs.getModelStatus() != highspy.HighsModelStatus.kInfeasible:
                raise Undecided
            return None
        values = np.rint(np.asarray(highs.getSolution().col_value)).astype(np.int64)
        return Optimum(values, int(cost @ values), _whole_bound(highs.getInfo().mip_dual_bound))

    def _run(self, cost: Ints, whole: Ints, ask: Ask | None) -> highspy.Highs:
        highs = highspy.Highs()  # type: ignore[no-untyped-call]
        highs.silent()
        options = {
            "threads": 1,
            "random_seed": self.seed,
            "mip_rel_gap": self.gap,
            # The objectives are whole numbers: a bound less than one above is a proof.
            "mip_abs_gap": 0.999,
            "mip_max_nodes": self.nodes,
        }
        for name, value in options.items():
            highs.setOptionValue(name, value)
        if ask is not None:
            _let_it_ask(highs, ask)
        highs.passModel(self._lp(cost.astype(np.float64), whole))
        highs.run()
        return highs

    def fix(self, columns: Ints, values: Ints) -> None:
        """Let these columns take these values only."""
        count = columns.size
        self.add_rows(count, 0, np.zeros(count), np.arange(count), columns, 1)
        self._row_lower[-1] = self._row_upper[-1] = values.astype(np.float64)

    def keep_at_least(self, cost: Ints, objective: int) -> None:
        """Fix what an earlier objective reached before the next one is maximised."""
        used = np.flatnonzero(cost)
        if used.size:
            self.add_rows(1, objective, np.inf, np.zeros(used.size), used, cost[used])

    def _lp(self, cost: Floats, whole: Ints) -> highspy.HighsLp:
        rows, cols = np.concatenate(self._rows), np.concatenate(self._cols)
        order = np.lexsort((cols, rows))
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = self.columns, self.row_count
        lp.sense_ = highspy.ObjSense.kMaximize
        lp.col_cost_ = cost
        lp.col_lower_, lp.col_upper_ = np.concatenate(self._lower), np.concatenate(self._upper)
        lp.row_lower_, lp.row_upper_ = np.concatenate(self._row_lower), np.concatenate(self._row_upper)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.num_col_, lp.a_matrix_.num_row_ = self.columns, self.row_count
        lp.a_matrix_.start_ = np.searchsorted(rows[order], np.arange(self.row_count + 1))
        lp.a_matrix_.index_ = cols[order]
        lp.a_matrix_.value_ = np.concatenate(self._vals)[order]
        kinds = np.full(self.columns, highspy.HighsVarType.kContinuous)
        kinds[whole] = highspy.HighsVarType.kInteger
        lp.integrality_ = kinds.tolist()
        return lp


def _let_it_ask(highs: highspy.Highs, ask: Ask) -> None:
    """Have the search ask whether to go on, once it has something to keep."""

    def interrupted(event: highspy.highs.HighsCallbackEvent) -> None:
        best, bound = event.data_out.mip_primal_bound, event.data_out.mip_dual_bound
        if np.isfinite(best) and ask(round(best), _whole_bound(bound)):
            event.interrupt()

    highs.cbMipInterrupt += interrupted


def _whole_bound(bound: float) -> float:
    return float(np.floor(bound + _INTEGRAL))


def _has_solution(highs: highspy.Highs) -> bool:
    status = highs.getInfo().primal_solution_status
    return bool(status == int(highspy.SolutionStatus.kSolutionStatusFeasible))


def _is_integral(highs: highspy.Highs) -> bool:
    values = np.asarray(highs.getSolution().col_value)
    return bool(np.abs(values - np.rint(values)).max(initial=0.0) < _INTEGRAL)
