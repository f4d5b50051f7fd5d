"""A proposition under the hands of the team, on a real PostgreSQL; its rows are written as the planner writes them."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import httpx
import pytest
from chassis.ids import stable_id, uuid7
from chassis.service import Service
from chassis.store import Database
from chassis.testing import client, deliver, new_database, settings_values, sign_in
from contracts.events import CampagneOuverte, InscriptionAnnulee, InscriptionValidee
from scheduling import use_cases
from scheduling.app import build
from scheduling.domain import Avancement, position
from scheduling.handlers import handlers
from scheduling.repository import groupes, propositions
from scheduling.settings import Settings
from scheduling.tables import metadata
from sqlalchemy import text

NOW = datetime(2027, 4, 5, 9, 0, tzinfo=UTC)
CODE = "printemps-2027"
MARDI, JEUDI = "mardi-matin", "jeudi-matin"


def person_id(number: int) -> UUID:
    return uuid5(UUID(int=9), str(number))


def _campagne() -> CampagneOuverte:
    creneaux = (MARDI, JEUDI)
    animateurs = tuple(
        {"id": f"animateur-{n}", "nom": f"Animatrice {n}", "thematiques": ("eau",), "creneaux": creneaux}
        for n in (1, 2, 3)
    )
    return CampagneOuverte.model_validate(
        {
            "campagne": CODE,
            "nom": "Printemps 2027",
            "inscriptions_du": datetime(2027, 1, 10, tzinfo=UTC),
            "inscriptions_au": datetime(2027, 4, 4, tzinfo=UTC),
            "seances_du": "2027-05-03",
            "seances_au": "2027-07-09",
            "thematiques": ({"code": "eau", "titre": "L’eau"},),
            "creneaux": creneaux,
            "animateurs": animateurs,
            "groupe": {"min": 4, "max": 6, "elus_min": 1, "agents_min": 1},
        }
    )


def _person(number: int, **changes: Any) -> InscriptionValidee:
    """Odd ones are élus; every third comes from a larger collectivité; all are free on both mornings."""
    values: dict[str, Any] = {
        "inscription": person_id(number),
        "campagne": CODE,
        "thematique": "eau",
        "personne": {"prenom": "Dominique", "nom": f"Numéro {number}", "email": f"d{number}@exemple.fr"},
        "qualite": "elu" if number % 2 else "agent",
        "fonction": "Maire" if number % 2 else "Directrice",
        "collectivite": {
            "type": "commune",
            "code": f"{number:05}",
            "nom": f"Commune {number}",
            "departement": "12",
            "taille": "moyenne" if number % 3 == 0 else "petite",
        },
        "disponibilites": (
            {"creneau": MARDI, "accord": "prefere"},
            {"creneau": JEUDI, "accord": "possible"},
        ),
        "situation": "Un projet à partager.",
        "engagements": {"quatre_seances": True, "situation_concrete": True, "camera_et_micro": True},
        "recue_le": datetime(2027, 2, 1, tzinfo=UTC) + timedelta(minutes=number),
    }
    return InscriptionValidee.model_validate(values | changes)


@dataclass
class Table:
    """The service, with drafts made of the groupes that a test wants."""

    database: Database
    service: Service
    settings: Settings

    @staticmethod
    def person(number: int) -> UUID:
        return person_id(number)

    @staticmethod
    def groupe(proposition: UUID, creneau: str, numero: int) -> UUID:
        return groupe_id(proposition, (creneau, numero))

    async def invite(self, *numbers: int, **changes: Any) -> None:
        events = [_person(n, **changes) for n in numbers]
        await deliver(handlers(), self.database, _campagne(), *events, ids=[uuid7() for _ in range(len(events) + 1)])

    async def withdraw(self, number: int) -> None:
        event = InscriptionAnnulee(
            inscription=person_id(number), campagne=CODE, thematique="eau", cause="retrait", annulee_le=NOW
        )
        await deliver(handlers(), self.database, event, ids=[uuid7()])

    async def propose(self, placed: dict[tuple[str, int], Sequence[int]], waiting: Sequence[int]) -> UUID:
        """Write a ready proposition with these groupes, by (créneau, number), and this waiting list."""
        proposition = uuid7()
        async with self.database.transaction() as tx:
            await propositions.request(tx.connection, proposition, CODE, tx.now, automatique=False, delay_s=0)
            claim = await propositions.claim(tx.connection, uuid7(), tx.now, 60)
            assert claim is not None
            await propositions.complete(tx.connection, claim, {}, tx.now)
            await groupes.save_plan(
                tx.connection,
                [_groupe(proposition, k, place) for k, place in enumerate(placed, 1)],
                [_seance(proposition, place, rang) for place in placed for rang in range(1, 5)],
                [
                    *(_placed(proposition, place, n) for place, numbers in placed.items() for n in numbers),
                    *(_waiting(proposition, n, rang) for rang, n in enumerate(waiting, 1)),
                ],
            )
        return proposition

    async def find(self, proposition: UUID) -> Avancement:
        async with self.database.read() as connection:
            found = await propositions.find(connection, proposition)
        assert found is not None
        return found

    async def rows(self, proposition: UUID) -> list[tuple[Any, ...]]:
        """Every decision of a proposition, whole."""
        async with self.database.read() as connection:
            found = await connection.execute(
                text("""
                    SELECT inscription, decision, code, phrase, groupe, rang_attente FROM affectations
                    WHERE proposition = :proposition ORDER BY inscription
                """),
                {"proposition": proposition},
            )
            return [tuple(row) for row in found]

    async def move(
        self, proposition: UUID, number: int, *, vers: UUID | None = None, contre: int | None = None
    ) -> None:
        version = (await self.find(proposition)).version
        async with self.database.transaction() as tx:
            await use_cases.move_person(
                tx, proposition, version, person_id(number), vers=vers, contre=contre and person_id(contre)
            )

    async def undo(self, proposition: UUID) -> None:
        version = (await self.find(proposition)).version
        async with self.database.transaction() as tx:
            await use_cases.undo_move(tx, proposition, version)

    async def redo(self, proposition: UUID) -> None:
        version = (await self.find(proposition)).version
        async with self.database.transaction() as tx:
            await use_cases.redo_move(tx, proposition, version)

    async def request(self) -> None:
        async with self.database.transaction() as tx:
            await use_cases.request_groupes(tx, CODE)

    async def latest(self) -> Avancement:
        async with self.database.read() as connection:
            return (await propositions.of_campagne(connection, CODE))[0]

    @asynccontextmanager
    async def signed_in(self) -> AsyncIterator[httpx.AsyncClient]:
        async with client(self.service) as web:
            await sign_in(web, "/groupes")
            yield web


def groupe_id(proposition: UUID, place: tuple[str, int]) -> UUID:
    return stable_id("groupe", proposition, place)


def _groupe(proposition: UUID, ordre: int, place: tuple[str, int]) -> dict[str, Any]:
    creneau, numero = place
    return {
        "id": groupe_id(proposition, place),
        "proposition": proposition,
        "ordre": ordre,
        "thematique": "eau",
        "nom": f"L’eau, {creneau} {numero}",
        "creneau": creneau,
        "numero": numero,
        "animateur": f"animateur-{ordre}",
        "animateur_nom": f"Animatrice {ordre}",
        "version": 1,
    }


def _seance(proposition: UUID, place: tuple[str, int], rang: int) -> dict[str, Any]:
    debut = datetime(2027, 5, 4, 6, 30, tzinfo=UTC) + timedelta(days=14 * rang)
    return {
        "id": stable_id("seance", groupe_id(proposition, place), rang),
        "groupe": groupe_id(proposition, place),
        "rang": rang,
        "debut": debut,
        "fin": debut + timedelta(hours=2),
        "sequence": 0,
        "visio_url": "https://visio.example/",
    }


def _placed(proposition: UUID, place: tuple[str, int], number: int) -> dict[str, Any]:
    return _affectation(
        proposition,
        number,
        decision="retenue",
        code="retenue.place",
        phrase="Vous avez une place.",
        groupe=groupe_id(proposition, place),
    )


def _waiting(proposition: UUID, number: int, rang: int) -> dict[str, Any]:
    cause = "Tous les groupes compatibles avec vos créneaux (mardi matin, jeudi matin) sont complets."
    return _affectation(
        proposition,
        number,
        decision="liste_attente",
        code="attente.creneaux_complets",
        phrase=f"{cause} {position(rang)}",
        rang_attente=rang,
    )


def _affectation(proposition: UUID, number: int, **values: Any) -> dict[str, Any]:
    empty = {"groupe": None, "rang_attente": None}
    return {"proposition": proposition, "inscription": person_id(number), "thematique": "eau", **empty, **values}


@pytest.fixture
async def table(make_database: Callable[[str], str]) -> AsyncIterator[Table]:
    url = make_database("drafts")
    settings = Settings(**settings_values(url))  # type: ignore[arg-type]
    database = await new_database(url, metadata, clock=lambda: NOW, source="scheduling")
    yield Table(database, build(settings, database), settings)
    await database.engine.dispose()
