"""The groupes of a whole campagne against brute force, for every tiny campagne drawn: both ways to find them."""

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scheduling.solver import placing
from scheduling.solver.crowd import gather
from scheduling.solver.cutting import improve
from scheduling.solver.filling import Filling
from scheduling.solver.grouping import form_groupes
from scheduling.solver.openings import Openings
from scheduling.solver.placing import place
from scheduling.solver.problem import Animateur, GroupingProblem, InfeasibleInput, Limites, Proposition
from scheduling.solver.rules import broken_rules, everyone_has_one_decision
from scheduling.solver.testing import (
    draw_campagne,
    draw_people,
    draw_wishes,
    every_choice,
    score_of,
    score_of_choice,
    score_of_proposition,
)
from scheduling.solver.watch import SEARCHING, Watch
from scheduling.solver.weighing import Weighing

seeds = st.integers(0, 2**32)


@pytest.fixture
def _large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the path of a large campagne however few people there are."""
    monkeypatch.setattr(placing, "ORDINARY", 0)


def drawing(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - draws test data


def assert_sound(problem: GroupingProblem, found: Proposition) -> None:
    assert broken_rules(problem, found.groupes) == []
    assert everyone_has_one_decision(problem, found) == []
    assert found.poids_place == score_of_proposition(problem, found)[0] <= found.borne
    assert (found.preuve == "optimal") == (found.poids_place >= found.borne)


@settings(max_examples=250, deadline=None)
@given(seed=seeds)
def test_a_campagne_reaches_every_objective_that_brute_force_reaches(seed: int) -> None:
    rng = drawing(seed)
    problem = draw_wishes(rng, draw_campagne(rng), apart=False)
    found = form_groupes(problem)
    best = max(score_of_choice(problem, choice) for choice in every_choice(problem))
    assert_sound(problem, found)
    assert score_of_proposition(problem, found) == best
    assert (found.borne, found.preuve) == (best[0], "optimal")


def with_everything(seed: int) -> GroupingProblem:
    """Wishes of both sorts, and somebody's place fixed in a créneau."""
    rng = drawing(seed)
    problem = draw_wishes(rng, draw_campagne(rng), apart=True)
    person = rng.choice(problem.candidats)
    place = f"{person.thematique}/{min(person.creneaux)}"
    if rng.random() < 1 / 2 or (person.departement, min(person.creneaux)) in problem.hors_horaires:
        return problem
    return replace(problem, places_fixees={person.id: place})


@settings(max_examples=200, deadline=None)
@given(seed=seeds)
def test_with_wishes_apart_and_fixed_places_no_proof_is_false(seed: int) -> None:
    problem = with_everything(seed)
    best = max((score_of_choice(problem, choice) for choice in every_choice(problem)), default=None)
    if best is None:
        with pytest.raises(InfeasibleInput):
            form_groupes(problem)
        return
    found = form_groupes(problem)
    assert_sound(problem, found)
    assert found.poids_place <= best[0] <= found.borne


@pytest.mark.usefixtures("_large")
@settings(max_examples=250, deadline=None)
@given(seed=seeds)
def test_a_large_campagne_keeps_every_rule_and_its_bound_is_one(seed: int) -> None:
    problem = with_everything(seed)
    best = max((score_of_choice(problem, choice) for choice in every_choice(problem)), default=None)
    try:
        found = form_groupes(problem)
    except InfeasibleInput:
        assert best is None
        return
    assert best is not None
    assert_sound(problem, found)
    assert found.poids_place <= best[0] <= found.borne


@settings(max_examples=200, deadline=None)
@given(seed=seeds)
def test_cuts_reach_the_best_numbers_of_groupes_and_prove_it(seed: int) -> None:
    problem = draw_campagne(drawing(seed), alone=True)
    crowd = gather(problem)
    openings, weighing = Openings(problem, crowd), Weighing(problem, crowd)
    groupes = openings.whole(openings.relax())
    relaxed = openings.bound
    best = max(score_of_choice(problem, choice)[0] for choice in every_choice(problem))
    found = improve(openings, weighing, groupes, problem.graine, Watch())
    assert weighing.weigh(found).weight == best == openings.bound <= relaxed
    assert openings.can_run(groupes)
    assert openings.can_run(found)


@settings(max_examples=200, deadline=None)
@given(seed=seeds)
def test_given_groupes_are_filled_as_well_as_brute_force_fills_them(seed: int) -> None:
    rng = drawing(seed)
    problem = draw_campagne(rng, alone=True)
    people = gather(problem)
    choices = list(every_choice(problem))
    wanted = {slot: groupes for slot, (_, groupes) in rng.choice(choices).items()}
    groupes = np.array([wanted[slot] for slot in people.slots], dtype=np.int64)
    where = Filling(problem, people).fill(groupes)
    found = {c.id: people.slots[s] for c, s in zip(people.candidats, where.tolist(), strict=True) if s >= 0}
    alike = [c for c in choices if {slot: g for slot, (_, g) in c.items()} == wanted]
    assert score_of(problem, found)[:4] == max(score_of_choice(problem, c)[:4] for c in alike)


def campagne_of_ordinary_size(seed: int, count: int, collectivites: int, size: int) -> GroupingProblem:
    """Draw people who ask for up to three thématiques, and `size` animateurs for two groupes each."""
    rng = drawing(seed)
    creneaux = ("lundi-matin", "mardi-matin", "mardi-apres-midi", "jeudi-matin")
    thematiques = ("eau", "forets", "mobilites")
    people = draw_people(rng, count, collectivites, creneaux, thematiques, most_inscriptions=3)
    team = tuple(
        Animateur(str(n), str(n), frozenset(rng.sample(thematiques, 2)), frozenset(rng.sample(creneaux, 3)), 2)
        for n in range(size)
    )
    return GroupingProblem(people, creneaux, Limites(places_par_collectivite=2 * (seed % 2)), animateurs=team)


@pytest.mark.parametrize(("count", "collectivites", "size"), [(440, 300, 8), (240, 90, 5)])
@pytest.mark.parametrize("seed", range(4))
def test_both_ways_meet_on_a_campagne_of_ordinary_size(
    seed: int, count: int, collectivites: int, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = campagne_of_ordinary_size(seed, count, collectivites, size)
    exact = form_groupes(problem)
    monkeypatch.setattr(placing, "ORDINARY", 0)
    large = form_groupes(problem)
    assert exact.preuve == "optimal"
    for found in (exact, large):
        assert_sound(problem, found)
    assert large.poids_place <= exact.poids_place <= large.borne
    if collectivites > size * 20:
        # Few of a collectivité: nothing is lost by keeping it out of a slot after the groupes are opened.
        assert large.poids_place == exact.poids_place


@pytest.mark.usefixtures("_large")
def test_an_animateur_more_is_weighed_although_the_others_run_all_they_can() -> None:
    problem = campagne_of_ordinary_size(0, 440, 300, 5)
    found = place(problem, Watch())
    placed = sum(len(people) for people in found.people.values())
    assert sum(found.groupes.values()) == 10
    assert {found.with_one_more(slot) - placed for slot in found.groupes} == {15}


class Stopping(Watch):
    """Somebody who asks to stop as soon as there is a placement to keep."""

    def __init__(self, *, stops: bool = True) -> None:
        self.stops, self.told = stops, list[tuple[int | None, float | None]]()

    def tell(self, texte: str, poids: int | None = None, borne: float | None = None) -> None:
        if texte == SEARCHING:
            self.told.append((poids, borne))

    def stopped(self) -> bool:
        return self.stops and any(poids is not None for poids, _ in self.told)


@pytest.mark.parametrize("ordinary", [placing.ORDINARY, 0])
def test_a_stopped_search_keeps_the_best_found_and_says_how_far_it_may_be(
    ordinary: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placing, "ORDINARY", ordinary)
    problem = campagne_of_ordinary_size(0, 440, 300, 8)
    patient, impatient = Stopping(stops=False), Stopping()
    full, found = form_groupes(problem, patient), form_groupes(problem, impatient)
    assert_sound(problem, found)
    assert found.poids_place <= full.poids_place <= found.borne
    assert len(impatient.told) < len(patient.told)
    assert all(borne is not None and borne >= full.poids_place for _, borne in patient.told)
    if ordinary:
        assert (full.preuve, found.preuve) == ("optimal", "borne")
