"""Calendar messages: a REQUEST or a CANCEL of one séance for one person (RFC 5545, 5546).

The UID is the séance's for ever, whatever the settings become; only SEQUENCE rises.
"""

from datetime import UTC, datetime
from email.headerregistry import Address
from typing import Final, Literal, cast

from chassis.web.french import PARIS, typographie
from icalendar import Calendar, Event, Timezone, vCalAddress, vText

from notification.domain import Modele
from notification.letters import Dossier

UID_DOMAIN: Final = "seances.ateliers.anct.gouv.fr"
PRODID: Final = "-//ANCT//Ateliers interactifs//FR"

Method = Literal["REQUEST", "CANCEL"]

# The rule of the European Union since 1996 (directive 2000/84/EC); zoneinfo has no rules to export, only moments.
_PARIS_RULES: Final = b"""BEGIN:VTIMEZONE
TZID:Europe/Paris
BEGIN:DAYLIGHT
DTSTART:19960331T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZNAME:CEST
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:19961027T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZNAME:CET
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
END:VTIMEZONE
"""
_PARIS: Final = cast("Timezone", Timezone.from_ical(_PARIS_RULES))


def method_of(modele: Modele) -> Method | None:
    """Which calendar message goes with a mail; None for a mail without one."""
    if modele in {Modele.INVITATION, Modele.SEANCE_DEPLACEE}:
        return "REQUEST"
    return "CANCEL" if modele in {Modele.SEANCE_ANNULEE, Modele.SEANCE_RETIREE} else None


def _party(address: Address, **parameters: str) -> vCalAddress:
    party = vCalAddress(f"mailto:{address.addr_spec}")
    party.params["CN"] = vText(address.display_name)
    for name, value in parameters.items():
        party.params[name] = vText(value)
    return party


def invitation(dossier: Dossier, method: Method, organizer: Address, attendee: Address) -> bytes:
    """Write the calendar; the same message written again gives the same bytes."""
    seance = dossier.la_seance
    event = Event()
    event.add("uid", f"{seance.seance}@{UID_DOMAIN}")
    event.add("sequence", dossier.contexte["sequence"])
    event.add("dtstamp", dossier.envoi.cree_le.astimezone(UTC))
    event.add("dtstart", _local(seance.debut))
    event.add("dtend", _local(seance.fin))
    event.add("summary", typographie(f"Atelier {dossier.titre} : séance {seance.rang}"))
    event.add("location", seance.visio_url)
    event.add("url", seance.visio_url)
    event.add("description", typographie(f"Visioconférence : {seance.visio_url}\nSuivi : {dossier.adresses.suivi}"))
    event.add("status", "CONFIRMED" if method == "REQUEST" else "CANCELLED")
    event.add("transp", "OPAQUE" if method == "REQUEST" else "TRANSPARENT")
    event.add("organizer", _party(organizer))
    event.add(
        "attendee",
        _party(attendee, CUTYPE="INDIVIDUAL", ROLE="REQ-PARTICIPANT", PARTSTAT="NEEDS-ACTION", RSVP="TRUE"),
    )
    calendar = Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    calendar.add_component(_PARIS)
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def _local(moment: datetime) -> datetime:
    return moment.astimezone(PARIS)
