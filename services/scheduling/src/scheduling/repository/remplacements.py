"""Places that a withdrawal frees in a published groupe, and the people who could take them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduling.domain import Seance
from scheduling.repository.rows import insert_rows
from scheduling.tables import remplacements

OUVERT, POURVU, CLOS = "ouvert", "pourvu", "clos"


@dataclass(frozen=True, slots=True)
class Remplacement:
    """A freed place. `partie` and `choisie` are inscriptions; `phrase` says why `choisie`, as the team read it."""

    id: UUID
    campagne: str
    proposition: UUID
    groupe: UUID
    thematique: str
    nom: str
    creneau: str
    etat: str
    automatique: bool
    partie: UUID
    choisie: UUID | None
    phrase: str | None
    ouvert_le: datetime
    decide_le: datetime | None

    @property
    def ouvert(self) -> bool:
        return self.etat == OUVERT


@dataclass(frozen=True, slots=True)
class Identite:
    """Who an inscription is, as the team's pages say it."""

    personne: str
    fonction: str
    qualite: str
    collectivite: str
    departement: str


async def open_many(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    await insert_rows(connection, remplacements, rows, conflict="ON CONFLICT DO NOTHING")


_REMPLACEMENTS = """
    SELECT r.id, p.campagne, g.proposition, r.groupe, g.thematique, g.nom, g.creneau, r.etat, r.automatique, r.partie,
           r.choisie, r.phrase, r.ouvert_le, r.decide_le
    FROM remplacements r JOIN groupes g ON g.id = r.groupe JOIN propositions p ON p.id = g.proposition
    WHERE p.etat = 'publiee'
"""


async def find_many(connection: AsyncConnection, ids: Collection[UUID]) -> list[Remplacement]:
    """Return them in the order in which they were opened."""
    rows = await connection.execute(
        text(f"{_REMPLACEMENTS} AND r.id = ANY(:ids) ORDER BY r.ouvert_le, r.id"), {"ids": list(ids)}
    )
    return [Remplacement(**row) for row in rows.mappings()]


async def find(connection: AsyncConnection, identifier: UUID) -> Remplacement | None:
    return next(iter(await find_many(connection, [identifier])), None)


async def of_campagne(connection: AsyncConnection, campagne: str, *, limit: int, offset: int) -> list[Remplacement]:
    """Return one page: those to decide, the oldest first, then the others, the latest first."""
    rows = await connection.execute(
        text(f"""
            {_REMPLACEMENTS} AND p.campagne = :campagne
            ORDER BY r.etat <> 'ouvert', r.decide_le DESC, r.ouvert_le, r.id LIMIT :limit OFFSET :offset
        """),
        {"campagne": campagne, "limit": limit, "offset": offset},
    )
    return [Remplacement(**row) for row in rows.mappings()]


async def count(connection: AsyncConnection, campagne: str, jusqu_a: int, now: datetime) -> tuple[int, int]:
    """Return how many places may be filled now (see `remplacement.limit_of`), and how many were freed in all."""
    rows = await connection.execute(
        text("""
            SELECT count(*) FILTER (WHERE r.etat = 'ouvert' AND limite.debut > :now), count(*)
            FROM remplacements r JOIN groupes g ON g.id = r.groupe JOIN propositions p ON p.id = g.proposition
            LEFT JOIN LATERAL (
                SELECT s.debut FROM (
                    SELECT debut, row_number() OVER (ORDER BY debut) AS numero, count(*) OVER () AS combien
                    FROM seances WHERE groupe = g.id AND cause_annulation IS NULL
                ) s WHERE s.numero = least(:jusqu_a, s.combien)
            ) limite ON r.etat = 'ouvert'
            WHERE p.etat = 'publiee' AND p.campagne = :campagne
        """),
        {"campagne": campagne, "jusqu_a": jusqu_a, "now": now},
    )
    to_fill, freed = rows.one()
    return to_fill, freed


async def decide(
    connection: AsyncConnection,
    identifier: UUID,
    etat: str,
    now: datetime,
    *,
    choisie: UUID | None = None,
    phrase: str | None = None,
    automatique: bool = False,
) -> None:
    await connection.execute(
        text("""
            UPDATE remplacements
            SET etat = :etat, choisie = :choisie, phrase = :phrase, automatique = :automatique, decide_le = :now
            WHERE id = :id
        """),
        {
            "id": identifier,
            "etat": etat,
            "choisie": choisie,
            "phrase": phrase,
            "automatique": automatique,
            "now": now,
        },
    )


async def seances_of(connection: AsyncConnection, groupes: Collection[UUID]) -> dict[UUID, list[Seance]]:
    """Return the séances of each of these groupes, in order."""
    rows = await connection.execute(
        text("""
            SELECT groupe, id, rang, debut, fin, sequence, visio_url, cause_annulation FROM seances
            WHERE groupe = ANY(:groupes) ORDER BY groupe, rang
        """),
        {"groupes": list(groupes)},
    )
    found: dict[UUID, list[Seance]] = {groupe: [] for groupe in groupes}
    for groupe, *rest in rows:
        found[groupe].append(Seance(*rest))
    return found


async def decision_of(connection: AsyncConnection, proposition: UUID, inscription: UUID) -> tuple[str, str] | None:
    """Return the (decision, code) of an inscription."""
    rows = await connection.execute(
        text("SELECT decision, code FROM affectations WHERE proposition = :proposition AND inscription = :inscription"),
        {"proposition": proposition, "inscription": inscription},
    )
    found = rows.one_or_none()
    return (found.decision, found.code) if found else None


async def give_place(connection: AsyncConnection, one: Remplacement, inscription: UUID, code: str, phrase: str) -> None:
    """Take somebody from the waiting list into the groupe; nobody else's rank changes."""
    await connection.execute(
        text("""
            UPDATE affectations
            SET decision = 'retenue', code = :code, phrase = :phrase, groupe = :groupe, rang_attente = NULL
            WHERE proposition = :proposition AND inscription = :inscription
        """),
        {
            "code": code,
            "phrase": phrase,
            "groupe": one.groupe,
            "proposition": one.proposition,
            "inscription": inscription,
        },
    )


async def identities(connection: AsyncConnection, ids: Collection[UUID]) -> dict[UUID, Identite]:
    rows = await connection.execute(
        text("""
            SELECT id, personne, fonction, qualite, collectivite_nom, departement FROM inscriptions WHERE id = ANY(:ids)
        """),
        {"ids": list(ids)},
    )
    return {identifier: Identite(*rest) for identifier, *rest in rows}
