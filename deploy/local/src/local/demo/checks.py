"""Whether the season ended as it must: each check returns its findings, one sentence each; none means it holds."""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final, TypeAlias
from uuid import UUID

from icalendar import Calendar

from local.demo.crm_checks import crm_findings
from local.demo.scenario import Played
from local.demo.target import Target
from local.demo.truth import Truth
from local.mailbox.store import parse
from local.postgres import SERVICES

Mails: TypeAlias = list[tuple[str, EmailMessage]]

SEANCES: Final = 4
_SHOWN: Final = 5


async def findings(platform: Target, played: Played, mails: Mails | None = None) -> list[str]:
    """Run every check on the mails, by default those of the local mailbox; fill `played.counts` on the way."""
    truth = Truth(platform)
    mails = read_mails(platform.var / "mails.sqlite") if mails is None else mails
    played.counts["messages envoyés"] = len(mails)
    if platform.restarts().get("notification"):
        mails = without_second_copies(mails)
    return [
        *played.problems,
        *await answers(truth, played),
        *await decisions(truth, played),
        *await invitations(truth, played, mails),
        *once_only(mails),
        *await poison(truth, played),
        *await retours(truth, played),
        *await nothing_waits(truth),
        *await crm_findings(truth, platform.var / "crm.sqlite"),
    ]


def read_mails(file: Path) -> Mails:
    """Return (recipient, message) of everything in the mailbox."""
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as base:
        return [(to, parse(raw)) for to, raw in base.execute("SELECT recipient, raw FROM mail ORDER BY id")]


async def answers(truth: Truth, played: Played) -> list[str]:
    """Every inscription that was sent is accepted, or refused with the right code."""
    rows = await truth.rows("registration", "SELECT id, etat, code FROM inscriptions")
    states = {str(identity): (etat, code) for identity, etat, code in rows}
    sent = played.sent
    if sent is None:
        return ["no inscription was sent"]
    refused = Counter(etat for etat, _ in states.values())["refusee"]
    played.counts["inscriptions acceptées"] = len(states) - refused
    played.counts["inscriptions refusées"] = refused
    lost = [str(d.inscription) for d in sent.good if states.get(str(d.inscription), ("",))[0] not in _ACCEPTED]
    wrong = [
        f"{identity}: {states.get(identity)} instead of {code}"
        for identity, code in sent.refused.items()
        if states.get(identity, ("", ""))[0] != "refusee" or states[identity][1] not in {code, code.split(".")[-1]}
    ]
    # Anybody may register by hand while the demo runs: there may be more, never fewer.
    expected = len(sent.good) + 1
    missing = [] if len(states) - refused >= expected else [f"{len(states) - refused} accepted instead of {expected}"]
    return _said("inscriptions that are not accepted", lost) + _said("refusals", wrong) + missing


_ACCEPTED: Final = {"validee", "annulee"}


async def decisions(truth: Truth, played: Played) -> list[str]:
    """Each accepted inscription has exactly one decision; who withdrew after it has the end of it as well."""
    accepted = await truth.rows("registration", "SELECT id, etat FROM inscriptions WHERE etat <> 'refusee'")
    states = {str(identity): etat for identity, etat in accepted}
    published = [json.loads(value) for (value,) in await truth.rows("scheduling", _AFFECTATIONS)]
    first = Counter(event["inscription"] for event in published if event["code"] != _WITHDRAWN)
    ended = Counter(event["inscription"] for event in published if event["code"] == _WITHDRAWN)
    decided = [i for i, etat in states.items() if etat == "validee" or i == played.withdrew]
    wrong = [f"{identity}: {first[identity]}" for identity in decided if first[identity] != 1]
    wrong += [f"{identity}: nobody registered it" for identity in first if identity not in states]
    known = {str(i) for (i,) in await truth.rows("registration", "SELECT inscription FROM affectations")}
    wrong += [f"{identity}: not heard of by registration" for identity in decided if identity not in known]
    wrong += [f"{identity}: its end was told {count} times" for identity, count in ended.items() if count != 1]
    wrong += [f"{identity}: ended without a withdrawal" for identity in ended if states.get(identity) != "annulee"]
    if played.withdrew and played.withdrew not in ended:
        wrong.append(f"{played.withdrew}: its withdrawal was not decided")
    played.counts["places"] = sum(event["decision"] == "retenue" for event in published)
    played.counts["en liste d’attente"] = sum(event["decision"] == "liste_attente" for event in published)
    return _said("decisions", wrong)


_WITHDRAWN: Final = "non_retenue.retrait"
_AFFECTATIONS: Final = "SELECT convert_from(value, 'UTF8') FROM outbox WHERE topic = 'ateliers.affectations'"


async def invitations(truth: Truth, played: Played, mails: Mails) -> list[str]:
    """Each person with a place has four invitations that a calendar reads, to the four séances of their groupe."""
    seances: dict[Any, set[UUID]] = defaultdict(set)
    for seance, groupe, *_ in await truth.seances():
        seances[groupe].add(seance)
    people = await truth.rows("notification", "SELECT inscription, email FROM participants")
    addresses = {str(inscription): email.lower() for inscription, email in people}
    invited: dict[str, Counter[str]] = defaultdict(Counter)
    cancelled: dict[str, Counter[str]] = defaultdict(Counter)
    wrong: list[str] = []
    for to, method, uid, sequence in _calendars(mails, wrong):
        (invited if method == "REQUEST" else cancelled)[to.lower()][uid] += 1
        if method == "CANCEL" and sequence < 1:
            wrong.append(f"{to}: {uid} is cancelled with SEQUENCE {sequence}")
    played.counts["invitations"] = sum(count.total() for count in invited.values())
    for inscription, groupe in await truth.retained():
        uids = invited[addresses[str(inscription)]]
        held = {uid.split("@")[0] for uid in uids}
        if held != {str(seance) for seance in seances[groupe]} or len(held) != SEANCES or uids.total() != SEANCES:
            wrong.append(f"{inscription}: {uids.total()} invitations to {len(held)} séances")
    if played.withdrew and cancelled[addresses[played.withdrew]].keys() != invited[addresses[played.withdrew]].keys():
        wrong.append(f"{played.withdrew}: {len(cancelled[addresses[played.withdrew]])} séances were cancelled")
    return _said("invitations", wrong)


def _calendars(mails: Mails, wrong: list[str]) -> Iterator[tuple[str, str, str, int]]:
    """Yield (recipient, method, UID, SEQUENCE) of every calendar part."""
    for to, message in mails:
        for part in message.walk():
            if part.get_content_type() != "text/calendar":
                continue
            try:
                content = part.get_payload(decode=True)
                calendar = Calendar.from_ical(content if isinstance(content, bytes) else b"")
                (event,) = calendar.walk("VEVENT")
                yield to, str(calendar["METHOD"]), str(event["UID"]), int(str(event["SEQUENCE"]))
            except (ValueError, KeyError) as error:
                wrong.append(f"{message['Message-ID']}: {type(error).__name__}: {error}")


def once_only(mails: Mails) -> list[str]:
    """No mail came twice, and none without a Message-ID."""
    ids = Counter(str(message["Message-ID"]) for _, message in mails)
    return _said("mails that came twice", [f"{identity}: {count}" for identity, count in ids.items() if count > 1])


def without_second_copies(mails: Mails) -> Mails:
    """Leave out what is sent again by design: a calendar message that was on its way when its sender was killed.

    It is the very same message: its UID and SEQUENCE make a calendar take it once.
    """
    kept: Mails = []
    calendars: set[str] = set()
    for to, message in mails:
        identity = str(message["Message-ID"])
        if identity not in calendars:
            kept.append((to, message))
        if any(part.get_content_type() == "text/calendar" for part in message.walk()):
            calendars.add(identity)
    return kept


async def poison(truth: Truth, played: Played) -> list[str]:
    """The dead letters are what nobody can read, whole, and nothing else."""
    sent = played.sent.poison if played.sent else 0
    found = {service: int(await truth.value(service, "SELECT count(*) FROM dlq")) for service in SERVICES}
    played.counts["messages illisibles mis de côté"] = found["registration"]
    expected = {service: sent if service == "registration" else 0 for service in SERVICES}
    return [] if found == expected else [f"dead letters: {found} instead of {expected}"]


async def retours(truth: Truth, played: Played) -> list[str]:
    """Every answer that was sent is there; a database constraint keeps it single."""
    count = int(await truth.value("feedback", "SELECT count(*) FROM retours"))
    played.counts["retours"] = count
    return [] if count >= played.answers else [f"{count} retours instead of {played.answers}"]


async def nothing_waits(truth: Truth) -> list[str]:
    unsent = {service: count for service, count in (await truth.unsent()).items() if count}
    failed = await truth.rows("notification", "SELECT modele, cause FROM envois WHERE etat = 'echoue'")
    return _said("events that still wait", [f"{s}: {n}" for s, n in unsent.items()]) + _said(
        "mails that failed", [f"{modele}: {cause}" for modele, cause in failed]
    )


def _said(what: str, wrong: list[str]) -> list[str]:
    more = [f"and {len(wrong) - _SHOWN} more"] if len(wrong) > _SHOWN else []
    return [f"{what}: {'; '.join(wrong[:_SHOWN] + more)}"] if wrong else []
