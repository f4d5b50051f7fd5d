"""What a mail is made of: headers, parts, typography, calendar."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from contracts.events.inscriptions import Annulation
from contracts.reasons import PHRASES, Refus
from icalendar import Calendar, Timezone
from notification.invitation import _PARIS_RULES
from notification.smtp import SmtpServer

WRONG = re.compile(r"[^\u00a0\s][;:?!](\s|$)| [;:?!]|« | »|\d h ")


def _plain(mail: Any) -> str:
    return str(mail.get_body(("plain",)).get_content())


def _shape(part: Any) -> Any:
    if not part.is_multipart():
        return part.get_content_type()
    return part.get_content_type(), [_shape(child) for child in part.iter_parts()]


async def test_an_invitation_has_the_shape_that_calendars_accept(notification: Any, season: Any) -> None:
    await notification.hear(*season.published())
    await notification.send()
    mail = notification.sink.mails[2]
    assert _shape(mail) == (
        "multipart/mixed",
        [("multipart/alternative", ["text/plain", "text/html", "text/calendar"]), "application/ics"],
    )
    inline = next(part for part in mail.walk() if part.get_content_type() == "text/calendar")
    assert (inline["Content-Type"].params["method"], inline.get_content_charset()) == ("REQUEST", "utf-8")
    attached = next(mail.iter_attachments())
    assert attached.get_filename() == "invite.ics"
    assert attached.get_content().decode() == inline.get_content().replace("\n", "\r\n").replace("\r\r", "\r")


async def test_a_calendar_message_says_all_that_itip_asks(notification: Any, season: Any) -> None:
    await notification.hear(*season.published())
    await notification.send()
    calendar = Calendar.from_ical(next(notification.sink.mails[4].iter_attachments()).get_content())
    assert isinstance(calendar, Calendar)
    (event,) = calendar.events
    assert (calendar["METHOD"], calendar["VERSION"]) == ("REQUEST", "2.0")
    assert [zone.tz_name for zone in calendar.timezones] == ["Europe/Paris"]
    assert event.start == datetime(2027, 6, 1, 6, 30, tzinfo=UTC)
    assert event["DTSTART"].params["TZID"] == "Europe/Paris"
    assert (event["SEQUENCE"], event["STATUS"]) == (0, "CONFIRMED")
    assert event["ORGANIZER"] == "mailto:ateliers@exemple.gouv.fr"
    attendee = event["ATTENDEE"]
    assert attendee == "mailto:personne0@exemple.fr"
    assert (attendee.params["RSVP"], attendee.params["PARTSTAT"]) == ("TRUE", "NEEDS-ACTION")
    assert event["DTSTAMP"].dt == notification.now[0]


def test_the_rule_written_for_paris_is_the_one_that_the_time_zone_follows() -> None:
    zone = Timezone.from_ical(_PARIS_RULES)
    assert isinstance(zone, Timezone)
    ours, theirs = zone.to_tz(lookup_tzid=False), ZoneInfo("Europe/Paris")
    start = datetime(2026, 1, 1, 12)  # noqa: DTZ001 - local times, told by each zone
    days = [start + timedelta(days=number) for number in range(6 * 365)]
    assert [day.replace(tzinfo=ours).utcoffset() for day in days] == [
        day.replace(tzinfo=theirs).utcoffset() for day in days
    ]


async def test_headers_name_who_writes_who_reads_and_the_message(notification: Any, season: Any) -> None:
    await notification.hear(season.campagne(), season.validee("élodie@exemple.fr", "Müller, née O’Neill"))
    await notification.send()
    (mail,) = notification.sink.mails
    ((identifier,),) = await notification.rows("id")
    assert mail["From"].addresses[0].addr_spec == "ateliers@exemple.gouv.fr"
    assert mail["To"].addresses[0].display_name == "Anne Müller, née O’Neill"
    assert mail["Reply-To"] == "equipe@exemple.gouv.fr"
    assert mail["Message-ID"] == f"<{identifier}@exemple.gouv.fr>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe"] is None


async def test_only_reminders_and_questionnaires_can_be_unsubscribed_from(notification: Any, season: Any) -> None:
    await notification.hear(*season.published())
    await notification.send()
    assert not [mail for mail in notification.sink.mails if mail["List-Unsubscribe"]]
    notification.go_to(season.first - timedelta(days=1))
    await notification.look_at_the_clock()
    await notification.send()
    reminder = notification.sink.mails[-1]
    token = notification.links.sign("preferences", str(season.people[0]))
    assert reminder["List-Unsubscribe"] == f"<http://testserver/messages/preferences/{token}>"
    assert reminder["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f"http://testserver/messages/preferences/{token}" in _plain(reminder)


async def _one_of_each(notification: Any, season: Any) -> list[Any]:
    await notification.hear(*season.published(people=2), season.refusee(Refus.AUCUN_CRENEAU))
    await notification.send()
    notification.go_to(season.first - timedelta(days=2))
    await notification.look_at_the_clock()
    await notification.send()
    await notification.hear(season.deplacee(2, timedelta(days=1)), season.seance_annulee(3))
    await notification.hear(season.annulee(season.people[1], Annulation.EQUIPE))
    await notification.send()
    notification.go_to(season.first + timedelta(hours=2))
    await notification.look_at_the_clock()
    await notification.send()
    assert len({modele for (modele,) in await notification.rows("modele")}) == 10
    return list(notification.sink.mails)


async def test_every_mail_keeps_french_typography_and_leads_back(notification: Any, season: Any) -> None:
    for mail in await _one_of_each(notification, season):
        text, html = _plain(mail), mail.get_body(("html",)).get_content()
        wrong = WRONG.search(re.sub(r"https?://\S+", "", text))
        assert wrong is None, (mail["Subject"], wrong)
        assert "http://testserver/suivi/" in text
        assert "répondez simplement à ce message" in text
        assert 'lang="fr"' in html
        assert "style=" in html
        assert "<style" not in html
        assert html.count('class="bouton"') <= 1
        assert not re.search(r"None|\{\{|undefined", text + html)


async def test_a_refusal_says_why_and_what_to_correct(notification: Any, season: Any) -> None:
    await notification.hear(season.refusee(Refus.AUCUN_CRENEAU), season.refusee(Refus.DEJA_INSCRIT))
    await notification.send()
    correctable, already = (_plain(mail) for mail in notification.sink.mails)
    assert PHRASES[Refus.AUCUN_CRENEAU] in correctable
    assert "Choisissez au moins un créneau" in correctable
    assert "Corriger mon inscription" in correctable
    assert "Corriger mon inscription" not in already


async def test_a_name_cannot_write_a_header_or_markup(notification: Any, season: Any) -> None:
    event = season.validee()
    hostile = event.personne.model_copy(update={"prenom": "<b>Eve</b>", "nom": "x\r\nBcc: y@z.fr"})
    await notification.hear(season.campagne(), event.model_copy(update={"personne": hostile}))
    await notification.send()
    (mail,) = notification.sink.mails
    assert mail["Bcc"] is None
    assert "&lt;b&gt;Eve" in mail.get_body(("html",)).get_content()


@pytest.mark.parametrize(
    ("url", "port", "tls", "starttls"),
    [
        ("smtp://mail.exemple.fr", 25, False, None),
        ("smtp://moi:s%40cret@mail.exemple.fr", 587, False, True),
        ("smtp://moi:s%40cret@mail.exemple.fr:2525?starttls=never", 2525, False, False),
        ("smtps://moi:s%40cret@mail.exemple.fr", 465, True, False),
    ],
)
def test_a_login_is_never_sent_in_the_clear_by_default(
    url: str, port: int, *, tls: bool, starttls: bool | None
) -> None:
    server = SmtpServer.of(url)
    assert (server.host, server.port, server.tls, server.starttls) == ("mail.exemple.fr", port, tls, starttls)
    assert server.password in (None, "s@cret")


@pytest.mark.parametrize("url", ["http://mail", "smtp://", "mail.exemple.fr:25", "smtp://h?starttls=perhaps"])
def test_a_wrong_smtp_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="must"):
        SmtpServer.of(url)
