"""Groupes, séances and affectations of a proposition, before and after it is published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduling.domain import Seance
from scheduling.repository.rows import insert_rows
from scheduling.tables import affectations, groupes, seances


@dataclass(frozen=True, slots=True)
class Groupe:
    """A groupe with its members' inscription ids, sorted."""

    id: UUID
    campagne: str
    thematique: str
    nom: str
    creneau: str
    animateur: str
    animateur_nom: str
    version: int
    membres: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Affectation:
    inscription: UUID
    thematique: str
    decision: str
    code: str
    phrase: str
    groupe: UUID | None
    rang_attente: int | None


@dataclass(frozen=True, slots=True)
class Depart:
    """Somebody who withdrew from a published proposition; `groupe` is what they left, if they had a place."""

    inscription: UUID
    campagne: str
    thematique: str
    phrase: str
    groupe: UUID | None


async def save_plan(
    connection: AsyncConnection,
    groupe_rows: Sequence[Mapping[str, Any]],
    seance_rows: Sequence[Mapping[str, Any]],
    affectation_rows: Sequence[Mapping[str, Any]],
) -> None:
    await insert_rows(connection, groupes, groupe_rows)
    await insert_rows(connection, seances, seance_rows)
    await insert_rows(connection, affectations, affectation_rows)


_GROUPES = """
    SELECT g.id, p.campagne, g.thematique, g.nom, g.creneau, g.animateur, g.animateur_nom, g.version,
           coalesce((SELECT array_agg(a.inscription ORDER BY a.inscription) FROM affectations a
                     WHERE a.groupe = g.id), '{}') AS membres
    FROM groupes g JOIN propositions p ON p.id = g.proposition
"""


async def of_proposition(connection: AsyncConnection, proposition: UUID) -> list[Groupe]:
    rows = await connection.execute(
        text(f"{_GROUPES} WHERE g.proposition = :proposition ORDER BY g.ordre"),
        {"proposition": proposition},
    )
    return [Groupe(**{**row, "membres": tuple(row["membres"])}) for row in rows.mappings()]


async def seances_of_proposition(connection: AsyncConnection, proposition: UUID) -> dict[UUID, list[Seance]]:
    """Return the séances of each groupe, in order."""
    rows = await connection.execute(
        text("""
            SELECT s.groupe, s.id, s.rang, s.debut, s.fin, s.sequence, s.visio_url, s.cause_annulation
            FROM seances s JOIN groupes g ON g.id = s.groupe
            WHERE g.proposition = :proposition ORDER BY g.ordre, s.rang
        """),
        {"proposition": proposition},
    )
    found: dict[UUID, list[Seance]] = {}
    for groupe, *rest in rows:
        found.setdefault(groupe, []).append(Seance(*rest))
    return found


async def drop_empty(connection: AsyncConnection, proposition: UUID) -> None:
    """Remove the groupes whose members have all withdrawn since the proposition was made."""
    empty = """
        SELECT id FROM groupes g
        WHERE proposition = :proposition AND NOT EXISTS (SELECT FROM affectations WHERE groupe = g.id)
    """
    await connection.execute(
        text(f"UPDATE affectations SET groupe_quitte = NULL WHERE groupe_quitte IN ({empty})"),  # noqa: S608
        {"proposition": proposition},
    )
    await connection.execute(text(f"DELETE FROM groupes WHERE id IN ({empty})"), {"proposition": proposition})  # noqa: S608


async def affectations_of(connection: AsyncConnection, proposition: UUID) -> list[Affectation]:
    """Return every decision but those of people who have withdrawn."""
    rows = await connection.execute(
        text("""
            SELECT inscription, thematique, decision, code, phrase, groupe, rang_attente FROM affectations a
            WHERE proposition = :proposition AND code <> 'non_retenue.retrait'
            ORDER BY thematique, rang_attente NULLS FIRST, inscription
        """),
        {"proposition": proposition},
    )
    return [Affectation(**row) for row in rows.mappings()]


async def withdraw(
    connection: AsyncConnection, propositions: Sequence[UUID], phrases: Mapping[str, str], ids: Sequence[UUID] | None
) -> list[Depart]:
    """Take out of these propositions whoever (of `ids`, or at all) has withdrawn; `phrases` go by the cause."""
    rows = await connection.execute(
        text(f"""
            WITH partis AS (
                SELECT a.proposition, a.inscription, a.groupe, p.campagne, n.cause
                FROM affectations a
                JOIN propositions p ON p.id = a.proposition
                JOIN annulations n ON n.inscription = a.inscription
                WHERE a.proposition = ANY(:propositions) AND a.code <> 'non_retenue.retrait'
                  {"AND a.inscription = ANY(:ids)" if ids is not None else ""}
            )
            UPDATE affectations a
            SET decision = 'non_retenue', code = 'non_retenue.retrait', groupe = NULL, groupe_quitte = partis.groupe,
                rang_attente = NULL,
                phrase = CASE partis.cause WHEN 'equipe' THEN :equipe ELSE :retrait END
            FROM partis
            WHERE a.proposition = partis.proposition AND a.inscription = partis.inscription
            RETURNING a.inscription, partis.campagne, a.thematique, a.phrase, a.groupe_quitte AS groupe
        """),  # noqa: S608 - one of two conditions
        {"propositions": list(propositions), **phrases} | ({"ids": list(ids)} if ids is not None else {}),
    )
    return sorted((Depart(**row) for row in rows.mappings()), key=lambda d: d.inscription)


async def raise_versions(connection: AsyncConnection, ids: Sequence[UUID]) -> list[Groupe]:
    """Count one change more for each of these groupes, and return them as they are now, by id."""
    wanted = {"ids": list(ids)}
    # In one order for everybody, so that two batches wait for each other instead of deadlocking.
    await connection.execute(text("SELECT FROM groupes WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE"), wanted)
    await connection.execute(text("UPDATE groupes SET version = version + 1 WHERE id = ANY(:ids)"), wanted)
    rows = await connection.execute(text(f"{_GROUPES} WHERE g.id = ANY(:ids) ORDER BY g.id"), wanted)
    return [Groupe(**{**row, "membres": tuple(row["membres"])}) for row in rows.mappings()]


async def add_late(
    connection: AsyncConnection, proposition: UUID, code: str, ids: Sequence[UUID] | None
) -> list[Affectation]:
    """Put at the end of the waiting list who came after the proposition was made; the phrase is to be completed."""
    rows = await connection.execute(
        text(f"""
            WITH arrives AS (
                SELECT i.id, i.thematique, i.recue_le
                FROM inscriptions i JOIN propositions p ON p.campagne = i.campagne
                WHERE p.id = :proposition
                  {"AND i.id = ANY(:ids)" if ids is not None else ""}
                  AND NOT EXISTS (SELECT FROM annulations n WHERE n.inscription = i.id)
                  AND NOT EXISTS (SELECT FROM affectations a WHERE a.proposition = p.id AND a.inscription = i.id)
            ), derniers AS (
                SELECT thematique, max(rang_attente) AS rang FROM affectations
                WHERE proposition = :proposition GROUP BY thematique
            )
            INSERT INTO affectations (proposition, inscription, thematique, decision, code, phrase, rang_attente)
            SELECT :proposition, id, thematique, 'liste_attente', :code, '',
                   coalesce(derniers.rang, 0) + row_number() OVER (PARTITION BY thematique ORDER BY recue_le, id)
            FROM arrives LEFT JOIN derniers USING (thematique)
            RETURNING inscription, thematique, decision, code, phrase, groupe, rang_attente
        """),  # noqa: S608 - one of two conditions
        {"proposition": proposition, "code": code} | ({"ids": list(ids)} if ids is not None else {}),
    )
    return sorted((Affectation(**row) for row in rows.mappings()), key=lambda a: (a.thematique, a.rang_attente or 0))


async def set_phrases(
    connection: AsyncConnection, proposition: UUID, phrases: Mapping[UUID, str], code: str | None = None
) -> None:
    """Give these people another sentence, and another code if one is given."""
    await connection.execute(
        text("""
            UPDATE affectations a SET phrase = nouvelle.phrase, code = coalesce(CAST(:code AS text), a.code)
            FROM unnest(CAST(:ids AS uuid[]), CAST(:phrases AS text[])) AS nouvelle (inscription, phrase)
            WHERE a.proposition = :proposition AND a.inscription = nouvelle.inscription
        """),
        {"proposition": proposition, "ids": list(phrases), "phrases": list(phrases.values()), "code": code},
    )


async def busy(
    connection: AsyncConnection, *, animateurs: Sequence[str], without: UUID | None = None, but_campagne: str = ""
) -> frozenset[tuple[str, datetime]]:
    """Return the (animateur, start) of published séances that stand, without those of one groupe or campagne."""
    rows = await connection.execute(
        text("""
            SELECT g.animateur, s.debut FROM seances s
            JOIN groupes g ON g.id = s.groupe JOIN propositions p ON p.id = g.proposition
            WHERE p.etat = 'publiee' AND s.cause_annulation IS NULL AND g.animateur = ANY(:animateurs)
              AND p.campagne <> :but_campagne AND g.id IS DISTINCT FROM :without
        """),
        {"animateurs": list(animateurs), "without": without, "but_campagne": but_campagne},
    )
    return frozenset((animateur, debut) for animateur, debut in rows)


async def find_with_seances(connection: AsyncConnection, seance: UUID) -> tuple[Groupe, list[Seance]] | None:
    """Return the published groupe of this séance and its séances, in order."""
    rows = await connection.execute(
        text(f"""
            {_GROUPES} WHERE p.etat = 'publiee' AND g.id = (SELECT groupe FROM seances WHERE id = :seance)
        """),  # noqa: S608 - the query is ours
        {"seance": seance},
    )
    found = rows.mappings().one_or_none()
    if found is None:
        return None
    meetings = await connection.execute(
        text("""
            SELECT id, rang, debut, fin, sequence, visio_url, cause_annulation FROM seances
            WHERE groupe = :groupe ORDER BY rang
        """),
        {"groupe": found["id"]},
    )
    return Groupe(**{**found, "membres": tuple(found["membres"])}), [Seance(*row) for row in meetings]


async def change_seance(connection: AsyncConnection, seance: Seance) -> None:
    """Write a séance's new dates, sequence and cause of cancellation."""
    await connection.execute(
        text("""
            UPDATE seances SET debut = :debut, fin = :fin, sequence = :sequence, cause_annulation = :cause
            WHERE id = :id
        """),
        {
            "id": seance.id,
            "debut": seance.debut,
            "fin": seance.fin,
            "sequence": seance.sequence,
            "cause": seance.cause_annulation,
        },
    )
