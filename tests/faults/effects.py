"""What each accepted event must have left in every database, in the mail server and at the CRM. Pure."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from tests.faults.found import Entry, Found
from tests.faults.sent import ANNULEE, VALIDEE, Person, Sent

CALENDAR: Final = {"invitation", "seance-deplacee", "seance-annulee", "seance-retiree"}
"""Mails of which a second copy is harmless: a calendar knows their UID and SEQUENCE."""
KEPT: Final[dict[str, set[int]]] = {"envoye": {1}, "echoue": {0}, "incertain": {0, 1}, "abandonne": {0}}
"""How often the mail server may have kept a message that ended so."""
CONNECTIONS: Final = 6
"""Messages that one mailer has on their way at most."""
WITHDRAWN: Final = "non_retenue.retrait"
_ADDRESS: Final = "refusee refus.adresse_invalide"


def first_copies(log: Iterable[Entry], topic: str) -> list[Entry]:
    """Each event of a topic once, where it came first: a relay may send again what it could not mark."""
    seen: dict[str, Entry] = {}
    for entry in log:
        if entry.topic == topic:
            seen.setdefault(entry.event, entry)
    return list(seen.values())


def _ever(person: Person, word: str) -> bool:
    return any(step.answer == word for step in person.steps)


def states(sent: Sent, found: Found) -> Iterable[str]:
    """Each database holds what the last event of each key left."""
    people = {str(person.inscription): person for person in sent.people.values()}
    validated = {i for i, p in people.items() if _ever(p, VALIDEE)}
    ended = {i for i, p in people.items() if p.state == ANNULEE}
    plain = {i: (p.state or "").split(" ")[0] for i, p in people.items() if p.state}
    expected: dict[str, set[tuple[Any, ...]]] = {
        "registration.inscriptions": {(i, *_state_and_code(p.state)) for i, p in people.items() if p.state},
        "registration.campagnes": {(c, "ouverte" if s == "ouverte" else "close") for c, s in sent.campagnes.items()},
        "scheduling.campagnes": {(c, s != "ouverte") for c, s in sent.campagnes.items()},
        "scheduling.inscriptions": {(i,) for i in validated},
        "scheduling.annulations": {(i,) for i in ended},
        "notification.participants": set(plain.items()),
        "feedback.participants": {(i, i in ended) for i in validated},
    }
    for name, rows in expected.items():
        if name in found.tables:
            yield from _differences(name, rows, set(found.tables[name]))


def _state_and_code(state: str | None) -> tuple[str, str | None]:
    word, _, code = (state or "").partition(" ")
    return word, code or None


def projections(_sent: Sent, found: Found) -> Iterable[str]:
    """What one service decides, the others know: places at registration, meetings in each member's calendar."""
    pairs = (
        ("registration.affectations", "scheduling.affectations"),
        ("notification.agendas", "scheduling.seances"),
    )
    for copy, truth in pairs:
        if copy in found.tables and truth in found.tables:
            yield from _differences(copy, set(found.tables[truth]), set(found.tables[copy]))


def _differences(name: str, expected: set[Any], got: set[Any]) -> Iterable[str]:
    yield from (f"{name} lacks {row}" for row in sorted(expected - got, key=str))
    yield from (f"{name} has {row}" for row in sorted(got - expected, key=str))


def decisions(sent: Sent, found: Found) -> Iterable[str]:
    """In a published campagne each valid inscription has one decision; who withdrew has one and its end, or none."""
    first: Counter[str] = Counter()
    ends: Counter[str] = Counter()
    for entry in first_copies(found.log, "ateliers.affectations"):
        (ends if entry.answer.endswith(WITHDRAWN) else first)[(entry.key or b"").decode()] += 1
    for person in sent.people.values():
        key = str(person.inscription)
        if sent.campagnes.get(person.campagne) != "publiee":
            wanted = first[key] == ends[key] == 0
        elif person.state == VALIDEE:
            wanted = (first[key], ends[key]) == (1, 0)
        else:
            wanted = (first[key], ends[key]) in {(0, 0), (1, 1)}
        if not wanted:
            yield f"{key} ({person.state}) has {first[key]} decisions and {ends[key]} ends"


def retours(sent: Sent, found: Found) -> Iterable[str]:
    """Each answer to a questionnaire is kept once, as it was last given."""
    if "feedback.retours" in found.tables:
        expected = {(*pair, satisfaction, 1) for pair, satisfaction in sent.retours.items()}
        yield from _differences("feedback.retours", expected, set(found.tables["feedback.retours"]))


def mails(sent: Sent, found: Found) -> Iterable[str]:
    """Each fact has its message once; the mail server kept each message once, but for the one case of doubt.

    In doubt is a message that was begun and whose end nobody knows: kept or not it is `incertain`, or, where a copy
    is harmless, sent again. There are no more of them than lines and processes that broke at that point.
    """
    if "notification.envois" not in found.tables:
        return
    envois = found.tables["notification.envois"]
    keys = {cle for _, cle, *_ in envois}
    yield from (f"nobody was told {cle}" for cle in sorted(_messages(sent, found) - keys))
    unaddressable = {str(p.inscription) for p in sent.people.values() if _ever(p, _ADDRESS)}
    for identity, cle, modele, etat, _ in envois:
        troubles = found.mails.get(identity, [])
        kept = sum(trouble in {"none", "kept"} for trouble in troubles)
        if etat not in KEPT:
            yield f"{cle} is still {etat}"
        elif kept not in KEPT[etat] and not (modele in CALENDAR and kept):
            yield f"{cle} is {etat} and was kept {kept} times by the mail server ({troubles})"
        elif etat == "echoue" and "never" not in troubles and cle.split(":")[1] not in unaddressable:
            yield f"{cle} was given up and the mail server had not refused it ({troubles})"
    doubtful, most = doubts(found).total(), _broken_lines(found) + CONNECTIONS * sent.interruptions
    if doubtful > most:
        yield f"{doubtful} mails are in doubt, and no more than {most} can have been cut off"
    for message in found.mails.keys() - {identity for identity, *_ in envois}:
        yield f"{message} was sent and no row asks for it"


def _messages(sent: Sent, found: Found) -> set[str]:
    """Keys of the messages that must exist: one per answer."""
    due = {f"inscription-refusee:{_key(e)}:{e.event}" for e in found.log if e.type == "inscription.refusee"}
    due |= {f"inscription-validee:{_key(e)}:1" for e in found.log if e.type == "inscription.validee"}
    due |= {f"inscription-annulee:{p.inscription}:1" for p in sent.people.values() if p.state == ANNULEE}
    return due


def _key(entry: Entry) -> str:
    return (entry.key or b"").decode()


def _broken_lines(found: Found) -> int:
    return sum(trouble in {"lost", "kept"} for troubles in found.mails.values() for trouble in troubles)


def doubts(found: Found) -> Counter[str]:
    """The one ambiguous case, counted: messages of which nobody knows, and copies that a calendar takes once."""
    counted: Counter[str] = Counter()
    for identity, _, modele, etat, _ in found.tables.get("notification.envois", []):
        kept = sum(trouble in {"none", "kept"} for trouble in found.mails.get(identity, []))
        counted["uncertain, shown to the team"] += etat == "incertain"
        counted["known to a calendar twice, or once too often"] += modele in CALENDAR and kept > max(
            KEPT.get(etat, {1})
        )
    return counted


def crm(_sent: Sent, found: Found) -> Iterable[str]:
    """Whoever only listens ends with the same story."""
    for what, (told, true) in found.crm.items():
        yield from _differences(f"the CRM's {what}", set(true), set(told))
