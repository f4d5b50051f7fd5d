"""How good a proposition is, counted from its rows: what moves by hand change is in it at once."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class Cellule:
    """So many people of one thématique and size class with one decision; `prefere`: in a créneau they prefer."""

    thematique: str
    taille: str
    decision: str
    code: str
    prefere: bool
    combien: int


@dataclass(frozen=True, slots=True)
class Effectif:
    """Who is in a groupe and has not withdrawn, and who waits and could step in, by qualité."""

    groupe: UUID
    taille: int
    elus: int
    agents: int
    elus_en_attente: int
    agents_en_attente: int


async def cells(connection: AsyncConnection, proposition: UUID) -> list[Cellule]:
    rows = await connection.execute(
        text("""
            SELECT a.thematique, i.taille, a.decision, a.code,
                   coalesce(i.disponibilites ->> g.creneau = 'prefere', false) AS prefere, count(*) AS combien
            FROM affectations a
            JOIN inscriptions i ON i.id = a.inscription
            LEFT JOIN groupes g ON g.id = a.groupe
            WHERE a.proposition = :proposition
            GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
        """),
        {"proposition": proposition},
    )
    return [Cellule(**row) for row in rows.mappings()]


async def strengths(connection: AsyncConnection, proposition: UUID) -> list[Effectif]:
    """Return every groupe's, in their order; who waits and is of a collectivité that the groupe holds can't step in."""
    rows = await connection.execute(
        text("""
            WITH membres AS (
                SELECT g.id AS groupe, g.thematique, g.creneau, i.qualite, i.collectivite
                FROM groupes g
                JOIN affectations a ON a.groupe = g.id
                JOIN inscriptions i ON i.id = a.inscription
                WHERE g.proposition = :proposition
                  AND NOT EXISTS (SELECT FROM annulations n WHERE n.inscription = a.inscription)
            ), attente AS MATERIALIZED (
                SELECT a.thematique, creneau, i.qualite, i.collectivite
                FROM affectations a
                JOIN inscriptions i ON i.id = a.inscription
                CROSS JOIN LATERAL jsonb_object_keys(i.disponibilites) AS creneau
                WHERE a.proposition = :proposition AND a.decision = 'liste_attente'
                  AND NOT EXISTS (SELECT FROM annulations n WHERE n.inscription = a.inscription)
            ), effectifs AS (
                SELECT groupe, count(*) AS taille, count(*) FILTER (WHERE qualite = 'elu') AS elus,
                       count(*) FILTER (WHERE qualite = 'agent') AS agents
                FROM membres GROUP BY groupe
            ), offre AS (
                SELECT thematique, creneau, count(*) FILTER (WHERE qualite = 'elu') AS elus,
                       count(*) FILTER (WHERE qualite = 'agent') AS agents
                FROM attente GROUP BY thematique, creneau
            ), exclus AS (
                SELECT m.groupe, count(*) FILTER (WHERE t.qualite = 'elu') AS elus,
                       count(*) FILTER (WHERE t.qualite = 'agent') AS agents
                FROM membres m JOIN attente t USING (thematique, creneau, collectivite) GROUP BY m.groupe
            )
            SELECT g.id AS groupe, coalesce(e.taille, 0) AS taille, coalesce(e.elus, 0) AS elus,
                   coalesce(e.agents, 0) AS agents,
                   coalesce(o.elus, 0) - coalesce(x.elus, 0) AS elus_en_attente,
                   coalesce(o.agents, 0) - coalesce(x.agents, 0) AS agents_en_attente
            FROM groupes g
            LEFT JOIN effectifs e ON e.groupe = g.id
            LEFT JOIN exclus x ON x.groupe = g.id
            LEFT JOIN offre o ON o.thematique = g.thematique AND o.creneau = g.creneau
            WHERE g.proposition = :proposition ORDER BY g.ordre
        """),
        {"proposition": proposition},
    )
    return [Effectif(**row) for row in rows.mappings()]
