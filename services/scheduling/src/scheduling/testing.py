"""For the tests: people, a campagne, and a service with a published groupe and its waiting list, without a solver."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid5

from chassis.ids import uuid7
from chassis.service import Service
from chassis.store import Database
from chassis.testing import deliver, published
from contracts.events import CampagneOuverte, InscriptionAnnulee, InscriptionValidee
from contracts.model import EventData

from scheduling import use_cases
from scheduling.handlers import handlers
from scheduling.repository import groupes, inscriptions, remplacements
from scheduling.repository.remplacements import Remplacement
from scheduling.repository.rows import insert_rows
from scheduling.tables import propositions

NOW = datetime(2027, 4, 5, 9, 0, tzinfo=UTC)
FIRST = datetime(2027, 5, 4, 6, 30, tzinfo=UTC)
CODE = "printemps-2027"
GROUPE = uuid5(UUID(int=8), "groupe")


def person_id(number: int, thematique: str = "eau") -> UUID:
    return uuid5(UUID(int=7), f"{thematique}{number}")


def campagne(**changes: object) -> CampagneOuverte:
    """Groupes of 4 to 6, two élus and two agents at least."""
    values: dict[str, object] = {
        "campagne": CODE,
        "nom": "Printemps 2027",
        "inscriptions_du": datetime(2027, 1, 10, tzinfo=UTC),
        "inscriptions_au": datetime(2027, 4, 4, tzinfo=UTC),
        "seances_du": "2027-05-03",
        "seances_au": "2027-07-09",
        "thematiques": ({"code": "eau", "titre": "L’eau"}, {"code": "forets", "titre": "Les forêts"}),
        "creneaux": ("mardi-matin", "jeudi-matin"),
        "animateurs": (),
        "groupe": {"min": 4, "max": 6, "elus_min": 2, "agents_min": 2},
    }
    return CampagneOuverte.model_validate(values | changes)


def person(number: int, thematique: str = "eau", **changes: Any) -> InscriptionValidee:
    """Élus and agents by turns, each from a small commune of another département, free on Tuesday morning."""
    collectivite = {
        "type": "commune",
        "code": f"{number:05}",
        "nom": f"Commune {number}",
        "departement": f"{number:02}",
        "taille": "petite",
    }
    values: dict[str, object] = {
        "inscription": person_id(number, thematique),
        "campagne": CODE,
        "thematique": thematique,
        "personne": {"prenom": "Camille", "nom": f"Numéro {number}", "email": f"P{number}@exemple.fr"},
        "qualite": "elu" if number % 2 else "agent",
        "fonction": "Maire" if number % 2 else "Directrice",
        "collectivite": collectivite | changes.pop("collectivite", {}),
        "disponibilites": ({"creneau": "mardi-matin", "accord": "prefere"},),
        "situation": "Un projet à partager.",
        "engagements": {"quatre_seances": True, "situation_concrete": True, "camera_et_micro": True},
        "recue_le": datetime(2027, 2, 1, tzinfo=UTC) + timedelta(minutes=number),
    }
    return InscriptionValidee.model_validate(values | changes)


def withdrawal(number: int, thematique: str = "eau") -> InscriptionAnnulee:
    return InscriptionAnnulee(
        inscription=person_id(number, thematique), campagne=CODE, thematique=thematique, cause="retrait", annulee_le=NOW
    )


E = TypeVar("E", bound=EventData)


@dataclass
class Stage:
    """The service with a published groupe of people 1 to 6 and a waiting list; its clock is moved by the tests."""

    database: Database
    service: Service
    now: list[datetime]

    async def deliver(self, *events: EventData) -> None:
        await deliver(handlers(), self.database, *events, ids=[uuid7() for _ in events])

    async def publish(
        self, waiting: Sequence[InscriptionValidee], *, elsewhere: Sequence[int] = (), **settings: Any
    ) -> None:
        """Publish a groupe of eau with people 1 to 6; `elsewhere` have a place in one of forêts."""
        await self.deliver(
            campagne(**settings),
            *(person(n) for n in range(1, 7)),
            *waiting,
            *(person(n, "forets") for n in elsewhere),
        )
        proposition = uuid7()
        rows = [
            *(_affected(proposition, person_id(n), "eau", GROUPE) for n in range(1, 7)),
            *(_affected(proposition, person_id(n, "forets"), "forets", _forets()) for n in elsewhere),
            *(_affected(proposition, w.inscription, "eau", None, rang) for rang, w in enumerate(waiting, 1)),
        ]
        async with self.database.transaction() as tx:
            await insert_rows(tx.connection, propositions, [_ready(proposition)])
            formed = [_formed(proposition, GROUPE, "eau"), _formed(proposition, _forets(), "forets")]
            meetings = [_meeting(groupe["id"], rang) for groupe in formed for rang in (1, 2, 3, 4)]
            await groupes.save_plan(tx.connection, formed, meetings, rows)
            await use_cases.publish_proposition(tx, proposition)

    async def end_a_season_before(self, waiting: int) -> None:
        """Publish an earlier campagne that left this person without a place."""
        asked, proposition = uuid7(), uuid7()
        season = {"campagne": "automne-2026", "seances_du": "2026-10-01", "seances_au": "2026-12-15"}
        await self.deliver(campagne(**season), person(waiting, campagne="automne-2026", inscription=asked))
        async with self.database.transaction() as tx:
            before = _ready(proposition) | {"campagne": "automne-2026", "etat": "publiee"}
            await insert_rows(tx.connection, propositions, [before])
            await groupes.save_plan(tx.connection, [], [], [_affected(proposition, asked, "eau", None, 1)])

    async def published(self, kind: type[E]) -> list[E]:
        return [event for event in await published(self.database) if isinstance(event, kind)]

    async def places(self) -> list[Remplacement]:
        async with self.database.read() as connection:
            return await remplacements.of_campagne(connection, CODE, limit=50, offset=0)

    async def count_places(self) -> tuple[int, int]:
        async with self.database.read() as connection:
            donnees = (await inscriptions.list_campagnes(connection))[0].donnees
            until = donnees.remplacement_jusqu_a_la_seance
            return await remplacements.count(connection, CODE, until, self.now[0])

    async def accept(self, place: Remplacement, number: int) -> None:
        async with self.database.transaction() as tx:
            await use_cases.accept_replacement(tx, place.id, person_id(number))

    async def leave_empty(self, place: Remplacement) -> None:
        async with self.database.transaction() as tx:
            await use_cases.leave_place_empty(tx, place.id)


def _forets() -> UUID:
    return uuid5(UUID(int=8), "groupe de forêts")


def _ready(proposition: UUID) -> dict[str, Any]:
    asked = {"demandee_le": NOW, "prenable_le": NOW, "progression": "", "essais": 0, "automatique": False}
    return {"id": proposition, "campagne": CODE, "etat": "prete", **asked}


def _formed(proposition: UUID, identifier: UUID, thematique: str) -> dict[str, Any]:
    animateur = {"animateur": "ada", "animateur_nom": "Ada Exemple", "version": 1, "ordre": 1}
    named = {"thematique": thematique, "nom": f"{thematique}, mardi matin", "creneau": "mardi-matin", "numero": 1}
    return {"id": identifier, "proposition": proposition, **named, **animateur}


def _meeting(groupe: UUID, rang: int) -> dict[str, Any]:
    debut = FIRST + timedelta(weeks=2 * (rang - 1))
    times = {"rang": rang, "debut": debut, "fin": debut + timedelta(hours=2), "sequence": 0}
    return {"id": uuid5(groupe, str(rang)), "groupe": groupe, "visio_url": "https://visio.exemple.fr", **times}


def _affected(
    proposition: UUID, inscription: UUID, thematique: str, groupe: UUID | None, rang: int | None = None
) -> dict[str, Any]:
    decided = ("retenue", "retenue.place") if groupe else ("liste_attente", "attente.creneaux_complets")
    return {
        "proposition": proposition,
        "inscription": inscription,
        "thematique": thematique,
        "decision": decided[0],
        "code": decided[1],
        "phrase": "Parce que.",
        "groupe": groupe,
        "rang_attente": rang,
    }
