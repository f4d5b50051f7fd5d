"""Two propositions of a campagne beside each other: whose place differs."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class Ecart:
    """Somebody's place in each of two propositions; None: no place."""

    inscription: UUID
    personne: str
    collectivite: str
    thematique: str
    avant: str | None
    apres: str | None


KINDS = ("perdue", "gagnee", "deplacee")

_ECARTS = """
    WITH placees AS (
        SELECT a.proposition, a.inscription, a.thematique, g.creneau, g.nom
        FROM affectations a JOIN groupes g ON g.id = a.groupe
        WHERE a.proposition IN (:avant, :apres)
    ), ecarts AS (
        SELECT inscription, coalesce(u.thematique, d.thematique) AS thematique,
               u.nom AS avant, d.nom AS apres,
               CASE WHEN d.inscription IS NULL THEN 'perdue' WHEN u.inscription IS NULL THEN 'gagnee'
                    ELSE 'deplacee' END AS genre
        FROM (SELECT * FROM placees WHERE proposition = :avant) u
        FULL JOIN (SELECT * FROM placees WHERE proposition = :apres) d USING (inscription)
        WHERE u.creneau IS DISTINCT FROM d.creneau
    )
"""


async def count_differences(connection: AsyncConnection, avant: UUID, apres: UUID) -> dict[str, int]:
    """Count who has a place in the first only, in the second only, and in both but in another créneau."""
    rows = await connection.execute(
        text(f"{_ECARTS} SELECT genre, count(*) AS combien FROM ecarts GROUP BY genre"),  # noqa: S608 - the query is ours
        {"avant": avant, "apres": apres},
    )
    found = {row.genre: row.combien for row in rows}
    return {kind: found.get(kind, 0) for kind in KINDS}


async def differences(
    connection: AsyncConnection, avant: UUID, apres: UUID, kind: str, *, limit: int, offset: int
) -> list[Ecart]:
    """Return one page of the people of one of `KINDS`."""
    rows = await connection.execute(
        text(f"""
            {_ECARTS}
            SELECT e.inscription, i.personne, i.collectivite_nom AS collectivite, e.thematique, e.avant, e.apres
            FROM ecarts e JOIN inscriptions i ON i.id = e.inscription
            WHERE e.genre = :kind ORDER BY e.thematique, i.personne, i.id LIMIT :limit OFFSET :offset
        """),  # noqa: S608 - the query is ours
        {"avant": avant, "apres": apres, "kind": kind, "limit": limit, "offset": offset},
    )
    return [Ecart(**row) for row in rows.mappings()]
