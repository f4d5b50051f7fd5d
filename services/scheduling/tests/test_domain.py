from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from scheduling.domain import Agenda, Seance, check_move, nom_du_groupe

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2027, 4, 1, 9, tzinfo=UTC)


def at(day: int, month: int = 5, hour: int = 8, minute: int = 30) -> datetime:
    return datetime(2027, month, day, hour, minute, tzinfo=PARIS)


def seance(rang: int, debut: datetime, cause: str | None = None) -> Seance:
    return Seance(UUID(int=rang), rang, debut, debut + timedelta(hours=2), 0, "https://visio.example/x", cause)


SEANCES = (seance(1, at(4)), seance(2, at(18)), seance(3, at(1, 6)), seance(4, at(15, 6)))
AGENDA = Agenda(
    creneau="mardi-matin",
    heures={"matin": time(8, 30), "apres-midi": time(13, 30)},
    seances=SEANCES,
    departements=("12", "12"),
    animateur_nom="Claire",
    animateur_occupe=frozenset({at(11, hour=10)}),
    animateur_indisponible=frozenset({date(2027, 5, 25)}),
    jours_exclus=frozenset({date(2027, 5, 20)}),
    seances_du=date(2027, 5, 3),
    seances_au=date(2027, 7, 9),
)


def test_a_seance_moves_freely_to_another_week_of_its_creneau() -> None:
    verdict = check_move(replace(AGENDA, animateur_indisponible=frozenset()), SEANCES[1], at(25), NOW)
    assert verdict.refus == ()
    assert verdict.avertissements == ()


@pytest.mark.parametrize(
    ("debut", "word"),
    [
        (at(6), "férié"),
        (at(20), "exclu"),
        (at(25), "disponible"),
        (at(11, hour=8, minute=31), "autre séance"),
        (at(4), "après la séance 1"),
        (at(1, 6), "avant la séance 3"),
        (at(18), "déjà à cette date"),
        (datetime(2027, 3, 30, 8, tzinfo=UTC), "passée"),
    ],
)
def test_a_rule_forbids_the_move_and_says_which(debut: datetime, word: str) -> None:
    assert any(word in phrase for phrase in check_move(AGENDA, SEANCES[1], debut, NOW).refus)


def test_a_meeting_that_begins_when_the_other_ends_does_not_collide() -> None:
    assert check_move(AGENDA, SEANCES[1], at(11, hour=8, minute=0), NOW).refus == ()


@pytest.mark.parametrize(
    ("debut", "word"),
    [
        (at(26), "certains ne seront pas libres"),
        (at(18, hour=9), "certains ne seront pas libres"),
        (at(27), "moins d’une semaine"),
    ],
)
def test_what_troubles_people_is_a_warning_and_not_a_refusal(debut: datetime, word: str) -> None:
    verdict = check_move(AGENDA, SEANCES[1], debut, NOW)
    assert verdict.refus == ()
    assert any(word in phrase for phrase in verdict.avertissements)


def test_short_notice_and_a_date_outside_the_season_are_told() -> None:
    last = check_move(AGENDA, SEANCES[3], at(13, 7), at(11, 6))
    assert [p for p in last.avertissements if "période" in p]
    soon = check_move(AGENDA, SEANCES[1], at(25, hour=10), at(23, hour=12))
    assert [p for p in soon.avertissements if "trois jours" in p]


def test_a_cancelled_seance_neither_moves_nor_holds_others_back() -> None:
    cancelled = seance(3, at(1, 6), cause="Maladie")
    agenda = replace(AGENDA, seances=(*SEANCES[:2], cancelled, SEANCES[3]))
    assert any("annulée" in phrase for phrase in check_move(agenda, cancelled, at(8, 6), NOW).refus)
    assert check_move(agenda, SEANCES[1], at(8, 6), NOW).refus == ()


@pytest.mark.parametrize(
    ("titre", "combien", "nom"),
    [
        ("Eau", 1, "Eau, mardi matin"),
        ("Eau", 3, "Eau, mardi matin (2)"),
        ("Quels outils adopter ?", 1, "Quels outils adopter ? – mardi matin"),
    ],
)
def test_a_groupe_is_named_by_its_thematique_and_creneau(titre: str, combien: int, nom: str) -> None:
    assert nom_du_groupe(titre, "mardi-matin", 2, combien) == nom
