"""A season to register for, a portal's inscription, and registration on a database of its own."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from chassis.ids import uuid7
from chassis.service import Service
from chassis.store import Database, Transaction
from contracts.events import InscriptionRecue
from registration import use_cases
from registration.app import build
from registration.domain import Animateur, Campagne, Thematique
from registration.settings import Settings
from registration.tables import metadata

from chassis import testing

NOW = datetime(2027, 3, 10, 9, 0, tzinfo=UTC)


@dataclass
class Season:
    """Registration with an open campagne; `now` may be moved."""

    database: Database
    service: Service
    web: httpx.AsyncClient
    now: datetime = NOW

    async def deliver(self, *events: Any, ids: list[UUID] | None = None) -> None:
        await testing.deliver(self.service.handlers, self.database, *events, ids=ids)

    async def answers(self) -> list[Any]:
        """Return what was published, the announcements of campagnes apart."""
        events = await testing.published(self.database)
        return [event for event in events if not event.event_type.startswith("fr.anct.ateliers.campagne.")]

    def transaction(self) -> Any:
        return self.database.transaction()


@pytest.fixture
def campagne() -> Campagne:
    return Campagne(
        code="printemps-2027",
        nom="Printemps 2027",
        inscriptions_du=NOW - timedelta(days=5),
        inscriptions_au=NOW + timedelta(days=5),
        seances_du=date(2027, 4, 1),
        seances_au=date(2027, 6, 30),
        thematiques=(
            Thematique("eau", "L’eau, ressource rare : comment préserver le partage du premier des biens communs ?"),
            Thematique("forets", "Forêts : comment coopérer pour en prendre soin ?"),
        ),
        creneaux=("mardi-matin", "jeudi-apres-midi"),
        animateurs=(Animateur("ada-exemple", "Ada Exemple", ("eau", "forets"), ("mardi-matin",)),),
    )


@pytest.fixture
async def season(make_database: Callable[[str], str], campagne: Campagne) -> AsyncIterator[Season]:
    moment: dict[str, Season] = {}

    def clock() -> datetime:
        return moment["season"].now if moment else NOW

    url = make_database("registration")
    database = await testing.new_database(url, metadata, clock)
    service = build(Settings(**testing.settings_values(url)), database)  # type: ignore[arg-type]
    async with testing.client(service) as web:
        moment["season"] = season = Season(database, service, web)
        async with database.transaction() as tx:
            await _announce(tx, campagne)
        yield season
    await database.engine.dispose()


async def _announce(tx: Transaction, campagne: Campagne) -> None:
    await use_cases.create_campagne(tx, campagne)
    await use_cases.open_campagne(tx, campagne.code)


@pytest.fixture
def recue() -> Callable[..., InscriptionRecue]:
    """Make what a portal publishes: right in everything but what the arguments change."""

    def make(**changes: Any) -> InscriptionRecue:
        personne = {"prenom": "Ève", "nom": "Martin", "email": "eve.martin@pelussin.fr"}
        values: dict[str, Any] = {
            "inscription": uuid7(),
            "campagne": "printemps-2027",
            "thematique": "eau",
            "personne": personne | changes.pop("personne", {}),
            "qualite": "elu",
            "fonction": "Maire",
            "collectivite": {"type": "commune", "code": "42168"},
            "disponibilites": [{"creneau": "mardi-matin", "accord": "prefere"}],
            "situation": "Le partage de l’eau entre agriculteurs et habitants.",
            "engagements": {"quatre_seances": True, "situation_concrete": True, "camera_et_micro": True},
            "recue_le": NOW,
        }
        return InscriptionRecue.model_validate(values | changes)

    return make


@pytest.fixture
def migrations() -> Path:
    return Path(use_cases.__file__).parent / "migrations"
