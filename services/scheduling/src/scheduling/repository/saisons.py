"""What earlier seasons say of the people of a campagne. A person is the same if the address is, letter case apart.

A campagne is earlier than another if its séances begin earlier; only published groupes count.
"""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


async def waited_in_vain(connection: AsyncConnection, campagne: str) -> frozenset[UUID]:
    """Return the inscriptions of people whom the campagne before this one left without a place for lack of room.

    They waited and were placed nowhere. It doesn't count to have given a place up, to have withdrawn, or to have chosen
    no créneau that was offered at an hour that can be asked of them.
    """
    rows = await connection.execute(
        text("""
            WITH precedente AS (
                SELECT p.id FROM propositions p JOIN campagnes c ON c.code = p.campagne
                WHERE p.etat = 'publiee'
                  AND c.seances_du < (SELECT seances_du FROM campagnes WHERE code = :campagne)
                ORDER BY c.seances_du DESC, c.code DESC LIMIT 1
            ), sans_place AS (
                SELECT i.email
                FROM precedente JOIN affectations a ON a.proposition = precedente.id
                JOIN inscriptions i ON i.id = a.inscription
                GROUP BY i.email
                HAVING bool_or(a.decision <> 'retenue'
                               AND a.code NOT IN ('non_retenue.retrait', 'non_retenue.aucun_creneau',
                                                  'non_retenue.hors_horaires'))
                   AND NOT bool_or(a.decision = 'retenue' OR a.groupe_quitte IS NOT NULL)
            )
            SELECT i.id FROM inscriptions i JOIN sans_place USING (email) WHERE i.campagne = :campagne
        """),
        {"campagne": campagne},
    )
    return frozenset(rows.scalars())


async def earlier_peers(connection: AsyncConnection, campagne: str) -> frozenset[tuple[UUID, UUID]]:
    """Return the pairs of inscriptions, the smaller id first, whose people were once together in a groupe to the end.

    Only pairs that ask for the same thématique: the others can't meet.
    """
    rows = await connection.execute(
        text("""
            WITH groupes_passes AS MATERIALIZED (
                SELECT a.groupe, i.email
                FROM propositions p JOIN campagnes c ON c.code = p.campagne
                JOIN affectations a ON a.proposition = p.id AND a.groupe IS NOT NULL
                JOIN inscriptions i ON i.id = a.inscription
                WHERE p.etat = 'publiee'
                  AND c.seances_du < (SELECT seances_du FROM campagnes WHERE code = :campagne)
            ), revenues AS MATERIALIZED (
                SELECT g.groupe, i.thematique, i.id
                FROM groupes_passes g JOIN inscriptions i USING (email) WHERE i.campagne = :campagne
            )
            SELECT DISTINCT une.id, autre.id
            FROM revenues une JOIN revenues autre USING (groupe, thematique) WHERE une.id < autre.id
        """),
        {"campagne": campagne},
    )
    return frozenset((one, other) for one, other in rows)
