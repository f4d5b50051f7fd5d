"""For tests: one groupe of three people with its four séances, and a service that can be told of them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
from chassis.ids import stable_id
from chassis.links import Links
from chassis.store import Database
from chassis.testing import deliver, settings_values
from contracts.events.inscriptions import Personne
from contracts.model import EventData
from contracts.samples import SAMPLES

from contracts import events
from feedback.handlers import handlers

DEBUT = datetime(2027, 5, 11, 6, 30, tzinfo=UTC)
GROUPE = stable_id("groupe")
PEOPLE = {"Solène Arribat": stable_id(1), "Idriss Vautrin": stable_id(2), "Côme Baudrillart": stable_id(3)}
SOLENE, IDRISS, COME = PEOPLE.values()


def sample(event: type[EventData], **changes: object) -> EventData:
    """Return the contract's own example of an event, with changes."""
    found = next(sample.data for sample in SAMPLES if type(sample.data) is event)
    return found.model_copy(update=changes)


def seance(rang: int) -> UUID:
    return stable_id("seance", rang)


def planned(rang: int, event: type[EventData] = events.SeancePlanifiee, **changes: object) -> EventData:
    debut = DEBUT + timedelta(weeks=2 * (rang - 1))
    values = {"seance": seance(rang), "groupe": GROUPE, "rang": rang, "debut": debut, "fin": debut + timedelta(hours=2)}
    return sample(event, **{**values, **changes})


def story() -> list[EventData]:
    people = [
        sample(
            events.InscriptionValidee,
            inscription=id_,
            personne=Personne(prenom=name.split()[0], nom=name.split()[1], email=f"{rank}@b.example"),
        )
        for rank, (name, id_) in enumerate(PEOPLE.items())
    ]
    return [
        sample(events.CampagneOuverte),
        *people,
        sample(events.GroupeForme, groupe=GROUPE, membres=tuple(PEOPLE.values())),
        *(planned(rang) for rang in range(1, 5)),
    ]


@dataclass
class World:
    """The service under test, its clock and its links."""

    database: Database
    web: httpx.AsyncClient
    clock: list[datetime]
    links: Links = field(default_factory=lambda: Links(str(settings_values()["secret_key"])))

    def at(self, moment: datetime) -> None:
        self.clock[0] = moment

    async def deliver(self, *told: EventData) -> None:
        await deliver(handlers(), self.database, *told)

    def questionnaire(self, rang: int = 1, inscription: UUID = SOLENE) -> str:
        return f"/retours/questionnaire/{self.links.sign('questionnaire', str(seance(rang)), str(inscription))}"
