"""What the workload has put in at the front door, and the answer that each event must get.

A key is an inscription. Its events are sent one after the other; `Step.answer` is what registration must publish for
it, or None where the rules say that nothing follows.
"""

import random
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

NUMBER: Final = "x-faults-number"
"""Header that gives every record of the workload a number: readers ignore what they don't know."""
VALIDEE, ANNULEE = "validee", "annulee"
FAULTY: Final = {
    "engagements": "refusee refus.engagements_manquants",
    "creneau": "refusee refus.aucun_creneau",
    "thematique": "refusee refus.thematique_inconnue",
    "adresse": "refusee refus.adresse_invalide",
}
"""What can be wrong with an inscription, and the answer to it."""


@dataclass(slots=True)
class Step:
    """One event as it was first sent: `what` is "good", "retrait" or a key of FAULTY."""

    number: int
    event: UUID
    what: str
    answer: str | None
    acknowledged: bool = False


@dataclass(slots=True)
class Person:
    inscription: UUID
    campagne: str
    steps: list[Step] = field(default_factory=list)

    def answers(self) -> list[str]:
        """What must be on the topic of answers, in order; a validation names the sending that it answers."""
        return [
            f"{VALIDEE} {position}" if step.answer == VALIDEE else step.answer
            for position, step in enumerate(self.steps)
            if step.acknowledged and step.answer is not None
        ]

    @property
    def state(self) -> str | None:
        """What the last answer leaves the inscription in; a refusal with its code."""
        return next((step.answer for step in reversed(self.steps) if step.answer), None)


@dataclass(frozen=True, slots=True)
class Poison:
    """A record that must come out whole in the dead letters."""

    kind: str
    key: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    value: bytes | None


@dataclass
class Sent:
    people: dict[UUID, Person] = field(default_factory=dict)
    poison: dict[int, Poison] = field(default_factory=dict)
    unknown: set[int] = field(default_factory=set)
    duplicates: int = 0
    accepted: int = 0
    """Records that Kafka has acknowledged, of every kind."""
    campagnes: dict[str, str] = field(default_factory=dict)
    """Its state at the end by code: "ouverte", "close" or "publiee"."""
    interruptions: int = 0
    """Faults that may have cut off a mail between the server's answer and its mark."""
    retours: dict[tuple[str, str], int] = field(default_factory=dict)
    """Satisfaction by (séance, inscription), as last sent by the person."""


def draw_steps(choice: random.Random) -> list[str]:
    """Draw what one person does, in order: corrections, a good inscription, withdrawals, and what comes too late."""
    faults = choice.choices(list(FAULTY), k=choice.choice((0, 0, 0, 1, 2)))
    if not faults and choice.random() < 0.5:
        return ["good"]
    after = choice.choice(((), ("good",), ("retrait",), ("retrait", "retrait"), ("retrait", "good")))
    return [*faults, "good", *after]


def expected_answer(before: str | None, what: str) -> str | None:
    """What registration answers to an event of an inscription whose last answer is `before`."""
    if what == "retrait":
        return ANNULEE if before == VALIDEE else None
    if before in {VALIDEE, ANNULEE}:
        return None
    return FAULTY.get(what, VALIDEE)
