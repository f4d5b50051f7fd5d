"""From whole numbers of groupes to better ones: a groupe closes in one slot and opens in another.

Invariant: the weight rises with each step, so it ends. Which exchanges are worth a try follows from the slopes of the
relaxation: the weight is concave in the numbers of groupes, so an exchange adds at most what its slopes say.
"""

from collections.abc import Iterator

import numpy as np

from scheduling.solver.filling import Filling
from scheduling.solver.mip import Floats, Ints
from scheduling.solver.openings import Openings, Unfillable
from scheduling.solver.watch import Watch

_WORK = 400_000
"""Inscriptions that may be placed anew in all: the larger the campagne, the fewer tries, and the less they matter."""


def climb(
    openings: Openings, filling: Filling, groupes: Ints, where: Ints, watch: Watch
) -> tuple[Ints, Ints]:
    """Return the groupes to open and the slot of each candidat."""
    weight, bound = filling.weight(where), openings.bound
    tries = _WORK // max(1, where.size)
    seen = {groupes.tobytes()}
    steps = _steps(openings, groupes)
    while weight < bound and tries > 0 and not watch.stopped():
        watch.tell("Recherche de meilleurs créneaux", weight, bound)
        other = next((g for g in steps if g.tobytes() not in seen and openings.can_run(g)), None)
        if other is None:
            break
        seen.add(other.tobytes())
        tries -= 1
        filled = filling.try_fill(other)
        if filled is not None and filling.weight(filled) > weight:
            groupes, where, weight = other, filled, filling.weight(filled)
            steps = _steps(openings, groupes)
    return groupes, where


def _steps(openings: Openings, groupes: Ints) -> Iterator[Ints]:
    """Exchanges that may add weight, the most promising first."""
    try:
        slopes = openings.slopes(groupes)
    except Unfillable:
        return
    gains = _gains(slopes)
    order = np.argsort(-gains, axis=None, kind="stable")
    closed = slopes.size
    for index in order[: int((gains > 1e-6).sum())].tolist():
        close, open_ = divmod(index, closed + 1)
        other = groupes.copy()
        if close < closed:
            other[close] -= 1
        if open_ < closed:
            other[open_] += 1
        yield other


def _gains(slopes: Floats) -> Floats:
    """What closing the groupe of a row and opening that of a column adds at most; the last ones stand for none."""
    ends = np.append(slopes, 0.0)
    return ends[np.newaxis, :] - ends[:, np.newaxis]
