"""Whose turn it is, beyond people who are the same to the flow: exchanges between who waits and who sits.

Invariant: an exchange keeps the weight, the wanted thématiques and preferences, every rule, and puts the earlier of
two people in. After it, nobody waits while somebody later in turn has a place that they could take as it is.
"""

import heapq
from bisect import bisect_left, insort
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
        self._colleagues: dict[tuple[int, _Seat], list[int]] = defaultdict(list)
        sitting = (where[crowd.arc_candidat] == crowd.arc_slot) & free[crowd.arc_candidat]
        for arc in np.flatnonzero(sitting).tolist():
            who, seat = int(crowd.arc_candidat[arc]), self._seat(arc)
            self._sitting[seat].append(who)
            self._colleagues[self._homes[who], seat].append(who)

    def run(self) -> Ints:
        waiting = np.flatnonzero((self._where < 0) & self._free).tolist()
        heapq.heapify(waiting)
        stuck: dict[int, list[int]] = defaultdict(list)
        while waiting:
            first = heapq.heappop(waiting)
            last = self._seat_instead(first)
            if last is None:
                stuck[self._homes[first]].append(first)
                continue
            # Where the one who gets up leaves room, colleagues have their turn again.
            for again in (last, *stuck.pop(self._homes[last], ())):
                heapq.heappush(waiting, again)
        return self._where

    def _seat_instead(self, first: int) -> int | None:
        """Give `first` the place of the last in turn who has one for them; return who had it, None if nobody has."""
        seats = [self._seat(arc) for arc in range(self._first_arc[first], self._first_arc[first + 1])]
        for seat in sorted(seats, key=lambda s: -self._sitting[s][-1] if self._sitting[s] else 0):
            if (last := self._last_for(first, seat)) is not None:
                self._change(first, last, seat)
                return last
        return None

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

    def _last_for(self, first: int, seat: _Seat) -> int | None:
        """Return the last in turn of those whose place `first` could have; where their collectivité is, a colleague."""
        home, slot = self._homes[first], seat[0]
        full = self._held[home, slot] >= self._groupes[slot] or self._seats[home] >= self._season
        sitting = self._colleagues.get((home, seat)) if full else self._sitting[seat]
        return sitting[-1] if sitting and sitting[-1] > first else None

    def _change(self, first: int, last: int, seat: _Seat) -> None:
        slot = seat[0]
        for who, by in ((last, -1), (first, 1)):
            home = self._homes[who]
            for sitting in (self._sitting[seat], self._colleagues[home, seat]):
                if by > 0:
                    insort(sitting, who)
                else:
                    del sitting[bisect_left(sitting, who)]
            self._held[home, slot] += by
            self._seats[home] += by
            self._where[who] = slot if by > 0 else -1
