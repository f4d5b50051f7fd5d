"""Step 1: how many groupes open in each slot, and who is placed in which."""

from collections import Counter
from collections.abc import Callable, Collection

import numpy as np

from scheduling.solver import assignment
from scheduling.solver.climbing import climb
from scheduling.solver.crowd import Crowd, gather
from scheduling.solver.filling import Filling, crowded, crowded_homes
from scheduling.solver.mip import Ints
from scheduling.solver.openings import Home, Opened, Openings, Unfillable
from scheduling.solver.placement import Cut, Placement
from scheduling.solver.problem import GroupingProblem, InfeasibleInput, Slot
from scheduling.solver.profiles import apart_pairs, together_pairs
from scheduling.solver.turns import take_turns
from scheduling.solver.watch import Watch

ORDINARY = 450
"""Inscriptions up to which one program decides everything, collectivités and wishes included."""

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
    openings, opened = _open(problem, crowd, watch)
    groupes = opened.groupes
    forbidden = {(b if b not in problem.places_fixees else a, slot) for a, b, slot in cuts}
    forbidden |= _apart_in_one_groupe(problem, crowd, groupes)
    while True:
        crowd = gather(problem, forbidden)
        groupes, where = _refill(problem, crowd, groupes, openings)
        more = crowded(crowd, where, groupes)
        if not more:
            break
        forbidden |= more
    groupes, where = climb(openings, Filling(problem, crowd), groupes, where, watch)
    tied = {candidat for pair in (*apart_pairs(problem), *together_pairs(problem)) for candidat in pair}
    where = take_turns(crowd, where, groupes, tied)
    if (where[crowd.fixed] < 0).any():
        raise InfeasibleInput(_IMPOSSIBLE)

    def with_one_more(slot: Slot) -> int:
        return openings.with_one_more(groupes, crowd.slots.index(slot))

    return _read(crowd, where, groupes, opened.bound, with_one_more)


def _open(problem: GroupingProblem, crowd: Crowd, watch: Watch) -> tuple[Openings, Opened]:
    """Open groupes, taking into account the collectivités that would be crowded otherwise."""
    homes: set[Home] = set()
    while True:
        openings = Openings(problem, crowd, homes)
        opened = openings.best()
        more = crowded_homes(crowd, Filling(problem, crowd).fill(opened.groupes), opened.groupes) - homes
        if not more or len(homes) > _HOMES or watch.stopped():
            return openings, opened
        everywhere = np.array(sorted({home for home, _ in more}), dtype=np.int64)
        arcs = np.flatnonzero(np.isin(crowd.collectivite[crowd.arc_candidat], everywhere))
        counts = Counter(
            zip(crowd.collectivite[crowd.arc_candidat[arcs]].tolist(), crowd.arc_slot[arcs].tolist(), strict=True)
        )
        homes |= more | {home for home, count in counts.items() if count > opened.groupes[home[1]] + 1}


def _apart_in_one_groupe(problem: GroupingProblem, crowd: Crowd, groupes: Ints) -> set[tuple[str, Slot]]:
    """Whom to keep out of a slot with a single groupe, since somebody there is not to be with them."""
    single = [crowd.slots[s] for s in np.flatnonzero(groupes == 1)]
    by_id = {c.id: c for c in problem.candidats}
    return {
        (b if b not in problem.places_fixees else a, slot)
        for a, b in apart_pairs(problem)
        for slot in single
        if slot[0] == by_id[a].thematique == by_id[b].thematique
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
    weight = int(crowd.weight[placed].sum()) - crowd.fixed_weight
    opened = {slot: int(groupes[s]) for s, slot in enumerate(crowd.slots) if groupes[s]}
    return Placement(opened, people, weight, bound, with_one_more)
