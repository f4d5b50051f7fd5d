"""Propositions: asked for, claimed by one planner at a time, ready, published.

A claim is a token and a lease in the database server's time: a planner that is gone stops renewing, and another takes
the request; one that comes back too late finds that its token is no longer there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduling.domain import Avancement

_COLUMNS = """id, campagne, etat, automatique, demandee_le, prete_le, publiee_le, progression, erreur, bilan"""


@dataclass(frozen=True, slots=True)
class Claim:
    """A request in our hands for as long as the lease is renewed; `essais` counts this try."""

    proposition: UUID
    campagne: str
    jeton: UUID
    essais: int


async def request(
    connection: AsyncConnection, proposition: UUID, campagne: str, now: datetime, *, automatique: bool, delay_s: float
) -> None:
    """Add a request, unless one is being prepared for this campagne, which is then published by itself if this is."""
    await connection.execute(
        text("""
            INSERT INTO propositions (id, campagne, etat, automatique, demandee_le, prenable_le)
            VALUES (:id, :campagne, 'demandee', :automatique, :now, clock_timestamp() + make_interval(secs => :delay))
            ON CONFLICT (campagne) WHERE etat IN ('demandee', 'en_cours')
            DO UPDATE SET automatique = propositions.automatique OR excluded.automatique
        """),
        {"id": proposition, "campagne": campagne, "automatique": automatique, "now": now, "delay": delay_s},
    )


async def claim(connection: AsyncConnection, jeton: UUID, now: datetime, lease_s: float) -> Claim | None:
    """Take the oldest request that nobody holds."""
    rows = await connection.execute(
        text("""
            UPDATE propositions
            SET etat = 'en_cours', jeton = :jeton, essais = essais + 1, commence_le = :now,
                bail_jusqu_a = clock_timestamp() + make_interval(secs => :lease)
            WHERE id = (
                SELECT id FROM propositions
                WHERE (etat = 'demandee' AND prenable_le <= clock_timestamp())
                   OR (etat = 'en_cours' AND bail_jusqu_a < clock_timestamp())
                ORDER BY demandee_le, id LIMIT 1 FOR UPDATE SKIP LOCKED
            )
            RETURNING id AS proposition, campagne, jeton, essais
        """),
        {"jeton": jeton, "now": now, "lease": lease_s},
    )
    found = rows.mappings().one_or_none()
    return Claim(**found) if found else None


async def renew(connection: AsyncConnection, claim: Claim, progression: str, lease_s: float) -> bool:
    """Keep the claim and tell how far it is; False when it was lost."""
    rows = await connection.execute(
        text("""
            UPDATE propositions
            SET progression = :progression, bail_jusqu_a = clock_timestamp() + make_interval(secs => :lease)
            WHERE id = :id AND jeton = :jeton AND etat = 'en_cours' RETURNING id
        """),
        {"id": claim.proposition, "jeton": claim.jeton, "progression": progression, "lease": lease_s},
    )
    return rows.first() is not None


async def give_back(connection: AsyncConnection, claim: Claim) -> None:
    await connection.execute(
        text("""
            UPDATE propositions SET etat = 'demandee', jeton = NULL, bail_jusqu_a = NULL
            WHERE id = :id AND jeton = :jeton AND etat = 'en_cours'
        """),
        {"id": claim.proposition, "jeton": claim.jeton},
    )


async def fail(connection: AsyncConnection, claim: Claim, erreur: str) -> None:
    await connection.execute(
        text("""
            UPDATE propositions SET etat = 'echouee', erreur = :erreur, jeton = NULL, bail_jusqu_a = NULL
            WHERE id = :id AND jeton = :jeton AND etat = 'en_cours'
        """),
        {"id": claim.proposition, "jeton": claim.jeton, "erreur": erreur},
    )


async def complete(connection: AsyncConnection, claim: Claim, bilan: Mapping[str, Any], now: datetime) -> bool | None:
    """Mark it ready, put away what was ready before, and say if it is to be published; None: the claim was lost."""
    rows = await connection.execute(
        text("""
            UPDATE propositions
            SET etat = 'prete', prete_le = :now, bilan = CAST(:bilan AS jsonb), jeton = NULL, bail_jusqu_a = NULL,
                erreur = NULL
            WHERE id = :id AND jeton = :jeton AND etat = 'en_cours' RETURNING automatique
        """),
        {"id": claim.proposition, "jeton": claim.jeton, "now": now, "bilan": to_json(bilan).decode()},
    )
    automatique = rows.scalar_one_or_none()
    if automatique is None:
        return None
    older = {"campagne": claim.campagne, "id": claim.proposition}
    await connection.execute(
        text("""
            UPDATE propositions SET etat = 'abandonnee'
            WHERE campagne = :campagne AND etat = 'prete' AND id <> :id
        """),
        older,
    )
    for table in ("affectations", "groupes"):
        await connection.execute(
            text(f"""
                DELETE FROM {table} USING propositions p
                WHERE p.id = proposition AND p.campagne = :campagne AND p.etat = 'abandonnee' AND p.id <> :id
            """),  # noqa: S608 - one of two names
            older,
        )
    return bool(automatique)


async def mark_published(connection: AsyncConnection, proposition: UUID, now: datetime) -> None:
    await connection.execute(
        text("UPDATE propositions SET etat = 'publiee', publiee_le = :now WHERE id = :id"),
        {"id": proposition, "now": now},
    )


async def find(connection: AsyncConnection, proposition: UUID) -> Avancement | None:
    rows = await connection.execute(
        text(f"SELECT {_COLUMNS} FROM propositions WHERE id = :id"),  # noqa: S608
        {"id": proposition},
    )
    found = rows.mappings().one_or_none()
    return Avancement(**found) if found else None


async def of_campagne(connection: AsyncConnection, campagne: str) -> list[Avancement]:
    """Return the campagne's propositions, the latest first."""
    rows = await connection.execute(
        text(f"""
            SELECT {_COLUMNS} FROM propositions WHERE campagne = :campagne ORDER BY demandee_le DESC, id DESC
        """),  # noqa: S608 - the columns are ours
        {"campagne": campagne},
    )
    return [Avancement(**row) for row in rows.mappings()]


async def published(connection: AsyncConnection, campagnes: list[str]) -> dict[str, UUID]:
    """Return the published proposition of each of these campagnes that has one."""
    rows = await connection.execute(
        text("SELECT campagne, id FROM propositions WHERE etat = 'publiee' AND campagne = ANY(:campagnes)"),
        {"campagnes": campagnes},
    )
    return {row.campagne: row.id for row in rows}
