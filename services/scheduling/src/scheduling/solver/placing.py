"""Step 1: how many groupes open in each slot, and who is placed in which."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np

from scheduling.solver import assignment
from scheduling.solver.crowd import Crowd, gather
from scheduling.solver.cutting import improve
from scheduling.solver.filling import Filling, crowded, crowded_homes
from scheduling.solver.mip import Ints
from scheduling.solver.openings import Openings
from scheduling.solver.placement import Cut, Home, Placement, Unfillable
from scheduling.solver.problem import GroupingProblem, InfeasibleInput, Slot
from scheduling.solver.profiles import apart_pairs, together_pairs
from scheduling.solver.turns import take_turns
from scheduling.solver.watch import SEARCHING, Watch
from scheduling.solver.weighing import Weighing

ORDINARY = 450
"""Inscriptions up to which one program decides everything, collectivités and wishes included."""

_LAST_WORD = 2_000
"""Inscriptions up to which that program is asked again before fixed places are said to be impossible."""

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
        return assignment.place(problem, watch, cuts)
    try:
        return _place_crowd(problem, watch, cuts)
    except Unfillable:
        if len(problem.candidats) <= _LAST_WORD:
            return assignment.place(problem, watch, cuts)
        raise InfeasibleInput(_IMPOSSIBLE) from None


def _place_crowd(problem: GroupingProblem, watch: Watch, cuts: Collection[Cut]) -> Placement:
    forbidden = {(b if b not in problem.places_fixees else a, slot) for a, b, slot in cuts}
    openings, seated = _open(problem, forbidden, watch)
    crowd, groupes = seated.crowd, seated.groupes
    tied = {candidat for pair in (*apart_pairs(problem), *together_pairs(problem)) for candidat in pair}
    where = take_turns(crowd, seated.where, groupes, tied, problem.limites.places_par_collectivite)
    if (where[crowd.fixed] < 0).any():
        raise Unfillable

    def with_one_more(slot: Slot) -> int:
        return openings.with_one_more(groupes, crowd.slots.index(slot))

    return _read(_Seated(crowd, groupes, where), openings.bound, with_one_more)


@dataclass(frozen=True, slots=True)
class _Seated:
    """A crowd, perhaps without what is forbidden, the groupes that it fills, and the slot of each candidat."""

    crowd: Crowd
    groupes: Ints
    where: Ints

    @property
    def weight(self) -> int:
        return int(self.crowd.weight[self.where >= 0].sum()) - self.crowd.fixed_weight


def _open(problem: GroupingProblem, forbidden: Collection[tuple[str, Slot]], watch: Watch) -> tuple[Openings, _Seated]:
    """Open groupes and fill them; again with the collectivités that were crowded, where these cost something."""
    crowd = gather(problem)
    filling = Filling(problem, crowd)
    homes: set[Home] = set()
    best: _Seated | None = None
    bound = np.inf
    while True:
        openings = Openings(problem, crowd, homes)
        filled = _fill_best(problem, openings, filling, watch)
        bound = openings.bound = min(bound, openings.bound)
        seated = _seat(problem, openings, filled, forbidden)
        if best is None or seated.weight > best.weight:
            best = seated
        watch.tell(SEARCHING, best.weight, bound)
        more = crowded_homes(crowd, filled.where, filled.groupes) - homes
        if best.weight >= bound or not more or len(homes) > _HOMES or watch.stopped():
            return openings, best
        homes |= _about(crowd, more, filled.groupes)


def _fill_best(problem: GroupingProblem, openings: Openings, filling: Filling, watch: Watch) -> _Seated:
    """Fill the groupes that weigh the most, whatever collectivité people are of."""
    groupes = openings.whole(openings.relax())
    watch.tell(SEARCHING, None, openings.bound)
    try:
        seated = _Seated(filling.crowd, groupes, filling.fill(groupes))
    except Unfillable:
        seated = None
    if seated is None or seated.weight < openings.bound:
        better = improve(openings, Weighing(problem, filling.crowd), groupes, problem.graine, watch)
        if seated is None or (better != groupes).any():
            seated = _Seated(filling.crowd, better, filling.fill(better))
    return seated


def _seat(
    problem: GroupingProblem, openings: Openings, seated: _Seated, forbidden: Collection[tuple[str, Slot]]
) -> _Seated:
    """Fill the groupes so that no slot has more people of a collectivité, or kept apart, than it can hold."""
    without = set(forbidden)
    apart = apart_pairs(problem)
    more = without
    while True:
        if more:
            crowd = gather(problem, without)
            seated = _Seated(crowd, *_refill(problem, crowd, seated.groupes, openings))
        more = crowded(seated.crowd, seated.where, seated.groupes) | _apart_in_one_groupe(problem, seated, apart)
        if not more:
            return seated
        without |= more


def _about(crowd: Crowd, homes: set[Home], groupes: Ints) -> set[Home]:
    """Return these, and where else their collectivités could be crowded."""
    which = np.array(sorted({home for home, _ in homes}), dtype=np.int64)
    arcs = np.flatnonzero(np.isin(crowd.collectivite[crowd.arc_candidat], which))
    counts = Counter(
        zip(crowd.collectivite[crowd.arc_candidat[arcs]].tolist(), crowd.arc_slot[arcs].tolist(), strict=True)
    )
    return homes | {home for home, count in counts.items() if count > groupes[home[1]] + 1}


def _apart_in_one_groupe(
    problem: GroupingProblem, seated: _Seated, apart: Sequence[tuple[str, str]]
) -> set[tuple[str, Slot]]:
    """Whom to keep out of a slot whose single groupe they would share with somebody they are kept apart from."""
    if not apart:
        return set()
    crowd, groupes = seated.crowd, seated.groupes
    places = zip(crowd.candidats, seated.where.tolist(), strict=True)
    single = {c.id: s for c, s in places if s >= 0 and groupes[s] == 1}
    return {
        (b if b not in problem.places_fixees else a, crowd.slots[single[a]])
        for a, b in apart
        if a in single and single[a] == single.get(b)
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


def _read(seated: _Seated, bound: float, with_one_more: Callable[[Slot], int]) -> Placement:
    crowd, groupes, where = seated.crowd, seated.groupes, seated.where
    placed = np.flatnonzero(where >= 0)
    order = placed[np.argsort(where[placed], kind="stable")]
    edges = np.searchsorted(where[order], np.arange(len(crowd.slots) + 1)).tolist()
    people = {
        slot: tuple(crowd.candidats[i] for i in order[edges[s] : edges[s + 1]].tolist())
        for s, slot in enumerate(crowd.slots)
        if groupes[s]
    }
    opened = {slot: int(groupes[s]) for s, slot in enumerate(crowd.slots) if groupes[s]}
    return Placement(opened, people, seated.weight, bound, with_one_more)
