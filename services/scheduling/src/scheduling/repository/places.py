"""Places that the team has fixed: they are the campagne's, and stand from one proposition to the next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class PlaceFixee:
    """A créneau, or one numbered groupe of it."""

    creneau: str
    numero: int | None


async def fix(connection: AsyncConnection, campagne: str, inscription: UUID, place: PlaceFixee, now: datetime) -> None:
    await connection.execute(
        text("""
            INSERT INTO places_fixees (inscription, campagne, creneau, numero, fixee_le)
            VALUES (:inscription, :campagne, :creneau, :numero, :now)
            ON CONFLICT (inscription) DO UPDATE
            SET creneau = excluded.creneau, numero = excluded.numero, fixee_le = excluded.fixee_le
        """),
        {
            "inscription": inscription,
            "campagne": campagne,
            "creneau": place.creneau,
            "numero": place.numero,
            "now": now,
        },
    )


async def free(connection: AsyncConnection, inscription: UUID) -> None:
    await connection.execute(
        text("DELETE FROM places_fixees WHERE inscription = :inscription"), {"inscription": inscription}
    )


async def of_campagne(connection: AsyncConnection, campagne: str) -> dict[UUID, PlaceFixee]:
    """Return the fixed places of whoever has not withdrawn."""
    rows = await connection.execute(
        text("""
            SELECT inscription, creneau, numero FROM places_fixees f
            WHERE campagne = :campagne AND NOT EXISTS (SELECT FROM annulations WHERE inscription = f.inscription)
        """),
        {"campagne": campagne},
    )
    return {row.inscription: PlaceFixee(row.creneau, row.numero) for row in rows}


async def of_people(connection: AsyncConnection, ids: Sequence[UUID]) -> dict[UUID, PlaceFixee]:
    rows = await connection.execute(
        text("SELECT inscription, creneau, numero FROM places_fixees WHERE inscription = ANY(:ids)"),
        {"ids": list(ids)},
    )
    return {row.inscription: PlaceFixee(row.creneau, row.numero) for row in rows}
