"""What must be true once everything has come to rest. Pure: what was sent and what was found in, findings out."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Any, Final

from contracts.topics import EVENT_TOPICS, INSCRIPTIONS, INSCRIPTIONS_RECUES

from tests.faults.found import Entry, Found, Letter
from tests.faults.sent import ANNULEE, NUMBER, VALIDEE, Person, Poison, Sent

_SHOWN: Final = 5
_GROUPES: Final = ("groupe.forme", "groupe.modifie", "groupe.dissous")
_SEANCES: Final = ("seance.planifiee", "seance.deplacee", "seance.annulee")
_CAMPAGNES: Final = ("campagne.ouverte", "campagne.close")
TAKES: Final[dict[str, frozenset[str]]] = {
    "registration": frozenset(
        {"inscription.recue", "inscription.retiree", "affectation.decidee", *_GROUPES, *_SEANCES}
    ),
    "scheduling": frozenset({*_CAMPAGNES, "inscription.validee", "inscription.annulee"}),
    "notification": frozenset(
        {*_CAMPAGNES, "inscription.validee", "inscription.refusee", "inscription.annulee", "affectation.decidee"}
        | {*_GROUPES, *_SEANCES}
    ),
    "feedback": frozenset({*_CAMPAGNES, "inscription.validee", "inscription.annulee", *_GROUPES, *_SEANCES}),
}
"""Event types on which each service acts, as its README says."""
CALENDAR: Final = {"invitation", "seance-deplacee", "seance-annulee", "seance-retiree"}
"""Mails of which a second copy is harmless: a calendar knows their UID and SEQUENCE."""
WITHDRAWN: Final = "non_retenue.retrait"
_ADDRESS: Final = "refusee refus.adresse_invalide"


def findings(sent: Sent, found: Found) -> list[str]:
    """Everything that is not as promised, one sentence each; none means that all of it holds."""
    checks: tuple[Callable[[Sent, Found], Iterable[str]], ...] = (
        accepted,
        answers,
        published,
        taken_once,
        dead_letters,
        at_rest,
        states,
        projections,
        decisions,
        retours,
        mails,
        crm,
        personal_data,
    )
    return [f"{check.__name__}: {finding}" for check in checks for finding in _few(check(sent, found))]


def _few(all_of_them: Iterable[str]) -> list[str]:
    listed = list(all_of_them)
    more = [f"and {len(listed) - _SHOWN} more"] if len(listed) > _SHOWN else []
    return listed[:_SHOWN] + more


def accepted(sent: Sent, found: Found) -> Iterable[str]:
    """What Kafka acknowledged is on the front door's topic, in the order in which each key sent it."""
    order: dict[bytes, list[int]] = defaultdict(list)
    there: set[int] = set()
    for entry in found.log:
        if entry.topic == INSCRIPTIONS_RECUES.name and entry.number is not None and entry.number not in there:
            there.add(entry.number)
            order[entry.key or b""].append(entry.number)
    for person in sent.people.values():
        numbers = [step.number for step in person.steps if step.acknowledged]
        key = str(person.inscription).encode()
        if [n for n in order[key] if n in set(numbers)] != numbers:
            yield f"{person.inscription}: sent {numbers}, on the topic {order[key]}"
    for number in (sent.poison.keys() | sent.unknown) - there:
        yield f"record {number} is not on the topic"


def answers(sent: Sent, found: Found) -> Iterable[str]:
    """Each event got its answer once, and the answers of each key came in the order of its events, without a gap."""
    told: dict[str, list[str]] = defaultdict(list)
    for entry in first_copies(found.log, INSCRIPTIONS.name):
        told[(entry.key or b"").decode()].append(entry.answer)
    for person in sent.people.values():
        expected, got = person.answers(), told.get(str(person.inscription), [])
        if got != expected:
            yield f"{person.inscription} was answered {got} instead of {expected}"
    for stranger in told.keys() - {str(inscription) for inscription in sent.people}:
        yield f"{stranger} was answered and never asked: {told[stranger]}"


def first_copies(log: Iterable[Entry], topic: str) -> list[Entry]:
    """Each event of a topic once, where it came first: a relay may send again what it could not mark."""
    seen: dict[str, Entry] = {}
    for entry in log:
        if entry.topic == topic:
            seen.setdefault(entry.event, entry)
    return list(seen.values())


def published(_sent: Sent, found: Found) -> Iterable[str]:
    """Topics hold what the outboxes hold, nothing else, and each key in the order of insertion on one partition."""
    for topic in EVENT_TOPICS:
        outboxes = [found.outbox[service] for service in topic.producers if service in found.outbox]
        if outboxes:
            written = [(key, event) for outbox in outboxes for name, key, event in outbox if name == topic.name]
            yield from _same_by_key(topic.name, written, first_copies(found.log, topic.name))


def _same_by_key(topic: str, written: Iterable[tuple[bytes | None, str]], log: Iterable[Entry]) -> Iterable[str]:
    expected: dict[bytes | None, list[str]] = defaultdict(list)
    got: dict[bytes | None, list[str]] = defaultdict(list)
    partitions: dict[bytes | None, set[int]] = defaultdict(set)
    for key, event in written:
        expected[key].append(event)
    for entry in log:
        if entry.number is None:  # not of the workload's own
            got[entry.key].append(entry.event)
            partitions[entry.key].add(entry.partition)
    for key in expected.keys() | got.keys():
        if expected[key] != got[key]:
            yield f"{topic} {key!r}: the outbox has {expected[key]}, the topic {got[key]}"
        if len(partitions[key]) > 1:
            yield f"{topic} {key!r} is on partitions {partitions[key]}"


def taken_once(_sent: Sent, found: Found) -> Iterable[str]:
    """Each inbox holds the events of its service's topics, all of them and no other."""
    aside = {service: {letter.origin for letter in letters} for service, letters in found.kept_aside.items()}
    for service, inbox in found.inbox.items():
        topics = {topic.name for topic in EVENT_TOPICS if service in topic.consumers}
        due = {
            entry.event
            for entry in found.log
            if entry.topic in topics and entry.type in TAKES[service] and _origin(entry) not in aside[service]
        }
        for event in sorted(due - inbox):
            yield f"{service} has not taken {event}"
        for event in sorted(inbox - due):
            yield f"{service} has taken {event}, which no topic holds"
    journal = found.tables.get("crm.journal")
    if journal is not None:
        heard = Counter(event for (event,) in journal)
        due = {e.event for e in found.log if any(t.name == e.topic and "crm" in t.consumers for t in EVENT_TOPICS)}
        yield from (f"the CRM has not heard {event}" for event in sorted(due - heard.keys()))
        yield from (f"the CRM has heard {event} {count} times" for event, count in heard.items() if count > 1)


def _origin(entry: Entry) -> str:
    return f"{entry.topic}/{entry.partition}/{entry.offset}"


def dead_letters(sent: Sent, found: Found) -> Iterable[str]:
    """The dead letters are the poison: each copy of it, whole, with a reason, in the table and on the topic."""
    front = {_origin(entry): entry for entry in found.log if entry.topic == INSCRIPTIONS_RECUES.name}
    due = {origin for origin, entry in front.items() if entry.number in sent.poison}
    for service, letters in found.kept_aside.items():
        expected = due if service == "registration" else set()
        told = {letter.origin: letter for letter in found.told_aside.get(service, [])}
        kept = {letter.origin: letter for letter in letters}
        for origin in sorted(expected ^ kept.keys()):
            reason = f" ({kept[origin].reason})" if origin in kept else ""
            yield f"{service}: {'poison not kept aside' if origin in expected else 'kept aside'}: {origin}{reason}"
        for origin in sorted(kept.keys() ^ told.keys()):
            yield f"{service}: {origin} is {'not on the topic' if origin in kept else 'only on the topic'}"
        for origin in expected & kept.keys():
            poison = sent.poison[front[origin].number or 0]
            for letter in (kept[origin], told.get(origin, kept[origin])):
                yield from _is_whole(letter, poison, front[origin].number)


def _is_whole(letter: Letter, poison: Poison, number: int | None) -> Iterable[str]:
    sent_headers = (*poison.headers, (NUMBER, str(number).encode()))
    if (letter.key, letter.headers, letter.value) != (poison.key, sent_headers, poison.value):
        yield f"{letter.origin} ({poison.kind}) is not whole"
    if not letter.reason:
        yield f"{letter.origin} ({poison.kind}) has no reason"


def at_rest(_sent: Sent, found: Found) -> Iterable[str]:
    """Outboxes are empty, nothing is quarantined, every consumer group is at the end of the log."""
    for service, (waiting, quarantined) in found.waiting.items():
        if waiting or quarantined:
            yield f"{service}: {waiting} outbox rows wait, {quarantined} are quarantined"
    yield from (f"{service} has {lag} records before it" for service, lag in found.lag.items() if lag)


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
    is harmless, sent again.
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
        allowed = {"envoye": {1}, "echoue": {0}, "incertain": {0, 1}, "abandonne": {0}}.get(etat)
        if allowed is None:
            yield f"{cle} is still {etat}"
        elif kept not in allowed and not (modele in CALENDAR and kept > 1):
            yield f"{cle} is {etat} and was kept {kept} times by the mail server ({troubles})"
        elif etat == "echoue" and "never" not in troubles and cle.split(":")[1] not in unaddressable:
            yield f"{cle} was given up and the mail server had not refused it ({troubles})"
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


def doubts(found: Found) -> Counter[str]:
    """The one ambiguous case, counted: messages of which nobody knows, and copies that a calendar takes once."""
    counted: Counter[str] = Counter()
    for identity, _, modele, etat, _ in found.tables.get("notification.envois", []):
        kept = sum(trouble in {"none", "kept"} for trouble in found.mails.get(identity, []))
        counted["uncertain, shown to the team"] += etat == "incertain"
        counted["harmless copies to a calendar"] += modele in CALENDAR and kept > 1
    return counted


def crm(_sent: Sent, found: Found) -> Iterable[str]:
    """Whoever only listens ends with the same story."""
    for what, (told, true) in found.crm.items():
        yield from _differences(f"the CRM's {what}", set(true), set(told))


def personal_data(_sent: Sent, found: Found) -> Iterable[str]:
    yield from (f"personal data in {place}" for place in found.personal)
