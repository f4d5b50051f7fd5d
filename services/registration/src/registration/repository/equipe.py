"""What the team reads: the list of inscriptions with its filters, one of them whole, and counts of a campagne."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Select, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from registration.collectivites.search import normalise
from registration.domain import EtatInscription
from registration.tables import affectations, inscriptions

PAGE: Final = 50
TRIS: Final[Mapping[str, tuple[ColumnElement[Any], ...]]] = {
    "recentes": (inscriptions.c.recue_le.desc(), inscriptions.c.id),
    "anciennes": (inscriptions.c.recue_le, inscriptions.c.id),
    "nom": (func.lower(inscriptions.c.nom), func.lower(inscriptions.c.prenom), inscriptions.c.id),
    "collectivite": (func.lower(inscriptions.c.collectivite), inscriptions.c.id),
}
_LISTED: Final = (
    "id", "prenom", "nom", "adresse_cle", "qualite", "collectivite", "departement", "taille", "thematique", "etat",
    "code", "phrase", "recue_le",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filtres:
    """An empty text means any. `q` is matched word by word against names, address and collectivité, accents apart."""

    campagne: str = ""
    q: str = ""
    thematique: str = ""
    etat: str = ""
    qualite: str = ""
    taille: str = ""
    tri: str = "recentes"


@dataclass(frozen=True, slots=True)
class Ligne:
    id: UUID
    prenom: str
    nom: str
    email: str
    qualite: str
    collectivite: str
    departement: str
    taille: str
    thematique: str
    etat: str
    code: str | None
    phrase: str | None
    recue_le: datetime
    decision: str | None


@dataclass(frozen=True, slots=True)
class Comptes:
    """Counts of one campagne. `valides` counts by column, then value, what is validated."""

    etats: dict[str, int]
    decisions: dict[str, int]
    valides: dict[str, dict[str, int]]
    jours: list[tuple[date, int]]

    @property
    def recues(self) -> int:
        return sum(self.etats.values())


async def page_of(connection: AsyncConnection, filtres: Filtres, page: int) -> tuple[list[Ligne], int]:
    """Return the rows of that page, from 1, and how many rows there are on all pages."""
    wanted = _wanted(filtres)
    total = await connection.scalar(select(func.count()).select_from(inscriptions).where(*wanted)) or 0
    statement = _listed(filtres).limit(PAGE).offset((page - 1) * PAGE)
    return [Ligne(*row) for row in await connection.execute(statement)], total


async def stream(connection: AsyncConnection, filtres: Filtres) -> AsyncIterator[Ligne]:
    """Yield every row without holding them all: a campagne may have 100,000."""
    async with connection.stream(_listed(filtres)) as rows:
        async for row in rows:
            yield Ligne(*row)


async def comptes(connection: AsyncConnection, campagne: str) -> Comptes:
    table = inscriptions.c
    of_campagne = table.campagne == campagne
    valid = table.etat == EtatInscription.VALIDEE
    etats = await _counted(connection, select(table.etat, func.count()).where(of_campagne).group_by(table.etat))
    decisions = await _counted(
        connection,
        select(affectations.c.decision, func.count())
        .join(inscriptions, table.id == affectations.c.inscription)
        .where(of_campagne, valid)
        .group_by(affectations.c.decision),
    )
    valides = {
        column.name: await _counted(connection, select(column, func.count()).where(of_campagne, valid).group_by(column))
        for column in (table.thematique, table.qualite, table.taille)
    }
    day = cast(func.timezone("Europe/Paris", table.recue_le), Date)
    by_day = select(day, func.count()).where(of_campagne).group_by(day).order_by(day.desc()).limit(14)
    jours = [(row[0], row[1]) for row in await connection.execute(by_day)]
    return Comptes(etats, decisions, valides, jours[::-1])


async def get_line(connection: AsyncConnection, inscription: UUID) -> Ligne | None:
    statement = _listed(Filtres()).where(inscriptions.c.id == inscription)
    row = (await connection.execute(statement)).one_or_none()
    return Ligne(*row) if row else None


async def _counted(connection: AsyncConnection, statement: Select[Any]) -> dict[str, int]:
    return {row[0]: row[1] for row in await connection.execute(statement)}


def _listed(filtres: Filtres) -> Select[Any]:
    return (
        select(*(inscriptions.c[name] for name in _LISTED), affectations.c.decision)
        .outerjoin(affectations, affectations.c.inscription == inscriptions.c.id)
        .where(*_wanted(filtres))
        .order_by(*TRIS.get(filtres.tri, TRIS["recentes"]))
    )


def _wanted(filtres: Filtres) -> list[ColumnElement[bool]]:
    table = inscriptions.c
    equal = {
        table.campagne: filtres.campagne,
        table.thematique: filtres.thematique,
        table.etat: filtres.etat,
        table.qualite: filtres.qualite,
        table.taille: filtres.taille,
    }
    wanted = [column == value for column, value in equal.items() if value]
    return wanted + [table.recherche.contains(word, autoescape=True) for word in normalise(filtres.q).split()]
