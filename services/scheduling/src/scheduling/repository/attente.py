"""The people who could take a freed place, and those who are in its groupe, as the solver sees them."""

from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduling.remplacement import ListeAttente
from scheduling.solver.gap_rules import EnListe
from scheduling.solver.problem import Accord, Candidat, Qualite, Taille

_PEOPLE = """
    SELECT i.id, i.email, i.collectivite, i.departement, i.qualite, i.taille, i.thematique, i.disponibilites,
           i.recue_le, a.rang_attente,
           CASE WHEN i.sans = '[]' THEN '{}' ELSE ARRAY(
               SELECT autre.id FROM inscriptions autre
               WHERE autre.campagne = i.campagne AND autre.thematique = i.thematique
                 AND autre.email IN (SELECT jsonb_array_elements_text(i.sans))
           ) END AS sans
    FROM affectations a JOIN inscriptions i ON i.id = a.inscription
"""


async def members(connection: AsyncConnection, groupe: UUID) -> tuple[Candidat, ...]:
    rows = await connection.execute(text(f"{_PEOPLE} WHERE a.groupe = :groupe ORDER BY i.id"), {"groupe": groupe})
    return tuple(_candidat(row, frozenset()) for row in rows.mappings())


async def waiting_list(
    connection: AsyncConnection, proposition: UUID, thematique: str, attendus: frozenset[UUID]
) -> ListeAttente:
    """Return the waiting list of a thématique; `attendus` are those who waited in vain last season."""
    rows = await connection.execute(
        text(f"""
            {_PEOPLE} WHERE a.proposition = :proposition AND a.thematique = :thematique
              AND a.decision = 'liste_attente' ORDER BY a.rang_attente, i.id
        """),
        {"proposition": proposition, "thematique": thematique},
    )
    return ListeAttente(
        personnes=[EnListe(_candidat(row, attendus), row["rang_attente"]) for row in rows.mappings()],
        places=await _places_held(connection, "email", proposition, thematique),
        places_de_collectivite=await _places_held(connection, "collectivite", proposition, thematique),
    )


def _candidat(row: Mapping[Any, Any], attendus: frozenset[UUID]) -> Candidat:
    return Candidat(
        id=str(row["id"]),
        personne=row["email"],
        collectivite=row["collectivite"],
        departement=row["departement"],
        qualite=Qualite(row["qualite"]),
        taille=Taille(row["taille"]),
        thematique=row["thematique"],
        creneaux={creneau: Accord(accord) for creneau, accord in row["disponibilites"].items()},
        recue_le=row["recue_le"],
        attendu=row["id"] in attendus,
        sans=frozenset(str(other) for other in row["sans"]) - {str(row["id"])},
    )


async def _places_held(connection: AsyncConnection, column: str, proposition: UUID, thematique: str) -> Counter[str]:
    """Count the places held in all thématiques, by the value of a column of those who wait for this one."""
    rows = await connection.execute(
        text(f"""
            SELECT i.{column}, count(*) FROM affectations a JOIN inscriptions i ON i.id = a.inscription
            WHERE a.proposition = :proposition AND a.decision = 'retenue' AND i.{column} IN (
                SELECT autre.{column} FROM affectations b JOIN inscriptions autre ON autre.id = b.inscription
                WHERE b.proposition = :proposition AND b.thematique = :thematique AND b.decision = 'liste_attente')
            GROUP BY 1
        """),  # noqa: S608 - one of two names
        {"proposition": proposition, "thematique": thematique},
    )
    return Counter({row[0]: row[1] for row in rows})
