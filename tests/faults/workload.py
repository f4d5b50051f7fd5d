"""People at the front door: many keys at once, the events of each in order, with repeats, poison and strangers."""

import asyncio
import itertools
import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

import portal
from contracts.envelope import Event, Headers, Message, encode
from contracts.events import InscriptionRecue, InscriptionRetiree
from contracts.events.inscriptions import Engagements

from tests.faults.front_door import FrontDoor
from tests.faults.poison import spoil
from tests.faults.sent import Person, Sent, Step, draw_steps, expected_answer

SOURCE: Final = "/portails/preuve"
DUPLICATES, POISON, STRANGERS, STRANGE_FIELDS = 0.05, 0.01, 0.01, 0.05
PLANTED: Final = ("Quévillon", "01 99 00 77", "source-tarie")
"""Looked for in every log: part of each person's name, telephone number and situation."""
CRENEAUX: Final = tuple(
    f"{day}-{half}" for day in ("lundi", "mardi", "mercredi", "jeudi", "vendredi") for half in ("matin", "apres-midi")
)
AT_ONCE: Final = 400
BLOCK: Final = 500


@dataclass(frozen=True)
class Kind:
    """`domain` is that of the addresses; `calm` people send one good inscription and nothing else."""

    campagne: str
    thematiques: Sequence[str]
    domain: str
    calm: bool = False


class Workload:
    def __init__(self, door: FrontDoor, sent: Sent, seed: int) -> None:
        self._door = door
        self.sent = sent
        self._choice = random.Random(f"workload {seed}")  # noqa: S311 - a workload, not a secret
        self._numbers = itertools.count(1)
        self._seed = seed
        self.limit = float("inf")
        """So many events in all may be sent until the platform has caught up."""
        self._run = uuid5(NAMESPACE_URL, f"faults {seed}")

    async def flow(self, kind: Kind, rate: float, until: float, most: float) -> None:
        """Let people come until the monotonic time `until` or until `most` events are sent, `rate` events a second."""
        candidates = self._candidates(kind)
        active: set[asyncio.Task[None]] = set()
        begun, before = time.monotonic(), self.sent.accepted
        while time.monotonic() < until and (count := self.sent.accepted - before) < most:
            if self.sent.accepted >= self.limit:
                waiting = time.monotonic()
                await asyncio.sleep(0.1)
                begun += time.monotonic() - waiting
                continue
            due = (time.monotonic() - begun) * rate
            if count + len(active) >= due or len(active) >= AT_ONCE:
                await asyncio.sleep(0.01)
            else:
                active |= {asyncio.create_task(self.live(next(candidates), kind)) for _ in range(5)}
            active = {task for task in active if not _finished(task)}
        await asyncio.gather(*active)

    async def register(self, kind: Kind, count: int) -> list[UUID]:
        """Let this many people come at once; return their inscriptions."""
        candidates = self._candidates(kind)
        people = [next(candidates) for _ in range(count)]
        await asyncio.gather(*(self.live(person, kind) for person in people))
        return [person.inscription for person in people]

    async def withdraw(self, inscription: UUID) -> None:
        person = self.sent.people[inscription]
        await self._take(person, "retrait", _retrait(inscription))

    async def live(self, recue: InscriptionRecue, kind: Kind) -> None:
        """One person from the first event to the last."""
        choice = random.Random(self._choice.random())  # noqa: S311
        person = Person(recue.inscription, kind.campagne)
        self.sent.people[recue.inscription] = person
        records: list[tuple[Step, Message]] = []
        for what in ["good"] if kind.calm else draw_steps(choice):
            data = _retrait(recue.inscription) if what == "retrait" else _spoilt(recue, what, len(records))
            records.append(await self._take(person, what, data, strange=choice.random() < STRANGE_FIELDS))
            if choice.random() < DUPLICATES:
                step, message = choice.choice(records)
                await self._send(step.number, message.key, message.headers, message.value)
                self.sent.duplicates += 1
            if choice.random() < POISON:
                await self._send_poison(recue, choice)
            if choice.random() < STRANGERS:
                await self._send_stranger(recue)

    async def _take(
        self, person: Person, what: str, data: InscriptionRecue | InscriptionRetiree, *, strange: bool = False
    ) -> tuple[Step, Message]:
        before = next((step.answer for step in reversed(person.steps) if step.answer), None)
        event = uuid5(person.inscription, f"{len(person.steps)} {what}")
        step = Step(next(self._numbers), event, what, expected_answer(before, what))
        person.steps.append(step)
        message = encode(Event(event, SOURCE, datetime.now(UTC), data))
        if strange:
            value = json.dumps({**json.loads(message.value), "champ_inconnu": {"depuis": "une version plus récente"}})
            message = Message(message.topic, message.key, message.headers, value.encode())
        await self._send(step.number, message.key, message.headers, message.value)
        step.acknowledged = True
        return step, message

    async def _send(self, number: int, key: bytes | None, headers: Headers, value: bytes | None) -> None:
        await self._door.send(number, key, headers, value)
        self.sent.accepted += 1

    async def _send_poison(self, recue: InscriptionRecue, choice: random.Random) -> None:
        number = next(self._numbers)
        other = recue.model_copy(update={"inscription": uuid5(self._run, f"poison {number}")})
        poison = spoil(encode(Event(other.inscription, SOURCE, datetime.now(UTC), other)), choice)
        await self._send(number, poison.key, poison.headers, poison.value)
        self.sent.poison[number] = poison

    async def _send_stranger(self, recue: InscriptionRecue) -> None:
        """An event of a type that no version of ours knows yet."""
        number = next(self._numbers)
        message = encode(Event(uuid5(self._run, f"stranger {number}"), SOURCE, datetime.now(UTC), recue))
        kind = b"fr.anct.ateliers.inscription.relancee.v1"
        headers = tuple((name, kind if name == "ce_type" else content) for name, content in message.headers)
        await self._send(number, message.key, headers, message.value)
        self.sent.unknown.add(number)

    def _candidates(self, kind: Kind) -> Iterator[InscriptionRecue]:
        """Invented people with an address of their own and something planted in each field that is personal."""
        for block in itertools.count():
            seed = self._seed * 100_000 + block
            for recue in portal.generate(BLOCK, kind.campagne, kind.thematiques, CRENEAUX, seed):
                number = next(self._numbers)
                personne = recue.personne.model_copy(
                    update={
                        "nom": f"{recue.personne.nom}-{PLANTED[0]}",
                        "email": f"p{number}.{self._seed}@{kind.domain}",
                        "telephone": f"{PLANTED[1]} {number % 100:02d}",
                    }
                )
                yield recue.model_copy(
                    update={
                        "inscription": uuid5(self._run, str(number)),
                        "personne": personne,
                        "situation": f"{PLANTED[2]} : {recue.situation}",
                        "avec": (),
                        "recue_le": datetime.now(UTC),
                    }
                )


def _finished(task: asyncio.Task[None]) -> bool:
    if task.done():
        task.result()
        return True
    return False


def _retrait(inscription: UUID) -> InscriptionRetiree:
    return InscriptionRetiree(inscription=inscription, retiree_le=datetime.now(UTC))


def _spoilt(recue: InscriptionRecue, what: str, position: int) -> InscriptionRecue:
    changes: dict[str, dict[str, Any]] = {
        "good": {},
        "engagements": {"engagements": Engagements(quatre_seances=True)},
        "creneau": {"disponibilites": ()},
        "thematique": {"thematique": "jardins-suspendus"},
        "adresse": {"personne": recue.personne.model_copy(update={"email": "deux@@arobases.example"})},
    }
    return recue.model_copy(update={"fonction": f"{recue.fonction} (envoi {position})", **changes[what]})
