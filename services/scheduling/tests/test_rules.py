"""Each hard rule just inside and just outside."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from scheduling.solver.animateurs import animateur_capacity, equipe_can_run
from scheduling.solver.problem import (
    Accord,
    Animateur,
    Candidat,
    Equipe,
    GroupeForme,
    GroupingProblem,
    Limites,
    Qualite,
    Raison,
    Taille,
)
from scheduling.solver.reasons import place_reasons
from scheduling.solver.rules import Violation, broken_rules
from scheduling.solver.timetable_problem import (
    PARIS,
    GroupeAPlanifier,
    SeancePlanifiee,
    Timetable,
    TimetableProblem,
)
from scheduling.solver.timetable_rules import broken_seance_rules

MATIN, SOIR = "mardi-matin", "mardi-apres-midi"


def candidat(number: int, qualite: Qualite = Qualite.ELU, **changes: object) -> Candidat:
    base = Candidat(
        id=f"i{number}",
        collectivite=f"c{number}",
        departement="01",
        qualite=qualite,
        taille=Taille.PETITE,
        creneaux={MATIN: Accord.PREFERE},
        recue_le=datetime(2027, 1, 1, tzinfo=UTC) + timedelta(minutes=number),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def fifteen() -> list[Candidat]:
    return [candidat(n, Qualite.ELU if n < 10 else Qualite.AGENT) for n in range(15)]


def broken(problem: GroupingProblem, *groupes: Sequence[str]) -> set[str]:
    formed = [GroupeForme(f"{MATIN}-{k}", MATIN, tuple(membres)) for k, membres in enumerate(groupes, 1)]
    return {violation.rule for violation in broken_rules(problem, formed)}


def problem_of(people: Sequence[Candidat], **changes: object) -> GroupingProblem:
    return replace(GroupingProblem(tuple(people), (MATIN, SOIR)), **changes)  # type: ignore[arg-type]


def ids(people: Sequence[Candidat]) -> list[str]:
    return [c.id for c in people]


def test_a_full_groupe_of_ten_elus_and_five_agents_breaks_nothing() -> None:
    people = fifteen()
    assert broken(problem_of(people), ids(people)) == set()


def test_a_groupe_holds_neither_eleven_nor_sixteen_people() -> None:
    people = [*fifteen(), candidat(15, Qualite.AGENT)]
    assert broken(problem_of(people), ids(people)) == {"groupe_has_allowed_size"}
    assert broken(problem_of(people), ids(people[:5] + people[-6:])) == {"groupe_has_allowed_size"}
    assert broken(problem_of(people), ids(people[:6] + people[-6:])) == set()


def test_a_groupe_has_at_least_five_of_each_qualite() -> None:
    people = [candidat(n, Qualite.ELU if n < 11 else Qualite.AGENT) for n in range(15)]
    assert broken(problem_of(people), ids(people)) == {"groupe_has_enough_of_each_qualite"}


def test_a_groupe_never_holds_two_people_of_one_collectivite() -> None:
    people = fifteen()
    people[1] = replace(people[1], collectivite=people[0].collectivite)
    assert broken(problem_of(people), ids(people)) == {"groupe_holds_one_person_per_collectivite"}


def test_a_member_can_make_the_creneau() -> None:
    people = fifteen()
    people[3] = replace(people[3], creneaux={SOIR: Accord.PREFERE})
    assert broken(problem_of(people), ids(people)) == {"members_can_make_the_creneau"}


def test_a_person_has_one_place_only_and_is_a_candidat() -> None:
    people = [candidat(n, Qualite.ELU if n % 2 else Qualite.AGENT) for n in range(24)]
    assert broken(problem_of(people), ids(people[:12]), ids(people[12:])) == set()
    assert broken(problem_of(people), ids(people[:12]), ids(people[11:])) == {"person_is_in_at_most_one_groupe"}
    assert broken(problem_of(people), [*ids(people[:12]), "inconnu"]) == {"person_is_in_at_most_one_groupe"}


@pytest.mark.parametrize(
    ("limites", "allowed"),
    [
        (Limites(groupes_max=2), True),
        (Limites(groupes_max=1), False),
        (Limites(par_creneau={MATIN: 2}), True),
        (Limites(par_creneau={MATIN: 1}), False),
    ],
)
def test_groupes_stay_within_what_animateurs_can_run(limites: Limites, *, allowed: bool) -> None:
    people = [candidat(n, Qualite.ELU if n % 2 else Qualite.AGENT) for n in range(24)]
    found = broken(problem_of(people, limites=limites), ids(people[:12]), ids(people[12:]))
    assert found == (set() if allowed else {"groupes_fit_the_animateurs"})


def test_wishes_apart_and_fixed_places_are_hard() -> None:
    people = [candidat(n, Qualite.ELU if n % 2 else Qualite.AGENT) for n in range(24)]
    people[0] = replace(people[0], sans=frozenset({"i1"}))
    first, second = ids(people[:12]), ids(people[12:])
    assert broken(problem_of(people), first, second) == {"apart_wishes_are_kept"}
    swapped = (["i0", *second[:11]], [second[11], *first[1:]])
    assert broken(problem_of(people), *swapped) == set()
    fixed = {"i0": f"{MATIN}-1", "i2": MATIN}
    assert broken(problem_of(people, places_fixees=fixed), *swapped) == set()
    assert broken(problem_of(people, places_fixees={"i0": f"{MATIN}-2"}), *swapped) == {"fixed_places_are_kept"}
    assert broken(problem_of(people, places_fixees={"i0": SOIR}), *swapped) == {"fixed_places_are_kept"}


def animateur(name: str, creneaux: set[str], groupes_max: int, *thematiques: str) -> Animateur:
    return Animateur(name, name, frozenset(thematiques or {"eau"}), frozenset(creneaux), groupes_max)


def test_animateurs_run_groupes_only_if_they_can_run_them_all_together() -> None:
    equipe = [animateur("a", {MATIN, SOIR}, 1), animateur("b", {MATIN}, 2)]
    assert equipe_can_run(equipe, [("eau", MATIN), ("eau", SOIR)])
    assert not equipe_can_run(equipe, [("eau", MATIN), ("eau", MATIN), ("eau", SOIR)])
    assert not equipe_can_run(equipe, [("forets", MATIN)])
    assert animateur_capacity(equipe, "eau", (MATIN, SOIR)) == ({MATIN: 2, SOIR: 1}, 2)
    assert animateur_capacity(equipe, "eau", (MATIN, SOIR), [("eau", SOIR)]) == ({MATIN: 1, SOIR: 0}, 1)


def test_the_equipe_counts_the_groupes_of_other_thematiques() -> None:
    people = fifteen()
    free = Equipe((animateur("a", {MATIN, SOIR}, 2, "eau", "forets"),), "eau", (("forets", SOIR),))
    taken = replace(free, engages=(("forets", MATIN),))
    assert broken(problem_of(people, equipe=free), ids(people)) == set()
    assert broken(problem_of(people, equipe=taken), ids(people)) == {"groupes_fit_the_animateurs"}


def test_a_place_says_whether_the_creneau_is_the_one_preferred() -> None:
    people = fifteen()
    groupe = GroupeForme(f"{MATIN}-1", MATIN, tuple(ids(people)))
    assert place_reasons(problem_of(people), [groupe])["i0"] == Raison(
        "retenue.place", "Vous avez une place dans un groupe du mardi matin, que vous préférez."
    )


LUNDIS = (date(2027, 5, 3), date(2027, 5, 24), date(2027, 6, 7), date(2027, 6, 21))
LUNDI = GroupeAPlanifier("g", "eau", "lundi-matin", ("01",))


def timetable(days: Sequence[date], **changes: object) -> Timetable:
    seances = []
    for rang, day in enumerate(days, 1):
        start = datetime(day.year, day.month, day.day, 8, 30, tzinfo=PARIS)
        seance = SeancePlanifiee("g", rang, start, start + timedelta(hours=2), "a")
        seances.append(replace(seance, **changes))  # type: ignore[arg-type]
    return Timetable(tuple(seances), (), (), 0, 0, "optimal")


def timetable_problem(**changes: object) -> TimetableProblem:
    base = TimetableProblem((LUNDI,), (animateur("a", {"lundi-matin"}, 1),), date(2027, 5, 3), date(2027, 7, 9))
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
    (lambda p: replace(p, groupes=(replace(LUNDI, thematique="forets"),)), "animateur_can_run_the_groupe"),
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
