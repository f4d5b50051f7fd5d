"""Step 1: how many groupes open in each slot, and who is placed in which."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np

from scheduling.solver import assignment
from scheduling.solver.climbing import climb
from scheduling.solver.crowd import Crowd, gather
from scheduling.solver.filling import Filling, Weighing, crowded, crowded_homes
from scheduling.solver.mip import Ints
from scheduling.solver.openings import Home, Openings, Unfillable
from scheduling.solver.placement import Cut, Placement
from scheduling.solver.problem import GroupingProblem, InfeasibleInput, Slot
from scheduling.solver.profiles import apart_pairs, together_pairs
from scheduling.solver.turns import take_turns
from scheduling.solver.watch import Watch

ORDINARY = 450
"""Inscriptions up to which one program decides everything, collectivités and wishes included."""

_CLIMBS = 2
_HOMES = 2_000
"""Collectivités and slots that are taken into account when groupes open; the others are when these are filled."""

_IMPOSSIBLE = (
    "Les places fixées ne peuvent pas toutes être respectées : leurs groupes n'atteignent pas la taille ou la mixité "
    "demandées, ou manquent d'animateur. Libérez une place fixée."
)


def place(problem: GroupingProblem, watch: Watch, cuts: Collection[Cut] = ()) -> Placement:
    """Find the best placement; a cut (a, b, slot) forbids these two people to be both there.

    Raises InfeasibleInput when the fixed places and the rules leave no placement at all.
    """
    if len(problem.candidats) <= ORDINARY:
        return assignment.place(problem, cuts)
    try:
        return _place_crowd(problem, watch, cuts)
    except Unfillable:
        raise InfeasibleInput(_IMPOSSIBLE) from None


def _place_crowd(problem: GroupingProblem, watch: Watch, cuts: Collection[Cut]) -> Placement:
    crowd = gather(problem)
    openings, groupes = _open(problem, crowd, watch)
    forbidden = {(b if b not in problem.places_fixees else a, slot) for a, b, slot in cuts}
    best: _Seated | None = None
    for _ in range(_CLIMBS):
        groupes = climb(openings, Weighing(problem, crowd), groupes, watch)
        seated = _seat(problem, groupes, openings, forbidden)
        if best is None or seated.weight > best.weight:
            best = seated
        # What is forbidden now was not when these groupes were chosen.
        if best.weight >= openings.bound or watch.stopped():
            break
        crowd, groupes = seated.crowd, seated.groupes
    if best is None:
        raise AssertionError("there is at least one climb")
    crowd, groupes = best.crowd, best.groupes
    tied = {candidat for pair in (*apart_pairs(problem), *together_pairs(problem)) for candidat in pair}
    where = take_turns(crowd, best.where, groupes, tied)
    if (where[crowd.fixed] < 0).any():
        raise InfeasibleInput(_IMPOSSIBLE)

    def with_one_more(slot: Slot) -> int:
        return openings.with_one_more(groupes, crowd.slots.index(slot))

    return _read(crowd, where, groupes, openings.bound, with_one_more)


@dataclass(frozen=True, slots=True)
class _Seated:
    """A crowd without what is forbidden, the groupes that it fills, and the slot of each candidat."""

    crowd: Crowd
    groupes: Ints
    where: Ints

    @property
    def weight(self) -> int:
        return int(self.crowd.weight[self.where >= 0].sum()) - self.crowd.fixed_weight


def _seat(
    problem: GroupingProblem, groupes: Ints, openings: Openings, forbidden: Collection[tuple[str, Slot]]
) -> _Seated:
    """Fill the groupes so that no slot has more people of a collectivité, or kept apart, than it can hold."""
    without = set(forbidden)
    apart = apart_pairs(problem)
    while True:
        crowd = gather(problem, without)
        groupes, where = _refill(problem, crowd, groupes, openings)
        more = crowded(crowd, where, groupes) | _apart_in_one_groupe(problem, crowd, where, groupes, apart)
        if not more:
            return _Seated(crowd, groupes, where)
        without |= more


def _open(problem: GroupingProblem, crowd: Crowd, watch: Watch) -> tuple[Openings, Ints]:
    """Open groupes, taking into account the collectivités that would be crowded otherwise."""
    homes: set[Home] = set()
    while True:
        openings = Openings(problem, crowd, homes)
        groupes = openings.best()
        more = crowded_homes(crowd, Filling(problem, crowd).fill(groupes), groupes) - homes
        if not more or len(homes) > _HOMES or watch.stopped():
            return openings, groupes
        homes |= _about(crowd, more, groupes)


def _about(crowd: Crowd, homes: set[Home], groupes: Ints) -> set[Home]:
    """Return these, and where else their collectivités could be crowded."""
    which = np.array(sorted({home for home, _ in homes}), dtype=np.int64)
    arcs = np.flatnonzero(np.isin(crowd.collectivite[crowd.arc_candidat], which))
    counts = Counter(
        zip(crowd.collectivite[crowd.arc_candidat[arcs]].tolist(), crowd.arc_slot[arcs].tolist(), strict=True)
    )
    return homes | {home for home, count in counts.items() if count > groupes[home[1]] + 1}


def _apart_in_one_groupe(
    problem: GroupingProblem, crowd: Crowd, where: Ints, groupes: Ints, apart: Sequence[tuple[str, str]]
) -> set[tuple[str, Slot]]:
    """Whom to keep out of a slot whose single groupe they would share with somebody they are kept apart from."""
    if not apart:
        return set()
    seat = {c.id: s for c, s in zip(crowd.candidats, where.tolist(), strict=True) if s >= 0 and groupes[s] == 1}
    return {
        (b if b not in problem.places_fixees else a, crowd.slots[seat[a]])
        for a, b in apart
        if a in seat and seat[a] == seat.get(b)
    }


def _refill(problem: GroupingProblem, crowd: Crowd, groupes: Ints, openings: Openings) -> tuple[Ints, Ints]:
    """Fill these groupes, or fewer where what was forbidden since leaves too few people."""
    filling = Filling(problem, crowd)
    while True:
        try:
            return groupes, filling.fill(groupes)
        except Unfillable:
            people = np.bincount(crowd.arc_slot, minlength=groupes.size)
            spare = np.where(groupes > openings.least, people / np.maximum(groupes, 1), np.inf)
            if not np.isfinite(spare).any():
                raise
            groupes = groupes.copy()
            groupes[int(np.argmin(spare))] -= 1


def _read(crowd: Crowd, where: Ints, groupes: Ints, bound: float, with_one_more: Callable[[Slot], int]) -> Placement:
    placed = np.flatnonzero(where >= 0)
    order = placed[np.argsort(where[placed], kind="stable")]
    edges = np.searchsorted(where[order], np.arange(len(crowd.slots) + 1)).tolist()
    people = {
        slot: tuple(crowd.candidats[i] for i in order[edges[s] : edges[s + 1]].tolist())
        for s, slot in enumerate(crowd.slots)
        if groupes[s]
    }
    weight = _Seated(crowd, groupes, where).weight
    opened = {slot: int(groupes[s]) for s, slot in enumerate(crowd.slots) if groupes[s]}
    return Placement(opened, people, weight, bound, with_one_more)
