"""From whole numbers of groupes to the best ones: a program over the groupes alone, with a cut for each that was tried.

Benders' decomposition (J. Benders, 1962). A cut says what people weigh at most in any numbers of groupes. The next
numbers to try are those nearest to the best so far that no cut rules out; where cuts leave none, the bound comes down.

Invariant: numbers that are tried can be run by the animateurs, and the bound stays one whatever was tried.
"""

import numpy as np

from scheduling.solver.mip import Ints, Program, Undecided
from scheduling.solver.openings import Openings
from scheduling.solver.watch import SEARCHING, Watch
from scheduling.solver.weighing import Weighed, Weighing

_TRIES = 60
_WORK = 600_000
"""Inscriptions that may be weighed anew in all: the larger the campagne, the fewer tries, and the less they matter."""
_NODES = 200
_NEAR = 0.1
"""Share of the distance by which numbers may be farther than the nearest."""


def improve(openings: Openings, weighing: Weighing, groupes: Ints, seed: int, watch: Watch) -> Ints:
    """Return the groupes to open instead of these; lowers the bound of the openings where it can be proven."""
    search = _Search(openings, seed, groupes)
    for _ in range(min(_TRIES, _WORK // max(1, weighing.people))):
        search.learn(groupes, weighing.weigh(groupes))
        watch.tell(SEARCHING, search.weight, openings.bound)
        following = None if watch.stopped() else search.following()
        if following is None:
            break
        groupes = following
    return search.best


class _Search:
    def __init__(self, openings: Openings, seed: int, groupes: Ints) -> None:
        self._openings, self._seed = openings, seed
        self._cuts = list(openings.cuts)
        self._tried: set[bytes] = set()
        self._standing = (False, 0)
        self.best = self._fewer = groupes

    @property
    def weight(self) -> int | None:
        """What the best weigh, None while people can't fill them."""
        filled, weight = self._standing
        return weight if filled else None

    def learn(self, groupes: Ints, weighed: Weighed) -> None:
        standing = (not weighed.short.size, weighed.weight)
        self._fewer = groupes.copy()
        self._fewer[weighed.short] -= 1
        if not self._tried or standing > self._standing:
            self.best, self._standing = groupes, standing
        self._tried.add(groupes.tobytes())
        self._cuts += [self._openings.cut(prices) for prices in weighed.prices]

    def following(self) -> Ints | None:
        """Return the numbers to try next, None when the best are known or no others are found.

        Where the last ones lack people, one groupe less of each such slot comes first: that is soon a placement.
        """
        openings = self._openings
        if self._fewer.tobytes() not in self._tried and openings.can_run(self._fewer):
            return self._fewer
        while self.weight is None or self.weight < openings.bound:
            try:
                nearest = self._nearest()
            except Undecided:
                return None
            if nearest is None:
                openings.bound -= 1
                continue
            if openings.limit(nearest.astype(np.float64)):
                nearest = openings.runnable(nearest)
                if nearest.tobytes() in self._tried or not openings.can_run(nearest):
                    continue
            return None if nearest.tobytes() in self._tried else nearest
        return None

    def _nearest(self) -> Ints | None:
        """Return numbers near the best that could reach the bound, None when cuts and limits rule out all."""
        openings, best = self._openings, self.best
        program = Program(self._seed, nodes=_NODES, gap=_NEAR)
        groupes = program.add_columns(openings.least, openings.most)
        away = program.add_columns(np.zeros(best.size), np.inf)
        each, both = np.arange(best.size), np.concatenate((groupes, away))
        program.add_rows(best.size, -np.inf, best, np.tile(each, 2), both, np.repeat((1, -1), best.size))
        program.add_rows(best.size, -np.inf, -best, np.tile(each, 2), both, -1)
        for constant, slopes in self._cuts:
            # Weights are whole numbers: half of one is for what floating point loses.
            program.add_rows(1, openings.bound - 0.5 - constant, np.inf, np.zeros(best.size), groupes, slopes)
        for slots, most in openings.limits:
            program.add_rows(1, -np.inf, most, np.zeros(slots.size), groupes[slots], 1)
        found = program.maximise(np.repeat((0, -1), best.size), groupes)
        return None if found is None else found.values[groupes]
