"""From events to mails: real PostgreSQL, real SMTP."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from chassis.ids import uuid7
from chassis.store import NotYetKnown
from chassis.testing import deliver, published
from contracts.events import GroupeDissous, GroupeModifie, NotificationEnvoyee
from contracts.reasons import Decision, Motif
from icalendar import Calendar, Event


def _calendar(mail: Any) -> tuple[str, Event]:
    part = next(part for part in mail.walk() if part.get_content_type() == "text/calendar")
    calendar = Calendar.from_ical(part.get_content())
    assert isinstance(calendar, Calendar)
    return str(calendar["METHOD"]), calendar.events[0]


async def test_an_inscription_is_confirmed_once(notification: Any, season: Any) -> None:
    event, identity = season.validee(), uuid7()
    await notification.hear(season.campagne())
    for _ in range(2):
        await deliver(notification.handlers, notification.database, event, ids=[identity])
    await notification.hear(event)
    await notification.send()
    assert notification.sink.subjects() == ["Votre inscription est bien enregistrée"]
    (told,) = await published(notification.database)
    assert isinstance(told, NotificationEnvoyee)
    assert (told.inscription, told.modele) == (event.inscription, "inscription-validee")


async def test_the_decision_comes_with_the_four_dates_then_the_four_invitations(notification: Any, season: Any) -> None:
    events = season.published()
    await notification.hear(*events[:-1])
    await notification.send()
    assert len(notification.sink.mails) == 1
    await notification.hear(events[-1])
    await notification.send()
    assert notification.sink.subjects() == [
        "Votre inscription est bien enregistrée",
        "Vos 4 dates : Eau 1, mardi matin",
        "Séance 1 : mardi 4 mai à 8 h 30",
        "Séance 2 : mardi 18 mai à 8 h 30",
        "Séance 3 : mardi 1er juin à 8 h 30",
        "Séance 4 : mardi 15 juin à 8 h 30",
    ]
    calendars = [_calendar(mail) for mail in notification.sink.mails[2:]]
    assert {method for method, _ in calendars} == {"REQUEST"}
    assert [str(event["UID"]).partition("@")[0] for _, event in calendars] == [str(s) for s in season.seance_ids]


async def test_the_order_in_which_topics_arrive_does_not_matter(notification: Any, season: Any) -> None:
    campagne, welcome, groupe, decision, *seances = season.published()
    for early in (welcome, decision, groupe):
        with pytest.raises(NotYetKnown):
            await notification.hear(early)
    await notification.hear(campagne, welcome)
    with pytest.raises(NotYetKnown):
        await notification.hear(decision)
    with pytest.raises(NotYetKnown):
        await notification.hear(seances[0])
    await notification.hear(groupe, *seances, decision)
    await notification.send()
    assert len(notification.sink.mails) == 6


@pytest.mark.parametrize(
    ("decision", "code", "subject"),
    [
        (Decision.LISTE_ATTENTE, Motif.CRENEAUX_COMPLETS, "Vous êtes sur la liste d’attente"),
        (Decision.NON_RETENUE, Motif.AUCUN_CRENEAU, "Votre inscription n’a pas pu être retenue"),
        (Decision.NON_RETENUE, Motif.RETRAIT, None),
    ],
)
async def test_who_has_no_place_is_told_why(
    notification: Any, season: Any, decision: Decision, code: Motif, subject: str | None
) -> None:
    await notification.hear(season.campagne(), season.validee())
    await notification.hear(season.decidee(season.people[0], decision, code))
    await notification.send()
    assert notification.sink.subjects()[1:] == ([subject] if subject else [])


async def test_a_place_that_comes_free_is_a_second_decision(notification: Any, season: Any) -> None:
    await notification.hear(season.campagne(), season.validee())
    waiting = season.decidee(season.people[0], Decision.LISTE_ATTENTE, Motif.CRENEAUX_COMPLETS)
    await notification.hear(waiting, season.groupe(), *season.seances())
    await notification.send()
    later = waiting.decidee_le + timedelta(days=1)
    await notification.hear(season.decidee(season.people[0], code=Motif.PLACE_LIBEREE, decidee_le=later))
    await notification.hear(waiting)
    await notification.send()
    assert len(notification.sink.mails) == 7
    assert notification.sink.subjects()[2] == "Vos 4 dates : Eau 1, mardi matin"


@pytest.mark.parametrize("decision_first", [True, False])
async def test_who_replaces_somebody_in_the_course_of_the_cycle_is_invited_to_what_is_left_of_it(
    notification: Any, season: Any, *, decision_first: bool
) -> None:
    await notification.hear(*season.published(people=1), season.validee("remplace@exemple.fr"))
    gone, comes = season.people
    await notification.hear(season.decidee(comes, Decision.LISTE_ATTENTE, Motif.CRENEAUX_COMPLETS))
    await notification.send()
    notification.go_to(season.first + timedelta(days=3))
    await notification.hear(season.annulee(gone))
    decided = season.decidee(comes, code=Motif.PLACE_LIBEREE, decidee_le=notification.now[0])
    modified = GroupeModifie.model_validate(season.groupe([comes], version=2).model_dump())
    await notification.hear(*([decided, modified] if decision_first else [modified, decided]))
    await notification.send()
    told = [mail for mail in notification.sink.mails if "remplace@" in mail["To"]][2:]
    assert [str(mail["Subject"]).replace("\xa0", " ") for mail in told] == [
        "Vos 3 dates : Eau 1, mardi matin",
        "Séance 2 : mardi 18 mai à 8 h 30",
        "Séance 3 : mardi 1er juin à 8 h 30",
        "Séance 4 : mardi 15 juin à 8 h 30",
    ]
    text = told[0].get_body(("plain",)).get_content()
    assert "Séance 1" not in text
    assert {_calendar(mail)[0] for mail in told[1:]} == {"REQUEST"}
    notification.go_to(season.first + timedelta(days=42))
    await notification.look_at_the_clock()
    assert not [
        row
        for row in await notification.rows("modele, inscription, contexte->>'seance'")
        if row[1:] == (comes, str(season.seance_ids[0]))
    ]


async def test_who_joins_for_the_last_seance_reads_one_date(notification: Any, season: Any) -> None:
    await notification.hear(season.campagne(), season.validee(), season.groupe(), *season.seances())
    notification.go_to(season.first + timedelta(days=30))
    late = season.decidee(season.people[0], code=Motif.PLACE_LIBEREE, decidee_le=notification.now[0])
    await notification.hear(late)
    await notification.send()
    assert notification.sink.subjects()[1:] == ["Votre date : Eau 1, mardi matin", "Séance 4 : mardi 15 juin à 8 h 30"]


async def test_a_moved_seance_keeps_its_uid_and_raises_its_sequence(notification: Any, season: Any) -> None:
    await notification.hear(*season.published())
    await notification.send()
    before = _calendar(notification.sink.mails[2])[1]
    await notification.hear(season.deplacee(1, timedelta(days=7)))
    await notification.send()
    await notification.hear(season.seance_annulee(1, sequence=2))
    await notification.send()
    (moved_method, moved), (gone_method, gone) = (_calendar(mail) for mail in notification.sink.mails[6:])
    assert [moved_method, gone_method] == ["REQUEST", "CANCEL"]
    assert before["UID"] == moved["UID"] == gone["UID"]
    assert [event["SEQUENCE"] for event in (before, moved, gone)] == [0, 1, 2]
    assert moved.start - before.start == timedelta(days=7)
    assert gone["STATUS"] == "CANCELLED"


async def test_an_invitation_that_is_overtaken_never_leaves(notification: Any, season: Any) -> None:
    await notification.hear(*season.published(), season.deplacee(1, timedelta(days=7)))
    await notification.send()
    assert ("invitation", "abandonne", "Un message plus récent remplace celui-ci.") in await notification.rows()
    assert "Séance 1 : mardi 4 mai à 8 h 30" not in notification.sink.subjects()
    assert "Séance 1 déplacée : mardi 11 mai à 8 h 30" in notification.sink.subjects()


async def test_who_withdraws_is_told_so_and_their_calendar_is_emptied(notification: Any, season: Any) -> None:
    await notification.hear(*season.published(people=2))
    await notification.send()
    gone, stays = season.people
    notification.sink.mails.clear()
    await notification.hear(season.annulee(gone))
    modified = GroupeModifie.model_validate(season.groupe([stays], version=2).model_dump())
    await notification.hear(modified)
    await notification.send()
    assert notification.sink.subjects()[0] == "Votre inscription est retirée"
    calendars = [_calendar(mail) for mail in notification.sink.mails[1:]]
    assert [method for method, _ in calendars] == ["CANCEL"] * 4
    assert {event["SEQUENCE"] for _, event in calendars} == {1}
    notification.go_to(season.first - timedelta(days=2))
    await notification.look_at_the_clock()
    await notification.send()
    assert [mail["To"] for mail in notification.sink.mails[5:]] == ["Anne Leroy <personne1@exemple.fr>"]


async def test_a_new_animateur_costs_nobody_a_mail_and_is_named_by_the_next_one(notification: Any, season: Any) -> None:
    await notification.hear(*season.published())
    await notification.send()
    notification.sink.mails.clear()
    changed = season.groupe(version=2).model_dump() | {"animateur": "nadia", "animateur_nom": "Nadia Benali"}
    await notification.hear(GroupeModifie.model_validate(changed))
    await notification.send()
    assert notification.sink.mails == []
    await notification.hear(season.deplacee(1, timedelta(days=7)))
    await notification.send()
    (mail,) = notification.sink.mails
    assert "Nadia Benali" in mail.get_body(("plain",)).get_content()


async def test_a_groupe_that_ends_takes_its_seances_along(notification: Any, season: Any) -> None:
    await notification.hear(*season.published())
    await notification.send()
    dissolved = GroupeDissous(
        groupe=season.groupe_id, campagne="printemps-2027", thematique="eau", cause="Trop peu de monde.",
        dissous_le=notification.now[0],
    )  # fmt: skip
    await notification.hear(dissolved)
    await notification.send()
    assert [_calendar(mail)[0] for mail in notification.sink.mails[6:]] == ["CANCEL"] * 4


async def test_a_reminder_goes_out_two_days_before_and_once(notification: Any, season: Any) -> None:
    await notification.hear(*season.published())
    await notification.send()
    notification.sink.mails.clear()
    notification.go_to(season.first - timedelta(days=2, seconds=1))
    await notification.look_at_the_clock()
    await notification.send()
    assert notification.sink.subjects() == []
    notification.go_to(season.first - timedelta(days=2))
    for _ in range(2):
        await notification.look_at_the_clock()
    await notification.send()
    assert notification.sink.subjects() == ["Rappel : séance 1, mardi 4 mai à 8 h 30"]


async def test_no_reminder_for_what_has_moved_or_gone(notification: Any, season: Any) -> None:
    await notification.hear(*season.published())
    await notification.send()
    notification.sink.mails.clear()
    notification.go_to(season.first - timedelta(days=2))
    await notification.look_at_the_clock()
    await notification.hear(season.deplacee(1, timedelta(hours=6)), season.seance_annulee(2))
    await notification.look_at_the_clock()
    await notification.send()
    assert not [subject for subject in notification.sink.subjects() if subject.startswith("Rappel")]
    assert ("rappel", "abandonne", "La séance a été déplacée.") in await notification.rows()
    notification.go_to(season.first + timedelta(days=13))
    await notification.look_at_the_clock()
    await notification.send()
    assert not [subject for subject in notification.sink.subjects() if subject.startswith("Rappel")]


async def test_a_reminder_is_never_stale(notification: Any, season: Any) -> None:
    await notification.hear(*season.published())
    await notification.send()
    notification.go_to(season.first - timedelta(hours=1))
    await notification.look_at_the_clock()
    notification.go_to(season.first)
    await notification.send()
    assert ("rappel", "abandonne", "La séance a commencé.") in await notification.rows()


async def test_the_questionnaire_follows_the_seance_with_a_link_of_its_own(notification: Any, season: Any) -> None:
    await notification.hear(*season.published())
    await notification.send()
    notification.sink.mails.clear()
    end = season.first + timedelta(hours=2)
    notification.go_to(end - timedelta(seconds=1))
    await notification.look_at_the_clock()
    notification.go_to(end)
    for _ in range(2):
        await notification.look_at_the_clock()
    await notification.send()
    (mail,) = [mail for mail in notification.sink.mails if "avis" in mail["Subject"]]
    expires = end + timedelta(days=21)
    token = notification.links.sign("questionnaire", str(season.seance_ids[0]), str(season.people[0]), expires=expires)
    text = mail.get_body(("plain",)).get_content()
    assert f"http://testserver/retours/questionnaire/{token}" in text
    assert notification.links.read("questionnaire", token, expires - timedelta(seconds=1))


async def test_an_unknown_end_is_passed_over(notification: Any, season: Any) -> None:
    await notification.hear(season.campagne(), season.annulee(uuid4()))
    assert await notification.rows() == []
