"""From whole numbers of groupes to better ones: a groupe closes in one slot and opens in another.

Invariant: the weight rises with each step, so it ends. Which exchanges are worth a try follows from the slopes of the
relaxation: the weight is concave in the numbers of groupes, so an exchange adds at most what its slopes say.
"""

from collections.abc import Iterator

import numpy as np

from scheduling.solver.filling import Weighing
from scheduling.solver.mip import Ints
from scheduling.solver.openings import Openings, Unfillable
from scheduling.solver.watch import Watch

_WORK = 600_000
"""Inscriptions that may be weighed anew in all: the larger the campagne, the fewer tries, and the less they matter."""
_PATIENCE = 12
"""Tries that bring nothing before the slopes are read anew, where something has changed since."""
_SOME = 1e-6


def climb(openings: Openings, weighing: Weighing, groupes: Ints, watch: Watch) -> Ints:
    """Return the groupes to open."""
    climber = _Climber(openings, weighing, groupes)
    in_vain, changed = 0, False
    steps = _exchanges(openings, groupes)
    while climber.weight < openings.bound and climber.tries > 0 and not watch.stopped():
        watch.tell("Recherche de meilleurs créneaux", climber.weight, openings.bound)
        if changed and in_vain >= _PATIENCE:
            steps, in_vain, changed = _exchanges(openings, climber.groupes), 0, False
        step = next(steps, None)
        if step is not None and climber.take(*step):
            changed, in_vain = True, 0
        elif step is not None or changed:
            in_vain = in_vain + 1 if step is not None else _PATIENCE
        else:
            break
    return climber.groupes


class _Climber:
    """Where the climb stands, and what has been tried."""

    def __init__(self, openings: Openings, weighing: Weighing, groupes: Ints) -> None:
        self._openings, self._weighing = openings, weighing
        self.groupes, self.weight = groupes, weighing.weigh(groupes)
        self.tries = _WORK // max(1, weighing.people)
        self._seen = {groupes.tobytes()}

    def take(self, close: int, open_: int) -> bool:
        """Try an exchange; keep it if that weighs more."""
        other = np.append(self.groupes, 0)
        other[close] -= 1
        other[open_] += 1
        other = other[:-1]
        if other.tobytes() in self._seen or not self._openings.can_run(other):
            return False
        self._seen.add(other.tobytes())
        self.tries -= 1
        weight = self._weighing.weigh(other)
        if weight <= self.weight:
            return False
        self.groupes, self.weight = other, weight
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
