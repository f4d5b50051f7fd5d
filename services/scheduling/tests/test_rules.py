"""Each hard rule just inside and just outside."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from scheduling.solver.animateurs import animateurs_can_run, kinds_of
from scheduling.solver.place_reasons import place_reasons
from scheduling.solver.problem import (
    Accord,
    Animateur,
    Attente,
    Candidat,
    GroupeForme,
    GroupingProblem,
    Limites,
    Proposition,
    Qualite,
    Raison,
)
from scheduling.solver.rules import BrokenRules, Violation, broken_rules, check_proposition
from scheduling.solver.testing import LUNDI, MARDI, candidat, crowd, groupe
from scheduling.solver.timetable_problem import (
    PARIS,
    GroupeAPlanifier,
    SeancePlanifiee,
    Timetable,
    TimetableProblem,
)
from scheduling.solver.timetable_rules import broken_seance_rules


def mixed(count: int, first: int = 0, **changes: object) -> list[Candidat]:
    """Élus and agents by turns."""
    return [candidat(n, Qualite.ELU if n % 2 else Qualite.AGENT, **changes) for n in range(first, first + count)]


def broken(problem: GroupingProblem, *groupes: Sequence[Candidat]) -> set[str]:
    """Name the rules that these groupes of `eau` on Monday morning break."""
    return broken_by(problem, [groupe(k, membres) for k, membres in enumerate(groupes, 1)])


def broken_by(problem: GroupingProblem, groupes: Sequence[GroupeForme]) -> set[str]:
    return {violation.rule for violation in broken_rules(problem, groupes)}


def problem_of(people: Sequence[Candidat], **changes: object) -> GroupingProblem:
    return replace(GroupingProblem(tuple(people), (LUNDI, MARDI)), **changes)  # type: ignore[arg-type]


def test_a_full_groupe_of_ten_elus_and_five_agents_breaks_nothing() -> None:
    people = crowd(10, 5)
    assert broken(problem_of(people), people) == set()


def test_a_groupe_holds_neither_eleven_nor_sixteen_people() -> None:
    people = crowd(10, 6)
    assert broken(problem_of(people), people) == {"groupe_has_allowed_size"}
    assert broken(problem_of(people), people[:5] + people[-6:]) == {"groupe_has_allowed_size"}
    assert broken(problem_of(people), people[:6] + people[-6:]) == set()
    assert broken(problem_of(people), people[1:]) == set()


@pytest.mark.parametrize(("elus", "agents", "allowed"), [(10, 5, True), (11, 4, False), (5, 10, True), (4, 11, False)])
def test_a_groupe_has_at_least_five_of_each_qualite(elus: int, agents: int, *, allowed: bool) -> None:
    people = crowd(elus, agents)
    assert broken(problem_of(people), people) == (set() if allowed else {"groupe_has_enough_of_each_qualite"})


def test_a_groupe_never_holds_two_people_of_one_collectivite() -> None:
    people = mixed(24)
    people[12] = replace(people[12], collectivite=people[0].collectivite)
    assert broken(problem_of(people), people[:12], people[12:]) == set()
    people[1] = replace(people[1], collectivite=people[0].collectivite)
    assert broken(problem_of(people), people[:12], people[12:]) == {"groupe_holds_one_person_per_collectivite"}


def test_a_member_can_make_the_creneau() -> None:
    people = crowd(10, 5)
    people[3] = replace(people[3], creneaux={LUNDI: Accord.POSSIBLE, MARDI: Accord.PREFERE})
    assert broken(problem_of(people), people) == set()
    people[3] = replace(people[3], creneaux={MARDI: Accord.PREFERE})
    assert broken(problem_of(people), people) == {"members_can_make_the_creneau"}
    assert broken(problem_of(crowd(10, 5), creneaux=(MARDI,)), crowd(10, 5)) == {"members_can_make_the_creneau"}


def test_a_member_has_asked_for_the_thematique() -> None:
    people = [*crowd(10, 5), candidat(20, thematique="forets")]
    assert broken(problem_of(people), people[:15]) == set()
    assert broken(problem_of(people), [*people[1:15], people[15]]) == {"members_asked_for_the_thematique"}
    assert broken_by(problem_of(people), [groupe(1, people[:15], "forets")]) == {"members_asked_for_the_thematique"}


def test_nobody_meets_at_an_hour_that_is_not_bearable_where_they_live() -> None:
    people = crowd(10, 5)
    people[0] = replace(people[0], departement="974")
    elsewhere = frozenset({("974", MARDI), ("988", LUNDI)})
    assert broken(problem_of(people, hors_horaires=elsewhere), people) == set()
    there = elsewhere | {("974", LUNDI)}
    assert broken(problem_of(people, hors_horaires=there), people) == {"members_meet_at_bearable_hours"}


def test_a_person_has_one_place_only_in_a_thematique_and_is_a_candidat() -> None:
    people, rule = mixed(24), "person_is_in_at_most_one_groupe"
    problem = problem_of(people, limites=Limites(places_par_personne=2))
    assert broken(problem, people[:12], people[12:]) == set()
    assert broken(problem, people[:12], people[11:]) == {rule}
    assert broken(problem, [*people[:12], candidat(99)]) == {rule}
    # Two inscriptions of one person for one thématique are two of that person's places too.
    twice = [*people[:23], replace(people[23], personne=people[0].personne)]
    assert broken(replace(problem, candidats=tuple(twice)), twice[:12], twice[12:]) == {rule}


@pytest.mark.parametrize(("places", "allowed"), [(1, False), (2, True)])
def test_a_person_holds_no_more_places_than_the_campagne_allows(places: int, *, allowed: bool) -> None:
    eau, forets = mixed(12), mixed(12, 12, thematique="forets")
    forets[0] = replace(forets[0], personne=eau[0].personne)
    problem = problem_of([*eau, *forets], limites=Limites(places_par_personne=places))
    found = broken_by(problem, [groupe(1, eau), groupe(1, forets, "forets")])
    assert found == (set() if allowed else {"person_holds_allowed_places"})
    assert broken_by(problem, [groupe(1, eau)]) == set()


@pytest.mark.parametrize(("places", "allowed"), [(0, True), (1, False), (2, True)])
def test_a_collectivite_holds_no_more_places_than_the_season_allows(places: int, *, allowed: bool) -> None:
    eau, forets = mixed(12), mixed(12, 12, thematique="forets")
    forets[0] = replace(forets[0], collectivite=eau[0].collectivite)
    problem = problem_of([*eau, *forets], limites=Limites(places_par_collectivite=places))
    found = broken_by(problem, [groupe(1, eau), groupe(1, forets, "forets")])
    assert found == (set() if allowed else {"collectivite_holds_allowed_places"})


@pytest.mark.parametrize(
    ("limites", "allowed"),
    [
        (Limites(groupes_max=2), True),
        (Limites(groupes_max=1), False),
        (Limites(par_creneau={LUNDI: 2}), True),
        (Limites(par_creneau={LUNDI: 1}), False),
        (Limites(par_creneau={MARDI: 0}), True),
    ],
)
def test_groupes_of_every_thematique_stay_within_the_limits(limites: Limites, *, allowed: bool) -> None:
    eau, forets = mixed(12), mixed(12, 12, thematique="forets")
    found = broken_by(problem_of([*eau, *forets], limites=limites), [groupe(1, eau), groupe(1, forets, "forets")])
    assert found == (set() if allowed else {"groupes_fit_the_animateurs"})


def test_wishes_apart_and_fixed_places_are_hard() -> None:
    people = mixed(24)
    people[0] = replace(people[0], sans=frozenset({people[1].id}))
    first, second = people[:12], people[12:]
    assert broken(problem_of(people), first, second) == {"apart_wishes_are_kept"}
    assert broken(problem_of(people), second) == set()
    swapped = ([people[0], *second[:11]], [second[11], *first[1:]])
    assert broken(problem_of(people), *swapped) == set()
    fixed = {people[0].id: f"eau/{LUNDI}-1", people[2].id: f"eau/{LUNDI}"}
    assert broken(problem_of(people, places_fixees=fixed), *swapped) == set()
    for place in (f"eau/{LUNDI}-2", f"eau/{MARDI}", f"forets/{LUNDI}"):
        found = broken(problem_of(people, places_fixees={people[0].id: place}), *swapped)
        assert found == {"fixed_places_are_kept"}
    assert broken(problem_of(people, places_fixees={people[0].id: f"eau/{LUNDI}"})) == {"fixed_places_are_kept"}


def test_everyone_has_one_decision() -> None:
    people, why = crowd(6, 7), Raison("attente.creneaux_complets", "")
    problem = problem_of(people)
    waiting = (Attente(people[12].id, 1, why),)
    found = Proposition((groupe(1, people[:12]),), {}, waiting, (), 36, 39.0, "borne", {})
    check_proposition(problem, found)
    forgotten, twice = replace(found, en_attente=()), replace(found, non_retenus=waiting)
    for wrong in (forgotten, twice, replace(found, en_attente=(*waiting, Attente("inconnu", 2, why)))):
        with pytest.raises(BrokenRules, match="everyone_has_one_decision"):
            check_proposition(problem, wrong)


def animateur(name: str, creneaux: set[str], groupes_max: int, *thematiques: str) -> Animateur:
    return Animateur(name, name, frozenset(thematiques or {"eau"}), frozenset(creneaux), groupes_max)


def test_animateurs_run_groupes_only_if_they_can_run_them_all_together() -> None:
    team = (animateur("a", {LUNDI, MARDI}, 1), animateur("b", {LUNDI}, 2))
    one_each, two_for_b = kinds_of(problem_of([], animateurs=team)), {"b": {LUNDI: 2}}
    assert animateurs_can_run(one_each, [("eau", LUNDI), ("eau", MARDI)])
    assert not animateurs_can_run(one_each, [("eau", LUNDI), ("eau", LUNDI), ("eau", MARDI)])
    assert not animateurs_can_run(one_each, [("forets", LUNDI)])
    together = kinds_of(problem_of([], animateurs=team, capacites=two_for_b))
    assert animateurs_can_run(together, [("eau", LUNDI), ("eau", LUNDI), ("eau", MARDI)])
    assert not animateurs_can_run(together, [("eau", LUNDI)] * 3 + [("eau", MARDI)])
    assert not animateurs_can_run(
        kinds_of(problem_of([], animateurs=team, capacites={"a": {MARDI: 0}})), [("eau", MARDI)]
    )


def test_an_animateur_counts_the_groupes_of_every_thematique() -> None:
    eau, forets = mixed(12), mixed(12, 12, thematique="forets", creneaux={LUNDI: Accord.PREFERE, MARDI: Accord.PREFERE})
    team = (animateur("a", {LUNDI, MARDI}, 2, "eau", "forets"),)
    problem = problem_of([*eau, *forets], animateurs=team)
    apart = [groupe(1, eau), groupe(1, forets, "forets", MARDI)]
    at_once = [groupe(1, eau), groupe(1, forets, "forets")]
    assert broken_by(problem, apart) == set()
    assert broken_by(problem, at_once) == {"groupes_fit_the_animateurs"}
    assert broken_by(replace(problem, capacites={"a": {LUNDI: 2}}), at_once) == set()
    assert broken_by(replace(problem, animateurs=()), at_once) == {"groupes_fit_the_animateurs"}
    once = replace(problem, animateurs=(replace(team[0], groupes_max=1),))
    assert broken_by(once, apart) == {"groupes_fit_the_animateurs"}


@pytest.mark.parametrize(
    ("accord", "liking"), [(Accord.PREFERE, "que vous préférez"), (Accord.POSSIBLE, "qui vous est possible")]
)
def test_a_place_says_whether_the_creneau_is_the_one_preferred(accord: Accord, liking: str) -> None:
    people = crowd(10, 5, creneaux={LUNDI: accord})
    found = place_reasons(problem_of(people), [groupe(1, people)])
    assert found[people[0].id] == Raison(
        "retenue.place", f"Vous avez une place dans un groupe du lundi matin, {liking}."
    )


LUNDIS = (date(2027, 5, 3), date(2027, 5, 24), date(2027, 6, 7), date(2027, 6, 21))
GROUPE = GroupeAPlanifier("g", "eau", LUNDI, ("01",))


def timetable(days: Sequence[date], **changes: object) -> Timetable:
    seances = []
    for rang, day in enumerate(days, 1):
        start = datetime(day.year, day.month, day.day, 8, 30, tzinfo=PARIS)
        seance = SeancePlanifiee("g", rang, start, start + timedelta(hours=2), "a")
        seances.append(replace(seance, **changes))  # type: ignore[arg-type]
    return Timetable(tuple(seances), (), (), 0, 0, "optimal")


def timetable_problem(**changes: object) -> TimetableProblem:
    base = TimetableProblem((GROUPE,), (animateur("a", {LUNDI}, 1),), date(2027, 5, 3), date(2027, 7, 9))
    return replace(base, **changes)  # type: ignore[arg-type]


def broken_seances(problem: TimetableProblem, planned: Timetable) -> set[str]:
    found: list[Violation] = broken_seance_rules(problem, planned)
    return {violation.rule for violation in found}


def test_four_mondays_over_seven_weeks_break_nothing() -> None:
    assert broken_seances(timetable_problem(), timetable(LUNDIS)) == set()


@pytest.mark.parametrize(
    ("days", "rule"),
    [
        (LUNDIS[:3], "groupe_has_four_seances_or_a_reason"),
        ((*LUNDIS[:3], date(2027, 6, 7)), "seances_are_spread_over_six_to_eight_weeks"),
        ((*LUNDIS[:3], date(2027, 7, 5)), "seances_are_spread_over_six_to_eight_weeks"),
        ((LUNDIS[0], date(2027, 5, 17), *LUNDIS[2:]), "seance_is_on_an_open_day"),
        ((*LUNDIS[:3], date(2027, 6, 22)), "seance_keeps_the_creneau"),
    ],
)
def test_a_seance_outside_a_rule_is_named(days: Sequence[date], rule: str) -> None:
    assert rule in broken_seances(timetable_problem(), timetable(days))


BREAKS: list[tuple[Callable[[TimetableProblem], TimetableProblem], str]] = [
    (lambda p: replace(p, jours_exclus=frozenset({LUNDIS[1]})), "seance_is_on_an_open_day"),
    (lambda p: replace(p, seances_au=date(2027, 6, 20)), "seance_is_on_an_open_day"),
    (lambda p: replace(p, groupes=(replace(GROUPE, thematique="forets"),)), "animateur_can_run_the_groupe"),
    (
        lambda p: replace(p, animateurs=(replace(p.animateurs[0], indisponible=frozenset({LUNDIS[3]})),)),
        "animateur_can_run_the_groupe",
    ),
    (lambda p: replace(p, animateurs=(replace(p.animateurs[0], groupes_max=0),)), "animateur_has_allowed_load"),
    (
        lambda p: replace(p, occupe=frozenset({("a", datetime(2027, 6, 7, 10, 0, tzinfo=PARIS))})),
        "animateur_is_in_one_place",
    ),
]


@pytest.mark.parametrize(("change", "rule"), BREAKS)
def test_an_animateur_or_a_day_that_is_not_free_is_named(
    change: Callable[[TimetableProblem], TimetableProblem], rule: str
) -> None:
    assert broken_seances(change(timetable_problem()), timetable(LUNDIS)) == {rule}


def test_a_seance_that_starts_when_another_ends_does_not_overlap() -> None:
    after = frozenset({("a", datetime(2027, 6, 7, 10, 30, tzinfo=PARIS))})
    assert broken_seances(timetable_problem(occupe=after), timetable(LUNDIS)) == set()
