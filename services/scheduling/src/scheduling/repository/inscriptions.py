"""Campagnes, inscriptions and withdrawals as the other services told them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.events import CampagneOuverte
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduling.plan import Inscrit
from scheduling.repository.rows import insert_rows
from scheduling.tables import annulations, campagnes, inscriptions

_UPSERT = """ON CONFLICT (code) DO UPDATE SET nom = excluded.nom, seances_du = excluded.seances_du,
    seances_au = excluded.seances_au, donnees = excluded.donnees, close_le = excluded.close_le"""


@dataclass(frozen=True, slots=True)
class Campagne:
    """A campagne with everything that its last event said."""

    code: str
    nom: str
    close_le: datetime | None
    donnees: CampagneOuverte


async def lock_campagnes(connection: AsyncConnection, codes: Iterable[str], *, shared: bool = False) -> None:
    """Hold these campagnes until the end of the transaction.

    Who registers or withdraws takes it shared; what changes the whole (a publication, a decision of the team) takes it
    alone. Nobody who has it shared may ask for it alone: two that did would wait for each other.
    """
    function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    for code in sorted(set(codes)):
        await connection.execute(
            text(f"SELECT {function}(hashtextextended('campagne ' || :code, 0))"),
            {"code": code},
        )


async def lock_places(connection: AsyncConnection) -> None:
    """Hold the places and waiting lists of all published campagnes: two must not choose the same person or rank.

    For who has campagnes shared. One lock for all of them: nothing else is waited for in an order that could differ.
    """
    await connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('places', 0))"))


async def save_campagne(connection: AsyncConnection, row: Mapping[str, Any]) -> None:
    await insert_rows(connection, campagnes, [row], conflict=_UPSERT)


async def find_campagne(connection: AsyncConnection, code: str) -> Campagne | None:
    rows = await connection.execute(
        text("SELECT code, nom, close_le, donnees FROM campagnes WHERE code = :code"), {"code": code}
    )
    found = rows.mappings().one_or_none()
    return _campagne(found) if found else None


async def list_campagnes(connection: AsyncConnection) -> list[Campagne]:
    rows = await connection.execute(
        text("SELECT code, nom, close_le, donnees FROM campagnes ORDER BY seances_du DESC, code")
    )
    return [_campagne(row) for row in rows.mappings()]


def _campagne(row: Mapping[Any, Any]) -> Campagne:
    return Campagne(row["code"], row["nom"], row["close_le"], CampagneOuverte.model_validate(row["donnees"]))


async def save_inscriptions(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    await insert_rows(connection, inscriptions, rows, conflict="ON CONFLICT (id) DO NOTHING")


async def save_annulations(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    await insert_rows(connection, annulations, rows, conflict="ON CONFLICT (inscription) DO NOTHING")


_INSCRITS = """
    SELECT id, thematique, email, collectivite, departement, qualite, taille, disponibilites, recue_le, avec, sans,
           row_number() OVER (PARTITION BY campagne, email ORDER BY rang NULLS LAST, recue_le, id) AS rang
    FROM inscriptions i
    WHERE NOT EXISTS (SELECT FROM annulations WHERE inscription = i.id)
"""


async def active_inscrits(connection: AsyncConnection, campagne: str) -> list[Inscrit]:
    """Return everybody of the campagne who has not withdrawn.

    Who asks for several thématiques has them in the order that they said, then in that of asking.
    """
    rows = await connection.execute(
        text(f"{_INSCRITS} AND campagne = :campagne ORDER BY id"),
        {"campagne": campagne},
    )
    return [Inscrit(**{**row, "id": str(row["id"])}) for row in rows.mappings()]


async def inscrits_of(connection: AsyncConnection, ids: Sequence[UUID]) -> list[Inscrit]:
    """Return those of these people who have not withdrawn."""
    rows = await connection.execute(text(f"{_INSCRITS} AND id = ANY(:ids) ORDER BY id"), {"ids": list(ids)})
    return [Inscrit(**{**row, "id": str(row["id"])}) for row in rows.mappings()]


async def names_in_rules(connection: AsyncConnection, ids: Sequence[UUID]) -> dict[str, str]:
    """Return the name of each of these people, and of their collectivités, by what the solver calls them."""
    rows = await connection.execute(
        text("SELECT id, personne, email, collectivite, collectivite_nom FROM inscriptions WHERE id = ANY(:ids)"),
        {"ids": list(ids)},
    )
    found: dict[str, str] = {}
    for row in rows:
        found |= {str(row.id): row.personne, row.email: row.personne, row.collectivite: row.collectivite_nom}
    return found


async def names_of(connection: AsyncConnection, ids: Sequence[UUID]) -> dict[UUID, str]:
    rows = await connection.execute(
        text("SELECT id, personne FROM inscriptions WHERE id = ANY(:ids)"), {"ids": list(ids)}
    )
    return {row.id: row.personne for row in rows}


async def count_active(connection: AsyncConnection, campagne: str) -> dict[str, int]:
    """Count who has not withdrawn, by thématique."""
    rows = await connection.execute(
        text("""
            SELECT thematique, count(*) AS people FROM inscriptions i
            WHERE campagne = :campagne AND NOT EXISTS (SELECT FROM annulations WHERE inscription = i.id)
            GROUP BY thematique
        """),
        {"campagne": campagne},
    )
    return {row.thematique: row.people for row in rows}


async def departements_of(connection: AsyncConnection, groupe: UUID) -> tuple[str, ...]:
    rows = await connection.execute(
        text("""
            SELECT i.departement FROM affectations a JOIN inscriptions i ON i.id = a.inscription
            WHERE a.groupe = :groupe ORDER BY 1
        """),
        {"groupe": groupe},
    )
    return tuple(rows.scalars())
