"""What replanning a published campagne reads and writes beside groupes and séances."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduling.repository.groupes import Groupe


@dataclass(frozen=True, slots=True)
class Ailleurs:
    """How many séances an animateur has in another campagne."""

    campagne: str
    nom: str
    seances: int


async def departements_by_groupe(connection: AsyncConnection, proposition: UUID) -> dict[UUID, tuple[str, ...]]:
    """Return the département of each member, sorted."""
    rows = await connection.execute(
        text("""
            SELECT a.groupe, array_agg(i.departement ORDER BY i.departement) AS departements
            FROM affectations a JOIN inscriptions i ON i.id = a.inscription
            WHERE a.proposition = :proposition AND a.groupe IS NOT NULL GROUP BY a.groupe
        """),
        {"proposition": proposition},
    )
    return {row.groupe: tuple(row.departements) for row in rows}


async def count_without_creneau(connection: AsyncConnection, groupe: UUID, creneau: str) -> int:
    """Count the members who did not offer this créneau."""
    rows = await connection.execute(
        text("""
            SELECT count(*) FROM affectations a JOIN inscriptions i ON i.id = a.inscription
            WHERE a.groupe = :groupe AND NOT jsonb_exists(i.disponibilites, :creneau)
        """),
        {"groupe": groupe, "creneau": creneau},
    )
    return int(rows.scalar_one())


async def elsewhere(
    connection: AsyncConnection, animateur: str, campagne: str, after: datetime, before: datetime
) -> list[Ailleurs]:
    """Return the other campagnes in which an animateur has séances between two moments."""
    rows = await connection.execute(
        text("""
            SELECT p.campagne, c.nom, count(*) AS seances FROM seances s
            JOIN groupes g ON g.id = s.groupe JOIN propositions p ON p.id = g.proposition
            JOIN campagnes c ON c.code = p.campagne
            WHERE p.etat = 'publiee' AND s.cause_annulation IS NULL AND g.animateur = :animateur
              AND p.campagne <> :campagne AND s.debut >= :after AND s.debut < :before
            GROUP BY p.campagne, c.nom ORDER BY c.nom
        """),
        {"animateur": animateur, "campagne": campagne, "after": after, "before": before},
    )
    return [Ailleurs(**row) for row in rows.mappings()]


async def change_groupes(connection: AsyncConnection, changed: Sequence[Groupe]) -> None:
    """Write the name, créneau and animateur of these groupes."""
    await connection.execute(
        text("""
            UPDATE groupes g
            SET nom = n.nom, creneau = n.creneau, animateur = n.animateur, animateur_nom = n.animateur_nom
            FROM unnest(CAST(:ids AS uuid[]), CAST(:noms AS text[]), CAST(:creneaux AS text[]),
                        CAST(:animateurs AS text[]), CAST(:animateurs_noms AS text[]))
                 AS n (id, nom, creneau, animateur, animateur_nom)
            WHERE g.id = n.id
        """),
        {
            "ids": [g.id for g in changed],
            "noms": [g.nom for g in changed],
            "creneaux": [g.creneau for g in changed],
            "animateurs": [g.animateur for g in changed],
            "animateurs_noms": [g.animateur_nom for g in changed],
        },
    )
