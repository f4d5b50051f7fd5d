"""People who ask for several thématiques: what moves by hand and withdrawals change for their other inscriptions.

Invariant: a person is the same if the address is; only places in groupes of the same proposition count.
"""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_ASSIS = """
    SELECT i.email, count(*) AS places FROM affectations a JOIN inscriptions i ON i.id = a.inscription
    WHERE a.proposition = :proposition AND a.decision = 'retenue' GROUP BY i.email
"""


async def send_away(connection: AsyncConnection, proposition: UUID, places: int, code: str, phrase: str) -> None:
    """Take off the waiting list, for this reason, who holds that many places; ranks are left with gaps."""
    await connection.execute(
        text(f"""
            UPDATE affectations a
            SET decision = 'non_retenue', code = :code, phrase = :phrase, rang_attente = NULL
            FROM inscriptions i JOIN ({_ASSIS}) assis USING (email)
            WHERE a.proposition = :proposition AND a.inscription = i.id
              AND a.decision = 'liste_attente' AND assis.places >= :places
        """),  # noqa: S608 - the query is ours
        {"proposition": proposition, "places": places, "code": code, "phrase": phrase},
    )


async def call_back(
    connection: AsyncConnection, proposition: UUID, places: int, code: str, new_code: str
) -> dict[UUID, int]:
    """Put at the end of the waiting list who was refused by `code` and holds fewer places than that; return the ranks.

    Their sentences are to be completed.
    """
    rows = await connection.execute(
        text(f"""
            WITH assis AS ({_ASSIS}), libres AS (
                SELECT a.inscription, a.thematique, i.recue_le
                FROM affectations a JOIN inscriptions i ON i.id = a.inscription LEFT JOIN assis USING (email)
                WHERE a.proposition = :proposition AND a.code = :code AND coalesce(assis.places, 0) < :places
            ), rangs AS (
                SELECT inscription,
                       coalesce((SELECT max(d.rang_attente) FROM affectations d
                                 WHERE d.proposition = :proposition AND d.thematique = libres.thematique), 0)
                       + row_number() OVER (PARTITION BY thematique ORDER BY recue_le, inscription) AS rang
                FROM libres
            )
            UPDATE affectations a
            SET decision = 'liste_attente', code = :new_code, phrase = '', rang_attente = rangs.rang
            FROM rangs
            WHERE a.proposition = :proposition AND a.inscription = rangs.inscription
            RETURNING a.inscription, a.rang_attente
        """),  # noqa: S608 - the query is ours
        {"proposition": proposition, "places": places, "code": code, "new_code": new_code},
    )
    return {row.inscription: row.rang_attente for row in rows}
