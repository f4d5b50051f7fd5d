"""The hour of a séance where its members live, and the days that are not for meeting there."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from scheduling.solver.calendar_fr import public_holiday, school_zone
from scheduling.solver.dates import possible_days
from scheduling.solver.hours import hour_is_bearable, unbearable
from scheduling.solver.problem import Animateur
from scheduling.solver.timetable import plan_seances
from scheduling.solver.timetable_problem import (
    PARIS,
    GroupeAPlanifier,
    SeancePlanifiee,
    Timetable,
    TimetableProblem,
)
from scheduling.solver.timetable_rules import seance_is_at_a_bearable_hour

HEURES = {"matin": time(8, 30), "apres-midi": time(13, 30)}
BOTH = ("mardi-matin", "mardi-apres-midi")
PRINTEMPS = (date(2027, 5, 3), date(2027, 7, 9))
HIVER = (date(2027, 1, 4), date(2027, 3, 12))


@pytest.mark.parametrize(
    ("departement", "inside", "outside"),
    [
        ("972", time(13, 0), time(12, 59)),  # six hours behind Paris in summer: 07:00 there
        ("988", time(9, 0), time(9, 1)),  # nine ahead: it ends at 20:00
        ("974", time(16, 0), time(16, 1)),
        ("75", time(6, 0), None),
    ],
)
def test_a_seance_lies_between_seven_and_twenty_where_its_members_live(
    departement: str, inside: time, outside: time | None
) -> None:
    for hour, allowed in ((inside, True), (outside, False)):
        if hour is None:
            continue
        start = datetime.combine(date(2027, 6, 1), hour, PARIS)
        groupe = GroupeAPlanifier("g", "eau", "mardi-matin", ("12", departement))
        seance = SeancePlanifiee("g", 1, start, start + timedelta(hours=2), "a")
        problem = TimetableProblem((groupe,), (), *PRINTEMPS)
        broken = seance_is_at_a_bearable_hour(problem, Timetable((seance,), (), (), 0, 0, "optimal"))
        assert [v.subject for v in broken] == ([] if allowed else ["g"])


def test_a_seance_over_midnight_there_is_not_bearable() -> None:
    assert not hour_is_bearable("987", datetime(2027, 6, 1, 11, 0, tzinfo=PARIS))


@pytest.mark.parametrize(
    ("departement", "creneaux"),
    [
        ("971", {"mardi-matin"}),
        ("973", {"mardi-matin"}),
        ("974", set()),
        ("976", set()),
        ("986", {"mardi-apres-midi", "mardi-matin"}),
        ("987", {"mardi-apres-midi", "mardi-matin"}),
        ("988", {"mardi-apres-midi"}),
        ("2A", set()),
        ("", set()),
    ],
)
def test_in_summer_each_overseas_departement_has_its_own_creneaux(departement: str, creneaux: set[str]) -> None:
    assert {c for _, c in unbearable([departement], BOTH, HEURES, *PRINTEMPS)} == creneaux


def test_a_creneau_is_bearable_only_if_each_of_its_days_is() -> None:
    noumea = {"988"}
    assert ("988", "mardi-matin") in unbearable(noumea, BOTH, HEURES, *HIVER)
    assert ("988", "mardi-matin") not in unbearable(noumea, BOTH, HEURES, *PRINTEMPS)
    # The first days of this season are still in winter time.
    assert ("988", "mardi-matin") in unbearable(noumea, BOTH, HEURES, date(2027, 3, 23), date(2027, 5, 28))
    assert unbearable(noumea, BOTH, HEURES, date(2027, 5, 5), date(2027, 5, 6)) == frozenset()


def test_only_the_bearable_days_are_given_to_a_groupe_and_it_is_told_when_there_are_none() -> None:
    groupe = GroupeAPlanifier("g", "eau", "mardi-matin", ("988", "12"))
    team = (Animateur("a", "A", frozenset({"eau"}), frozenset(BOTH), 1),)
    problem = TimetableProblem((groupe,), team, date(2027, 3, 2), date(2027, 5, 28))
    assert possible_days(problem, groupe)[0] == date(2027, 3, 30)
    assert {s.debut.hour for s in plan_seances(problem).seances} == {8}
    phrase = plan_seances(replace(problem, groupes=(replace(groupe, creneau="mardi-apres-midi"),)))
    assert "à 13 h 30 à Paris" in phrase.non_planifies[0].phrase
    assert "du 988" in phrase.non_planifies[0].phrase


@pytest.mark.parametrize(
    ("day", "departement", "name"),
    [
        (date(2027, 3, 26), "57", "Vendredi saint"),
        (date(2027, 5, 22), "972", "Abolition de l'esclavage"),
        (date(2027, 6, 10), "973", "Abolition de l'esclavage"),
    ],
)
def test_a_groupe_does_not_meet_on_the_public_holidays_of_one_of_its_members(
    day: date, departement: str, name: str
) -> None:
    creneau = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi")[day.weekday()] + "-apres-midi"
    problem = TimetableProblem((), (), day, day)
    assert public_holiday(day, ["12", departement]) == name
    assert possible_days(problem, GroupeAPlanifier("g", "eau", creneau, ("12", departement))) == []
    assert possible_days(problem, GroupeAPlanifier("g", "eau", creneau, ("12",))) == [day]


def test_the_empty_departement_of_a_region_has_no_zone_and_no_holidays_of_its_own() -> None:
    assert school_zone("") is None
    assert public_holiday(date(2027, 3, 26), [""]) is None
    assert hour_is_bearable("", datetime(2027, 6, 1, 6, 0, tzinfo=PARIS))
