"""Planning séances: the optimum against brute force, what can't be planned, the French calendar."""

import random
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import product

import pytest
from scheduling.solver.calendar_fr import public_holiday, school_holiday, school_zone
from scheduling.solver.capacities import groupe_capacities
from scheduling.solver.dates import patterns, possible_days
from scheduling.solver.problem import Animateur, InfeasibleInput
from scheduling.solver.timetable import plan_seances
from scheduling.solver.timetable_problem import PARIS, GroupeAPlanifier, TimetableProblem
from scheduling.solver.timetable_reasons import why_nothing_fits

LUNDI = "lundi-matin"
AWAY = frozenset(date(2027, 5, 10) + timedelta(days=n) for n in range(40))


def animateur(name: str, groupes_max: int = 3, away: frozenset[date] = frozenset()) -> Animateur:
    return Animateur(name, f"Nom {name}", frozenset({"eau"}), frozenset({LUNDI, "mardi-matin"}), groupes_max, away)


def groupe(name: str, creneau: str = LUNDI, departements: tuple[str, ...] = ("75",)) -> GroupeAPlanifier:
    return GroupeAPlanifier(name, "eau", creneau, departements)


def season(*groupes: GroupeAPlanifier, **changes: object) -> TimetableProblem:
    base = TimetableProblem(groupes, (animateur("a"), animateur("b")), date(2027, 5, 3), date(2027, 7, 2))
    return replace(base, **changes)  # type: ignore[arg-type]


def brute_force(problem: TimetableProblem) -> int:
    """The lowest cost over every choice of animateur and dates, when everything can be planned."""
    choices = [
        [(a, p) for a in problem.animateurs for p in patterns(problem, g, possible_days(problem, g))]
        for g in problem.groupes
    ]
    best = 10**9
    for chosen in product(*choices):
        meetings = [(a.id, day) for a, p in chosen for day in p.days]
        loads = [sum(a.id == other.id for a, _ in chosen) for other in problem.animateurs]
        allowed = (
            len(meetings) == len(set(meetings))
            and all(load <= a.groupes_max for load, a in zip(loads, problem.animateurs, strict=True))
            and not any(day in a.indisponible for a, p in chosen for day in p.days)
        )
        if allowed:
            best = min(best, sum(p.cost for _, p in chosen) + 5 * sum(load**2 for load in loads))
    return best


@pytest.mark.parametrize("seed", range(6))
def test_the_timetable_costs_what_brute_force_finds(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - draws test data
    mondays = [date(2027, 5, 3), date(2027, 5, 10), date(2027, 5, 24), date(2027, 5, 31), date(2027, 6, 7)]
    team = tuple(animateur(name, rng.randint(1, 2), frozenset(rng.sample(mondays, rng.randint(0, 2)))) for name in "ab")
    problem = season(groupe("g1"), groupe("g2"), animateurs=team, seances_du=date(2027, 5, 3))
    found = plan_seances(problem)
    best = brute_force(problem)
    if best == 10**9:
        assert found.non_planifies
    else:
        assert (found.cout, found.preuve, found.non_planifies) == (best, "optimal", ())


def test_one_animateur_runs_two_groupes_of_a_creneau_on_alternate_weeks_or_says_why_not() -> None:
    long = season(groupe("g1"), groupe("g2"), animateurs=(animateur("a"),), seances_au=date(2027, 7, 30))
    assert plan_seances(long).non_planifies == ()
    short = plan_seances(season(groupe("g1"), groupe("g2"), animateurs=(animateur("a", 1),)))
    assert len(short.seances) == 4
    assert "ont déjà tous leurs groupes" in short.non_planifies[0].phrase


def test_seances_are_at_the_same_hour_in_paris_across_the_change_of_time() -> None:
    problem = season(groupe("g1"), seances_du=date(2027, 3, 1), seances_au=date(2027, 4, 30))
    found = plan_seances(problem)
    assert {s.debut.time() for s in found.seances} == {time(8, 30)}
    assert {s.debut.utcoffset() for s in found.seances} == {
        datetime(2027, 3, 1, tzinfo=PARIS).utcoffset(),
        datetime(2027, 4, 1, tzinfo=PARIS).utcoffset(),
    }


def test_school_holidays_of_most_members_are_avoided() -> None:
    window = {"seances_du": date(2027, 3, 22), "seances_au": date(2027, 5, 28)}
    found = plan_seances(season(groupe("g1", "mardi-matin", ("75",) * 12 + ("69",)), **window))
    assert not any(school_holiday(s.debut.date(), "C") for s in found.seances)


def test_a_seance_already_standing_is_worked_around() -> None:
    alone = season(groupe("g1"), animateurs=(animateur("a"),))
    first = plan_seances(alone).seances[0]
    moved = plan_seances(replace(alone, occupe=frozenset({("a", first.debut)})))
    assert len(moved.seances) == 4
    assert first.debut not in {s.debut for s in moved.seances}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seances_au": date(2027, 6, 4)}, "Allongez la période"),
        ({"animateurs": ()}, "la campagne n'en a aucun"),
        (
            {"animateurs": (replace(animateur("a"), thematiques=frozenset({"forets"})),)},
            "aucun ne connaît sa thématique",
        ),
        ({"animateurs": (replace(animateur("a"), creneaux=frozenset({"jeudi-matin"})),)}, "disponible le lundi matin"),
        ({"animateurs": (animateur("a", 0),)}, "ont déjà tous leurs groupes"),
        ({"animateurs": (animateur("a", away=AWAY),)}, "ne laissent pas"),
    ],
)
def test_a_groupe_that_cannot_be_planned_says_what_to_change(changes: dict[str, object], words: str) -> None:
    found = plan_seances(season(groupe("g1"), **changes))
    assert found.seances == ()
    assert words in found.non_planifies[0].phrase


def test_an_animateur_is_offered_only_where_four_seances_fit() -> None:
    away = frozenset(date(2027, 5, 3 + n) for n in range(0, 28, 7)) | {date(2027, 6, 14)}
    able = groupe_capacities(season(animateurs=(animateur("a", away=away),)))
    assert {creneau for (_, creneau), groupes in able.items() if groupes} == {"mardi-matin"}


def test_rows_in_any_order_give_the_same_timetable() -> None:
    problem = season(groupe("g1"), groupe("g2", "mardi-matin"), groupe("g3"))
    turned = replace(problem, groupes=problem.groupes[::-1], animateurs=problem.animateurs[::-1])
    assert plan_seances(problem) == plan_seances(turned)


def test_holidays_follow_the_departements() -> None:
    good_friday = date(2027, 3, 26)
    assert public_holiday(good_friday) is None
    assert public_holiday(good_friday, ["75", "67"]) == "Vendredi saint"
    assert public_holiday(date(2027, 12, 20), ["974"]) == "Abolition de l'esclavage"
    assert [school_zone(d) for d in ("69", "59", "75", "2A", "974")] == ["A", "B", "C", None, None]
    assert school_holiday(date(2027, 2, 8), "C") == "Vacances d'hiver"
    assert school_holiday(date(2027, 2, 8), "A") is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seances_au": date(2027, 5, 2)}, "avant de commencer le 03/05/2027"),
        ({"heures": {"matin": time(11, 31), "apres-midi": time(13, 30)}}, "se chevauchent"),
    ],
)
def test_a_season_that_contradicts_itself_is_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(InfeasibleInput, match=words):
        plan_seances(season(groupe("g1"), **changes))


def test_half_days_two_hours_apart_do_not_overlap() -> None:
    hours = {"matin": time(11, 30), "apres-midi": time(13, 30)}
    assert plan_seances(season(groupe("g1"), heures=hours)).non_planifies == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, None),
        ({"animateurs": ()}, "n'a aucun animateur"),
        ({"animateurs": (replace(animateur("a"), creneaux=frozenset()),)}, "n'a de créneau"),
        ({"seances_au": date(2027, 6, 11)}, "Allongez la période"),
        ({"animateurs": (animateur("a", away=AWAY),)}, "Les absences des animateurs"),
        ({"animateurs": (animateur("a", groupes_max=0),)}, "au moins un groupe"),
    ],
)
def test_what_keeps_every_groupe_from_its_seances_is_told_at_once(
    changes: dict[str, object], words: str | None
) -> None:
    told = why_nothing_fits(season(**changes))
    assert (told is None) if words is None else (words in (told or ""))


def test_the_zone_of_most_members_weighs_most() -> None:
    window = {"seances_du": date(2027, 2, 1), "seances_au": date(2027, 4, 2)}
    for most, other in (("A", "C"), ("C", "A")):
        town = {"A": "69", "C": "75"}
        members = (town[most],) * 9 + (town[other],)
        days = [s.debut.date() for s in plan_seances(season(groupe("g1", "mardi-matin", members), **window)).seances]
        on_holiday = {zone: sum(bool(school_holiday(d, zone)) for d in days) for zone in "AC"}
        assert on_holiday[most] <= on_holiday[other]
