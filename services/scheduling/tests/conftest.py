"""A campagne, its people, and a service on a real database."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

import pytest
from chassis.handlers import Handlers
from chassis.ids import uuid7
from chassis.service import Service
from chassis.store import Database
from chassis.testing import deliver, new_database, published, settings_values
from contracts.events import CampagneClose, CampagneOuverte, InscriptionAnnulee, InscriptionValidee
from contracts.model import EventData
from scheduling.app import build
from scheduling.handlers import handlers
from scheduling.planner import Planner
from scheduling.settings import Settings
from scheduling.tables import metadata

NOW = datetime(2027, 4, 5, 9, 0, tzinfo=UTC)


def campagne(**changes: object) -> CampagneOuverte:
    """Two thématiques, two mornings, two animateurs; groupes of 4 to 6 with an élu and an agent at least."""
    creneaux = ("mardi-matin", "jeudi-matin")
    values: dict[str, object] = {
        "campagne": "printemps-2027",
        "nom": "Printemps 2027",
        "inscriptions_du": datetime(2027, 1, 10, tzinfo=UTC),
        "inscriptions_au": datetime(2027, 4, 4, tzinfo=UTC),
        "seances_du": "2027-05-03",
        "seances_au": "2027-07-09",
        "thematiques": ({"code": "eau", "titre": "L’eau"}, {"code": "forets", "titre": "Les forêts"}),
        "creneaux": creneaux,
        "animateurs": tuple(
            {"id": f"animateur-{n}", "nom": f"Animatrice {n}", "thematiques": ("eau", "forets"), "creneaux": creneaux}
            for n in (1, 2)
        ),
        "groupe": {"min": 4, "max": 6, "elus_min": 1, "agents_min": 1},
    }
    return CampagneOuverte.model_validate(values | changes)


def closed(**changes: object) -> CampagneClose:
    return CampagneClose.model_validate(campagne(**changes).model_dump() | {"close_le": NOW})


def person(number: int, thematique: str = "eau", **changes: object) -> InscriptionValidee:
    """Everybody comes from another commune; every other one is an élu, all free on Tuesday morning."""
    values: dict[str, object] = {
        "inscription": person_id(number),
        "campagne": "printemps-2027",
        "thematique": thematique,
        "personne": {"prenom": "Camille", "nom": f"Numéro {number}", "email": f"P{number}@exemple.fr"},
        "qualite": "elu" if number % 2 else "agent",
        "fonction": "Maire" if number % 2 else "Directrice",
        "collectivite": {
            "type": "commune",
            "code": f"{number:05}",
            "nom": f"Commune {number}",
            "departement": "12",
            "taille": "petite",
        },
        "disponibilites": ({"creneau": "mardi-matin", "accord": "prefere"},),
        "situation": "Un projet à partager.",
        "engagements": {"quatre_seances": True, "situation_concrete": True, "camera_et_micro": True},
        "recue_le": datetime(2027, 2, 1, tzinfo=UTC) + timedelta(minutes=number),
    }
    return InscriptionValidee.model_validate(values | changes)


def person_id(number: int) -> UUID:
    return uuid5(UUID(int=7), str(number))


def withdrawal(number: int) -> InscriptionAnnulee:
    return InscriptionAnnulee(
        inscription=person_id(number), campagne="printemps-2027", thematique="eau", cause="retrait", annulee_le=NOW
    )


@dataclass
class Stage:
    """The service, its database and its planner; `now` can be moved."""

    database: Database
    settings: Settings
    service: Service
    handlers: Handlers
    planner: Planner
    now: datetime = NOW

    async def deliver(self, *events: EventData) -> None:
        await deliver(self.handlers, self.database, *events, ids=[uuid7() for _ in events])

    async def published(self, kind: type[EventData] | None = None) -> list[EventData]:
        return [e for e in await published(self.database) if kind is None or isinstance(e, kind)]


@pytest.fixture
async def stage(make_database: Callable[[str], str]) -> AsyncIterator[Stage]:
    url = make_database("scheduling")
    settings = Settings(**settings_values(url))  # type: ignore[arg-type]
    moments = [NOW]
    database = await new_database(url, metadata, clock=lambda: moments[0], source="scheduling")
    service = build(settings, database)
    yield Stage(database, settings, service, handlers(), Planner(database, settings, renew_s=0.1))
    await database.engine.dispose()
