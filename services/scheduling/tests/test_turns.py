"""Whose turn it is: nobody waits while somebody later has a place that they could take as it is."""

import random
from collections import Counter
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scheduling.solver.crowd import Crowd, gather
from scheduling.solver.filling import Filling, crowded_homes
from scheduling.solver.mip import Ints
from scheduling.solver.openings import Openings
from scheduling.solver.problem import GroupingProblem, Limites
from scheduling.solver.testing import LUNDI, MARDI, START, crowd, draw_people, score_of
from scheduling.solver.turns import take_turns

JEUDI = "jeudi-matin"


def the_last_first(problem: GroupingProblem) -> tuple[Crowd, Ints, Ints]:
    """Fill the best groupes as if everybody had come in the opposite order."""
    backwards = replace(
        problem, candidats=tuple(replace(c, recue_le=START - (c.recue_le - START)) for c in problem.candidats)
    )
    filled = gather(backwards)
    openings = Openings(backwards, filled)
    groupes = openings.whole(openings.relax())
    where = Filling(backwards, filled).fill(groupes)
    slots = {c.id: s for c, s in zip(filled.candidats, where.tolist(), strict=True)}
    people = gather(problem)
    return people, np.array([slots[c.id] for c in people.candidats], dtype=np.int64), groupes


def could_take(people: Crowd, where: Ints, groupes: Ints, season: int, *, waiting: int, seated: int) -> bool:
    """Tell whether who waits could sit there: the same in all but the turn, and no rule broken."""
    first, last, at = people.candidats[waiting], people.candidats[seated], int(where[seated])
    thematique, creneau = people.slots[at]
    if first.thematique != thematique or creneau not in first.creneaux:
        return False
    same = ("qualite", "taille", "rang", "attendu")
    if any(getattr(first, name) != getattr(last, name) for name in same):
        return False
    there = Counter(people.candidats[i].collectivite for i in np.flatnonzero(where == at))
    seats = Counter(people.candidats[i].collectivite for i in np.flatnonzero(where >= 0))
    home = first.collectivite
    free = there[home] < groupes[at] and (not season or seats[home] < season)
    return first.creneaux[creneau] is last.creneaux[creneau] and (home == last.collectivite or free)


@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_nobody_waits_while_somebody_later_has_a_place_that_they_could_take(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - draws test data
    drawn = draw_people(rng, 40, rng.randint(12, 60), (LUNDI, MARDI, JEUDI), ("eau", "forets"), most_inscriptions=2)
    season = rng.choice((0, 0, 2))
    limites = Limites(
        min=3,
        max=4,
        elus_min=1,
        agents_min=1,
        groupes_max=rng.randint(2, 6),
        places_par_personne=rng.randint(1, 2),
        places_par_collectivite=season,
    )
    problem = GroupingProblem(drawn, (LUNDI, MARDI, JEUDI), limites)
    people, before, groupes = the_last_first(problem)
    if crowded_homes(people, before, groupes):
        return
    after = take_turns(people, before, groupes, (), season)
    free = np.flatnonzero(~people.coupled)
    for waiting in free[after[free] < 0].tolist():
        for seated in free[after[free] >= 0].tolist():
            if waiting < seated:
                assert not could_take(people, after, groupes, season, waiting=waiting, seated=seated)
    assert crowded_homes(people, after, groupes) == set()
    assert season == 0 or np.bincount(people.collectivite[after >= 0]).max(initial=0) <= season
    assert np.array_equal(np.bincount(after[after >= 0]), np.bincount(before[before >= 0]))
    score = [
        score_of(problem, {c.id: people.slots[s] for c, s in zip(people.candidats, at.tolist(), strict=True) if s >= 0})
        for at in (before, after)
    ]
    assert score[0][:4] == score[1][:4]
    assert score[0][4] <= score[1][4]


def test_who_is_tied_by_a_wish_keeps_their_place_or_waits() -> None:
    people, where, groupes = the_last_first(GroupingProblem(tuple(crowd(9, 9)), (LUNDI,)))
    assert sorted(np.flatnonzero(where < 0).tolist()) == [9, 10, 11]
    after = take_turns(people, where, groupes, ("i0009",))
    assert sorted(np.flatnonzero(after < 0).tolist()) == [9, 16, 17]
