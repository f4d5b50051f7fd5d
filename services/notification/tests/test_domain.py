"""What must be told, shown without a database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from contracts.reasons import Refus
from notification.domain import (
    Agenda,
    Envoi,
    Etat,
    EtatInscription,
    Groupe,
    GroupeFacts,
    Modele,
    Participant,
    Seance,
    calendar_changes,
    decisions_of_groupe,
    obsolete,
    rappels,
    retry_delay,
)
from notification.letters import A_FAIRE

NOW = datetime(2027, 4, 1, 9, tzinfo=UTC)
GROUPE = Groupe(uuid4(), "eau", "Eau 1", "mardi-matin", "Camille Roux")


def _person(**changes: object) -> Participant:
    person = Participant(
        uuid4(), "printemps-2027", "eau", "Anne", "Leroy", "anne@exemple.fr", EtatInscription.VALIDEE,
        decision="retenue", groupe=GROUPE.groupe, decidee_le=NOW,
    )  # fmt: skip
    return replace(person, **changes)  # type: ignore[arg-type]


def _seances(number: int = 4) -> list[Seance]:
    debuts = [NOW + timedelta(days=20 + 14 * rang) for rang in range(number)]
    return [
        Seance(uuid4(), GROUPE.groupe, rang, debut, debut + timedelta(hours=2), 0, "https://visio.exemple.fr/eau")
        for rang, debut in enumerate(debuts, start=1)
    ]


def _facts(person: Participant, seances: list[Seance], told: dict[tuple[UUID, UUID], Agenda]) -> GroupeFacts:
    return GroupeFacts(GROUPE, seances, frozenset({person.inscription}), {person.inscription: person}, told)


def _tell(person: Participant, seances: list[Seance], told: dict[tuple[UUID, UUID], Agenda]) -> list[tuple[str, int]]:
    """Apply the changes, and return what was said: (model, SEQUENCE)."""
    said = []
    for intent, entry in calendar_changes(_facts(person, seances, told), NOW):
        told[entry.seance, entry.inscription] = entry
        said.append((intent.modele.value, intent.contexte["sequence"]))
    return said


def test_nothing_is_said_before_the_four_dates_are_known() -> None:
    person = _person()
    three = _facts(person, _seances(3), {})
    assert not decisions_of_groupe(three)
    assert not list(calendar_changes(three, NOW))
    assert len(decisions_of_groupe(_facts(person, _seances(4), {}))) == 1


def test_each_seance_is_said_once() -> None:
    person, seances, told = _person(), _seances(), {}
    assert _tell(person, seances, told) == [("invitation", 0)] * 4
    assert _tell(person, seances, told) == []


def test_a_calendar_hears_rising_sequences_through_every_change() -> None:
    person, seances, told = _person(), _seances(), {}
    _tell(person, seances, told)
    seances[0] = replace(seances[0], sequence=1, debut=seances[0].debut + timedelta(days=1))
    assert _tell(person, seances, told) == [("seance-deplacee", 1)]
    left = replace(person, etat=EtatInscription.ANNULEE)
    assert _tell(left, seances, told) == [("seance-retiree", 2), *[("seance-retiree", 1)] * 3]
    assert _tell(left, [replace(s, sequence=5) for s in seances], told) == []
    assert _tell(person, seances, told) == [("invitation", 3), *[("invitation", 2)] * 3]
    seances[0] = replace(seances[0], sequence=2, annulee=True)
    assert _tell(person, seances, told) == [("seance-annulee", 4)]


def test_what_is_past_is_left_in_the_calendar() -> None:
    person, seances, told = _person(), _seances(), {}
    _tell(person, seances, told)
    after_second = seances[1].fin + timedelta(minutes=1)
    facts = _facts(replace(person, etat=EtatInscription.ANNULEE), seances, told)
    assert [entry.seance for _, entry in calendar_changes(facts, after_second)] == [s.seance for s in seances[2:]]


def test_a_reminder_is_not_for_who_has_just_read_the_date() -> None:
    (seance, *_) = _seances()
    early = Agenda(seance.seance, uuid4(), 0, 0, annulee=False, dit_le=seance.debut - timedelta(days=3))
    late = replace(early, inscription=uuid4(), dit_le=seance.debut - timedelta(days=1))
    gone = replace(early, inscription=uuid4(), annulee=True)
    assert [intent.inscription for intent in rappels(seance, [early, late, gone])] == [early.inscription]


@pytest.mark.parametrize(
    ("changes", "now", "still_true"),
    [
        ({}, timedelta(days=-2), True),
        ({}, timedelta(seconds=-1), True),
        ({}, timedelta(0), False),
        ({"seance": {"sequence": 1}}, timedelta(days=-2), False),
        ({"seance": {"annulee": True}}, timedelta(days=-2), False),
        ({"person": {"etat": EtatInscription.ANNULEE}}, timedelta(days=-2), False),
        ({"person": {"messages": False}}, timedelta(days=-2), False),
    ],
)
def test_a_reminder_is_dropped_as_soon_as_it_is_no_longer_true(
    changes: dict[str, dict[str, object]], now: timedelta, *, still_true: bool
) -> None:
    person = _person(**changes.get("person", {}))
    seance = replace(_seances()[0], **changes.get("seance", {}))  # type: ignore[arg-type]
    agenda = Agenda(seance.seance, person.inscription, 0, 0, annulee=False, dit_le=NOW)
    contexte = {"seance": str(seance.seance), "version": 0}
    envoi = Envoi(uuid4(), "k", Modele.RAPPEL, person.inscription, contexte, Etat.EN_COURS, 0, False, NOW)
    assert (obsolete(envoi, person, seance, agenda, seance.debut + now) is None) is still_true


def test_tries_are_spaced_out_up_to_a_quarter_of_an_hour() -> None:
    assert [retry_delay(n).total_seconds() for n in (0, 1, 2, 7, 8, 250)] == [5, 10, 20, 640, 900, 900]


def test_each_refusal_says_what_to_do() -> None:
    assert set(A_FAIRE) == {code.value for code in Refus}
