"""From whole numbers of groupes to better ones: a groupe closes in one slot and opens in another.

Invariant: the weight rises with each step, so it ends. Which exchanges are worth a try follows from the slopes of the
relaxation: the weight is concave in the numbers of groupes, so an exchange adds at most what its slopes say.
"""

from collections.abc import Iterator

import numpy as np

from scheduling.solver.filling import Filling, Weighing
from scheduling.solver.mip import Ints
from scheduling.solver.openings import Openings, Unfillable
from scheduling.solver.watch import Watch

_WORK = 1_000_000
"""Inscriptions that may be weighed anew in all: the larger the campagne, the fewer tries, and the less they matter."""
_PATIENCE = 12
"""Tries that bring nothing before the slopes are read anew, where something has changed since."""
_SOME = 1e-6


def climb(openings: Openings, filling: Filling, groupes: Ints, where: Ints, watch: Watch) -> tuple[Ints, Ints]:
    """Return the groupes to open and the slot of each candidat."""
    climber = _Climber(openings, filling, groupes, where)
    weighing = Weighing(filling)
    tries, in_vain, changed = _WORK // max(1, where.size), 0, False
    steps = _exchanges(openings, groupes)
    while climber.weight < openings.bound and tries > 0 and not watch.stopped():
        watch.tell("Recherche de meilleurs créneaux", climber.weight, openings.bound)
        if changed and in_vain >= _PATIENCE:
            steps, in_vain, changed = _exchanges(openings, climber.groupes), 0, False
        step = next(steps, None)
        if step is None:
            if not changed:
                break
            in_vain = _PATIENCE
            continue
        other = climber.after(*step)
        if other is None:
            continue
        tries -= 1
        if weighing.weigh(other) > climber.weight and climber.take(other):
            changed, in_vain = True, 0
        else:
            in_vain += 1
    return climber.groupes, climber.where


class _Climber:
    """Where the climb stands, and what has been tried."""

    def __init__(self, openings: Openings, filling: Filling, groupes: Ints, where: Ints) -> None:
        self._openings, self._filling = openings, filling
        self.groupes, self.where, self.weight = groupes, where, filling.weight(where)
        self._seen = {groupes.tobytes()}

    def after(self, close: int, open_: int) -> Ints | None:
        """Return the groupes after an exchange; None when it is forbidden or has been tried."""
        other = np.append(self.groupes, 0)
        other[close] -= 1
        other[open_] += 1
        other = other[:-1]
        if other.tobytes() in self._seen or not self._openings.can_run(other):
            return None
        self._seen.add(other.tobytes())
        return other

    def take(self, other: Ints) -> bool:
        """Fill these groupes; keep them if that weighs more with all rules."""
        where = self._filling.try_fill(other)
        if where is None or self._filling.weight(where) <= self.weight:
            return False
        self.groupes, self.where, self.weight = other, where, self._filling.weight(where)
        return True


def _exchanges(openings: Openings, groupes: Ints) -> Iterator[tuple[int, int]]:
    """Give the slots to close and to open, the most promising first; the number after the last stands for none."""
    try:
        slopes = np.append(openings.slopes(groupes), 0.0)
    except Unfillable:
        return
    gains = slopes[np.newaxis, :] - slopes[:, np.newaxis]
    order = np.argsort(-gains, axis=None, kind="stable")
    for index in order[: int((gains > _SOME).sum())].tolist():
        yield divmod(index, slopes.size)
