"""Whose turn it is, beyond people who are the same to the flow: exchanges between who waits and who sits.

Invariant: an exchange keeps the weight, the wanted thématiques and preferences, every rule, and puts the earlier of
two people in. After it, nobody waits while somebody later in turn has a place that they could take as it is.
"""

import heapq
from bisect import insort
from collections import Counter, defaultdict
from collections.abc import Collection

import numpy as np

from scheduling.solver.crowd import Bools, Crowd
from scheduling.solver.mip import Ints

_Seat = tuple[int, int, int, int, int, int]
"""Slot, qualité, weight, rang, preferred, waited in vain: what must be the same on both sides of an exchange."""


def take_turns(crowd: Crowd, where: Ints, groupes: Ints, tied: Collection[str], season: int = 0) -> Ints:
    """Return the slot of each candidat after the exchanges; who is `tied`, to others by wishes, is left alone.

    `season` is how many places a collectivité may hold in all, 0 for no limit.
    """
    free = ~crowd.coupled & ~crowd.fixed
    if tied:
        free &= np.array([c.id not in tied for c in crowd.candidats])
    return _Turns(crowd, where.copy(), groupes, free, season).run()


class _Turns:
    def __init__(self, crowd: Crowd, where: Ints, groupes: Ints, free: Bools, season: int) -> None:
        self._crowd, self._where, self._groupes, self._free = crowd, where, groupes, free
        self._season = season or len(crowd.candidats)
        self._homes = crowd.collectivite.tolist()
        self._held = Counter(zip(self._homes, where.tolist(), strict=True))
        self._seats = Counter(crowd.collectivite[where >= 0].tolist())
        self._first_arc = np.searchsorted(crowd.arc_candidat, np.arange(len(crowd.candidats) + 1))
        self._sitting: dict[_Seat, list[int]] = defaultdict(list)
        sitting = (where[crowd.arc_candidat] == crowd.arc_slot) & free[crowd.arc_candidat]
        for arc in np.flatnonzero(sitting).tolist():
            self._sitting[self._seat(arc)].append(int(crowd.arc_candidat[arc]))

    def run(self) -> Ints:
        waiting = np.flatnonzero((self._where < 0) & self._free).tolist()
        heapq.heapify(waiting)
        while waiting:
            first = heapq.heappop(waiting)
            seats = [self._seat(arc) for arc in range(self._first_arc[first], self._first_arc[first + 1])]
            for seat in sorted(seats, key=lambda s: -self._sitting[s][-1] if self._sitting[s] else 0):
                if (last := self._give(first, seat)) is not None:
                    heapq.heappush(waiting, last)
                    break
        return self._where

    def _seat(self, arc: int) -> _Seat:
        crowd = self._crowd
        i = crowd.arc_candidat[arc]
        key = (
            crowd.arc_slot[arc],
            crowd.agent[i],
            crowd.weight[i],
            crowd.rang[i],
            crowd.arc_preferred[arc],
            crowd.attendu[i],
        )
        slot, agent, weight, rang, preferred, attendu = (int(part) for part in key)
        return slot, agent, weight, rang, preferred, attendu

    def _give(self, first: int, seat: _Seat) -> int | None:
        """Give the seat of the last in turn to `first`; return who had it, None when the rules or turns forbid it."""
        sitting = self._sitting[seat]
        if not sitting or sitting[-1] <= first:
            return None
        last, slot = sitting[-1], seat[0]
        home, left = self._homes[first], self._homes[last]
        full = self._held[home, slot] >= self._groupes[slot] or self._seats[home] >= self._season
        if home != left and full:
            return None
        sitting.pop()
        insort(sitting, first)
        self._where[first], self._where[last] = slot, -1
        self._held[home, slot] += 1
        self._held[left, slot] -= 1
        self._seats[home] += 1
        self._seats[left] -= 1
        return last
