"""A run in words: what was done to the platform, and what the checker found."""

from collections import Counter
from collections.abc import Iterator

from tests.faults.effects import doubts
from tests.faults.proof import Result
from tests.faults.sent import NUMBER

_HISTORY = 30


def report(result: Result) -> str:
    return "\n".join(_lines(result)) + "\n"


def _lines(result: Result) -> Iterator[str]:
    sent, found, faults = result.sent, result.found, result.play.nemesis.faults
    steps = sum(len(person.steps) for person in sent.people.values())
    yield f"seed {result.play.plan.seed}; seconds: " + ", ".join(f"{k} {v:.0f}" for k, v in result.seconds.items())
    yield f"events accepted at the front door: {sent.accepted}"
    yield f"  of people {steps}, repeated exactly {sent.duplicates}, of unknown type {len(sent.unknown)}"
    yield f"  poison {len(sent.poison)} of {len({p.kind for p in sent.poison.values()})} kinds"
    yield f"inscriptions: {len(sent.people)}; seasons with groupes and retours: {result.play.lived}"
    yield f"retours: {len(sent.retours)}; events on all topics: {len(found.log)}"
    ours = [(entry.topic, entry.event) for entry in found.log if entry.number is None]
    yield f"  sent again by relays, taken once: {len(ours) - len(set(ours))}"
    yield f"mails kept by the mail server: {_kept(result)}"
    yield from (f"  in doubt: {what}: {count}" for what, count in doubts(found).items() if count)
    yield f"faults: {len(faults)}; processes started again: {result.restarts}"
    yield from (f"  {name}: {count}" for name, count in Counter(f.name for f in faults).most_common())
    if not result.findings:
        yield "findings: none"
        return
    yield f"findings: {len(result.findings)}"
    yield from (f"  {finding}" for finding in result.findings)
    yield from _history(result)


def _kept(result: Result) -> int:
    return sum(trouble in {"none", "kept"} for troubles in result.found.mails.values() for trouble in troubles)


def _history(result: Result) -> Iterator[str]:
    """What happened to the keys that the findings name."""
    text = " ".join(result.findings)
    yield f"history (make faults SEED={result.play.plan.seed}):"
    yield from (f"  {f.moment:6.1f} s {f.name} {f.target}" for f in result.play.nemesis.faults)
    named = [person for person in result.sent.people.values() if str(person.inscription) in text]
    for person in named[:_HISTORY]:
        for step in person.steps:
            yield f"  {person.inscription} sent {step.what} ({NUMBER} {step.number}, {step.event}): {step.answer}"
        for entry in result.found.log:
            if entry.key == str(person.inscription).encode():
                place = f"{entry.topic}/{entry.partition}/{entry.offset}"
                yield f"  {person.inscription} on {place}: {entry.type} {entry.answer} {entry.event}"
