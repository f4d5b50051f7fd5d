"""What must be true once everything has come to rest. Pure: what was sent and what was found in, findings out."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Final

from contracts.topics import EVENT_TOPICS, INSCRIPTIONS, INSCRIPTIONS_RECUES

from tests.faults import effects
from tests.faults.effects import first_copies
from tests.faults.found import Entry, Found, Letter
from tests.faults.sent import NUMBER, Poison, Sent

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


def findings(sent: Sent, found: Found) -> list[str]:
    """Everything that is not as promised, one sentence each; none means that all of it holds."""
    checks: tuple[Callable[[Sent, Found], Iterable[str]], ...] = (
        accepted,
        answers,
        published,
        taken_once,
        dead_letters,
        at_rest,
        effects.states,
        effects.projections,
        effects.decisions,
        effects.retours,
        effects.mails,
        effects.crm,
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


def personal_data(_sent: Sent, found: Found) -> Iterable[str]:
    yield from (f"personal data in {place}" for place in found.personal)
