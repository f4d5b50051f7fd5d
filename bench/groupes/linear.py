"""A linear program as arrays, and the bound that any prices of its rows prove, however they were found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import highspy
import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

NO_LIMIT: Final = float("inf")


@dataclass(slots=True)
class Rows:
    """Rows between two limits, whose entries are (row, column, value)."""

    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    rows: list[Ints] = field(default_factory=list)
    cols: list[Ints] = field(default_factory=list)
    vals: list[Ints] = field(default_factory=list)

    def add(self, low: float, high: float, cols: Ints, vals: Ints) -> None:
        self._add(np.full(cols.size, len(self.low)), cols, vals)
        self.low.append(low)
        self.high.append(high)

    def add_grouped(self, high: Ints, groups: Ints, cols: Ints) -> None:
        """For each group k, one row that holds the sum of its columns at or under `high[k]`."""
        self._add(groups + len(self.low), cols, np.ones_like(cols))
        self.low += [-NO_LIMIT] * high.size
        self.high += high.tolist()

    def _add(self, rows: Ints, cols: Ints, vals: Ints) -> None:
        self.rows.append(rows)
        self.cols.append(cols)
        self.vals.append(vals)


@dataclass(frozen=True, slots=True)
class Linear:
    """Maximise `cost · x`, each x from 0 to `upper`, each row between `low` and `high`; entries are by column."""

    cost: Floats
    upper: Floats
    low: Floats
    high: Floats
    rows: Ints
    cols: Ints
    vals: Floats

    def certify(self, prices: Floats) -> float:
        """Return what no solution exceeds, by weak duality; wrong or rough prices only make it higher."""
        prices = np.where(np.isinf(self.high), np.minimum(prices, 0), prices)
        prices = np.where(np.isinf(self.low), np.maximum(prices, 0), prices)
        paid = prices != 0
        limits = np.where(prices > 0, self.high, self.low)[paid]
        gains = self.cost - np.bincount(self.cols, self.vals * prices[self.rows], self.cost.size)
        return float(limits @ prices[paid] + self.upper @ np.maximum(gains, 0))

    def bound(self) -> float:
        """Return a bound on the optimum, from prices of an interior point method."""
        highs = self._run({"solver": "ipm", "run_crossover": "off"}, None)
        return self.certify(np.asarray(highs.getSolution().row_dual))

    def whole_bound(self, whole: Ints, seconds: float) -> float:
        """Return the best bound proven in that time when these columns are whole numbers."""
        options = {"time_limit": seconds, "mip_rel_gap": 0.0, "mip_abs_gap": 0.99}
        return float(self._run(options, whole).getInfo().mip_dual_bound)

    def _run(self, options: Mapping[str, str | float], whole: Ints | None) -> highspy.Highs:
        highs = highspy.Highs()  # type: ignore[no-untyped-call]
        highs.silent()
        for name, value in options.items():
            highs.setOptionValue(name, value)
        highs.passModel(self._lp(whole))
        highs.run()
        return highs

    def _lp(self, whole: Ints | None) -> highspy.HighsLp:
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = self.cost.size, self.low.size
        lp.sense_ = highspy.ObjSense.kMaximize
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = self.cost, np.zeros(self.cost.size), self.upper
        lp.row_lower_, lp.row_upper_ = self.low, self.high
        lp.a_matrix_.start_ = np.searchsorted(self.cols, np.arange(self.cost.size + 1))
        lp.a_matrix_.index_, lp.a_matrix_.value_ = self.rows, self.vals
        if whole is not None:
            kinds = np.full(self.cost.size, highspy.HighsVarType.kContinuous)
            kinds[whole] = highspy.HighsVarType.kInteger
            lp.integrality_ = kinds.tolist()
        return lp


def assemble(rows: Rows, cost: Ints, upper: Ints) -> Linear:
    row, col, val = (np.concatenate(parts) for parts in (rows.rows, rows.cols, rows.vals))
    order = np.argsort(col, kind="stable")
    return Linear(
        cost=cost.astype(float),
        upper=upper.astype(float),
        low=np.array(rows.low, float),
        high=np.array(rows.high, float),
        rows=row[order],
        cols=col[order],
        vals=val[order].astype(float),
    )
