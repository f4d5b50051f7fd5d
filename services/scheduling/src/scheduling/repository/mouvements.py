"""The moves that the team makes in a proposition, kept so that each can be undone and redone.

Invariant: ranks of the waiting list count from 1 without a gap, and the sentence of each person says theirs. Moves
are undone from the last to the first, so that each finds the list as it left it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduling.domain import POSITION
from scheduling.repository.brouillons import Etat


@dataclass(frozen=True, slots=True)
class Changement:
    """What was decided for a person before a move, and after it."""

    inscription: UUID
    avant: Etat
    apres: Etat

    def reversed(self) -> "Changement":
        return Changement(self.inscription, self.apres, self.avant)


@dataclass(frozen=True, slots=True)
class Mouvement:
    """One move; `annule` when it is undone and can be redone."""

    rang: int
    changements: tuple[Changement, ...]
    annule: bool
    fait_le: datetime


_CHANGEMENTS = TypeAdapter(tuple[Changement, ...])
_COLUMNS = "rang, changements, annule, fait_le"


async def rank_on_the_list(
    connection: AsyncConnection, proposition: UUID, inscription: UUID, poids: Mapping[str, int], leaving: UUID | None
) -> int:
    """Return the rank at which this person enters the waiting list, in its own order, once `leaving` has left it."""
    rows = await connection.execute(
        text("""
            WITH moi AS (
                SELECT thematique, -CAST(CAST(:poids AS jsonb) ->> taille AS integer) AS poids, recue_le, id
                FROM inscriptions WHERE id = :inscription
            ), liste AS (
                SELECT row_number() OVER (ORDER BY a.rang_attente) AS rang,
                       -CAST(CAST(:poids AS jsonb) ->> i.taille AS integer) AS poids, i.recue_le, i.id
                FROM affectations a JOIN inscriptions i ON i.id = a.inscription
                WHERE a.proposition = :proposition AND a.rang_attente IS NOT NULL
                  AND a.thematique = (SELECT thematique FROM moi)
                  AND (CAST(:leaving AS uuid) IS NULL OR a.inscription <> :leaving)
            )
            SELECT coalesce(min(liste.rang), (SELECT count(*) FROM liste) + 1)
            FROM liste, moi WHERE (liste.poids, liste.recue_le, liste.id) > (moi.poids, moi.recue_le, moi.id)
        """),
        {
            "proposition": proposition,
            "inscription": inscription,
            "poids": to_json(poids).decode(),
            "leaving": leaving,
        },
    )
    return int(rows.scalar_one())


async def change(
    connection: AsyncConnection, proposition: UUID, thematique: str, changes: Sequence[Changement]
) -> None:
    """Decide anew for these people; who is behind on the waiting list moves up or down, told so.

    At most one of them leaves the waiting list, and at most one enters it.
    """
    for one in changes:
        if one.avant.rang_attente is not None:
            await _shift(connection, proposition, thematique, one.avant.rang_attente + 1, -1)
    for one in changes:
        if one.apres.rang_attente is not None:
            await _shift(connection, proposition, thematique, one.apres.rang_attente, 1)
        await connection.execute(
            text("""
                UPDATE affectations
                SET decision = :decision, code = :code, phrase = :phrase, groupe = :groupe, rang_attente = :rang_attente
                WHERE proposition = :proposition AND inscription = :inscription
            """),
            {"proposition": proposition, "inscription": one.inscription} | asdict(one.apres),
        )


def _told(rang: str) -> str:
    """SQL of the sentence that tells this rank."""
    return f":debut || CASE {rang} WHEN 1 THEN '1re' ELSE CAST({rang} AS text) || 'e' END || :fin"


async def _shift(connection: AsyncConnection, proposition: UUID, thematique: str, first: int, by: int) -> None:
    debut, fin = POSITION.split("{}")
    await connection.execute(
        text(f"""
            UPDATE affectations
            SET rang_attente = rang_attente + :by,
                phrase = replace(phrase, {_told("rang_attente")}, {_told("(rang_attente + :by)")})
            WHERE proposition = :proposition AND thematique = :thematique AND rang_attente >= :first
        """),  # noqa: S608 - the sentence is a parameter
        {
            "proposition": proposition,
            "thematique": thematique,
            "first": first,
            "by": by,
            "debut": debut,
            "fin": fin,
        },
    )


async def close_gaps(connection: AsyncConnection, proposition: UUID) -> None:
    """Number the waiting list anew, in its order, after people have left it; each sentence says the new rank."""
    debut, fin = POSITION.split("{}")
    await connection.execute(
        text(f"""
            UPDATE affectations a
            SET rang_attente = juste.rang,
                phrase = replace(phrase, {_told("a.rang_attente")}, {_told("juste.rang")})
            FROM (SELECT inscription, row_number() OVER (PARTITION BY thematique ORDER BY rang_attente) AS rang
                  FROM affectations WHERE proposition = :proposition AND rang_attente IS NOT NULL) juste
            WHERE a.proposition = :proposition AND a.inscription = juste.inscription AND a.rang_attente <> juste.rang
        """),  # noqa: S608 - the sentence is a parameter
        {"proposition": proposition, "debut": debut, "fin": fin},
    )


async def add(connection: AsyncConnection, proposition: UUID, changes: Sequence[Changement], now: datetime) -> None:
    """Write down a move that is made; those that were undone can no longer be redone."""
    await connection.execute(
        text("DELETE FROM mouvements WHERE proposition = :proposition AND annule"), {"proposition": proposition}
    )
    await connection.execute(
        text("""
            INSERT INTO mouvements (proposition, rang, changements, annule, fait_le)
            SELECT :proposition, coalesce(max(rang), 0) + 1, CAST(:changements AS jsonb), false, :now
            FROM mouvements WHERE proposition = :proposition
        """),
        {"proposition": proposition, "changements": to_json(tuple(changes)).decode(), "now": now},
    )


async def mark(connection: AsyncConnection, proposition: UUID, rang: int, *, annule: bool) -> None:
    await connection.execute(
        text("UPDATE mouvements SET annule = :annule WHERE proposition = :proposition AND rang = :rang"),
        {"proposition": proposition, "rang": rang, "annule": annule},
    )


async def to_undo(connection: AsyncConnection, proposition: UUID) -> Mouvement | None:
    """Return the last move that stands."""
    return await _first(connection, proposition, "NOT annule ORDER BY rang DESC")


async def to_redo(connection: AsyncConnection, proposition: UUID) -> Mouvement | None:
    """Return the first move that is undone."""
    return await _first(connection, proposition, "annule ORDER BY rang")


async def _first(connection: AsyncConnection, proposition: UUID, which: str) -> Mouvement | None:
    rows = await connection.execute(
        text(f"SELECT {_COLUMNS} FROM mouvements WHERE proposition = :proposition AND {which} LIMIT 1"),  # noqa: S608
        {"proposition": proposition},
    )
    found = rows.mappings().one_or_none()
    return _mouvement(found) if found else None


async def standing(
    connection: AsyncConnection, proposition: UUID, *, limit: int | None = None, offset: int = 0
) -> list[Mouvement]:
    """Return the moves that stand, the last first."""
    rows = await connection.execute(
        text(f"""
            SELECT {_COLUMNS} FROM mouvements WHERE proposition = :proposition AND NOT annule
            ORDER BY rang DESC LIMIT :limit OFFSET :offset
        """),  # noqa: S608 - the columns are ours
        {"proposition": proposition, "limit": limit, "offset": offset},
    )
    return [_mouvement(row) for row in rows.mappings()]


async def count(connection: AsyncConnection, proposition: UUID) -> int:
    rows = await connection.execute(
        text("SELECT count(*) FROM mouvements WHERE proposition = :proposition AND NOT annule"),
        {"proposition": proposition},
    )
    return int(rows.scalar_one())


async def count_people(connection: AsyncConnection, proposition: UUID) -> int:
    """Count whom the standing moves have moved."""
    rows = await connection.execute(
        text("""
            SELECT count(DISTINCT c ->> 'inscription')
            FROM mouvements m CROSS JOIN LATERAL jsonb_array_elements(m.changements) AS c
            WHERE m.proposition = :proposition AND NOT m.annule
        """),
        {"proposition": proposition},
    )
    return int(rows.scalar_one())


def _mouvement(row: Mapping[Any, Any]) -> Mouvement:
    return Mouvement(row["rang"], _CHANGEMENTS.validate_python(row["changements"]), row["annule"], row["fait_le"])


async def stale_reasons(connection: AsyncConnection, proposition: UUID) -> dict[UUID, int]:
    """Return the rank of who waits for a reason that the standing moves may have made untrue.

    A move changes how full and how mixed the groupes of a créneau are, and, by those who enter or leave the waiting
    list, what another groupe lacks in each of theirs.
    """
    rows = await connection.execute(
        text("""
            WITH touches AS (
                SELECT DISTINCT i.thematique, creneau
                FROM mouvements m
                CROSS JOIN LATERAL jsonb_array_elements(m.changements) AS c
                JOIN inscriptions i ON i.id = CAST(c ->> 'inscription' AS uuid)
                CROSS JOIN LATERAL jsonb_object_keys(i.disponibilites) AS creneau
                WHERE m.proposition = :proposition AND NOT m.annule
            )
            SELECT a.inscription, a.rang_attente
            FROM affectations a JOIN inscriptions i ON i.id = a.inscription
            WHERE a.proposition = :proposition AND a.decision = 'liste_attente'
              AND a.code NOT IN ('attente.equipe', 'attente.arrivee_tardive')
              AND EXISTS (SELECT FROM touches t
                          WHERE t.thematique = a.thematique AND jsonb_exists(i.disponibilites, t.creneau))
        """),
        {"proposition": proposition},
    )
    return {row.inscription: row.rang_attente for row in rows}
