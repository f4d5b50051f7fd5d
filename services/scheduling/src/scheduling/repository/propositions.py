"""Propositions: asked for, claimed by one planner at a time, ready, published.

A claim is a token and a lease in the database server's time: a planner that is gone stops renewing, and another takes
the request; one that comes back too late finds that its token is no longer there.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduling.domain import Avancement, Progression

KEPT = 5
"""How many ready propositions of a campagne are kept with their groupes, to be compared."""

_COLUMNS = """id, campagne, etat, automatique, demandee_le, prete_le, publiee_le, progression, poids, borne, secondes,
    arret_demande, erreur, bilan, version"""


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


async def renew(connection: AsyncConnection, claim: Claim, progress: Progression, lease_s: float) -> bool | None:
    """Keep the claim and tell how far it is; say whether the team wants it to end now. None: the claim was lost."""
    rows = await connection.execute(
        text("""
            UPDATE propositions
            SET progression = :texte, poids = :poids, borne = :borne, secondes = :secondes,
                bail_jusqu_a = clock_timestamp() + make_interval(secs => :lease)
            WHERE id = :id AND jeton = :jeton AND etat = 'en_cours' RETURNING arret_demande
        """),
        {"id": claim.proposition, "jeton": claim.jeton, "lease": lease_s} | asdict(progress),
    )
    return rows.scalar_one_or_none()


async def ask_to_stop(connection: AsyncConnection, campagne: str) -> bool:
    """Have the run of this campagne end with the best it has; False when none is under way."""
    rows = await connection.execute(
        text("""
            UPDATE propositions SET arret_demande = true
            WHERE campagne = :campagne AND etat = 'en_cours' RETURNING id
        """),
        {"campagne": campagne},
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
    """Mark it ready, and say whether it is to be published by itself; None: the claim was lost.

    The latest few that are ready stay; older ones are put away with their groupes.
    """
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
    await _put_away(connection, claim.campagne, keep=KEPT)
    return bool(automatique)


async def _put_away(connection: AsyncConnection, campagne: str, *, keep: int) -> None:
    rows = await connection.execute(
        text("""
            UPDATE propositions SET etat = 'abandonnee'
            WHERE id IN (SELECT id FROM propositions WHERE campagne = :campagne AND etat = 'prete'
                         ORDER BY demandee_le DESC, id DESC OFFSET :keep)
            RETURNING id
        """),
        {"campagne": campagne, "keep": keep},
    )
    gone = list(rows.scalars())
    for table in ("mouvements", "affectations", "groupes") if gone else ():
        await connection.execute(
            text(f"DELETE FROM {table} WHERE proposition = ANY(:gone)"),  # noqa: S608 - one of three names
            {"gone": gone},
        )


async def next_version(connection: AsyncConnection, proposition: UUID, version: int) -> bool:
    """Count one move more in a draft that stands at `version`; False when somebody else was faster."""
    rows = await connection.execute(
        text("""
            UPDATE propositions SET version = version + 1
            WHERE id = :id AND version = :version AND etat = 'prete' RETURNING id
        """),
        {"id": proposition, "version": version},
    )
    return rows.first() is not None


async def mark_published(connection: AsyncConnection, campagne: str, proposition: UUID, now: datetime) -> None:
    """Make it the campagne's one published proposition; the drafts beside it are put away."""
    await connection.execute(
        text("UPDATE propositions SET etat = 'publiee', publiee_le = :now WHERE id = :id"),
        {"id": proposition, "now": now},
    )
    await _put_away(connection, campagne, keep=0)


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
