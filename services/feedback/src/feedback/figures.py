"""Queries behind the team's pages: participation, means, who is silent, what was written.

A séance counts when it has begun and was not cancelled; a person is expected at it as `Seance.expects` says.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from feedback.domain import (
    Campagne,
    Groupe,
    Participant,
    Participation,
    Seance,
    SeanceTenue,
    Temoignage,
    TemoignageRecu,
    Thematique,
    Verbatim,
)

_EXPECTED = """
    WITH tenues AS (
        SELECT seances.* FROM seances JOIN groupes ON groupes.id = seances.groupe
        WHERE seances.campagne = :campagne AND NOT seances.annulee AND seances.debut <= :now
          AND (groupes.dissous_le IS NULL OR groupes.dissous_le > seances.debut)
    ), attendus AS (
        SELECT tenues.id AS seance, tenues.groupe, tenues.rang, membres.inscription, retours.satisfaction
        FROM tenues
        JOIN membres ON membres.groupe = tenues.groupe AND membres.depuis <= tenues.fin
         AND (membres.jusque IS NULL OR membres.jusque > tenues.debut)
        LEFT JOIN participants ON participants.inscription = membres.inscription
        LEFT JOIN retours ON retours.seance = tenues.id AND retours.inscription = membres.inscription
        WHERE participants.annulee_le IS NULL OR participants.annulee_le > tenues.debut
    )
"""
_COUNTS = "count(attendus.seance) AS attendus, count(satisfaction) AS reponses, coalesce(sum(satisfaction), 0) AS total"


def _on_expected(query: str) -> TextClause:
    return text(_EXPECTED + query.format(counts=_COUNTS))


_BY_RANG = _on_expected("SELECT rang, {counts} FROM attendus GROUP BY rang ORDER BY rang")
_BY_GROUPE = _on_expected("""
    SELECT groupes.id, groupes.nom, groupes.thematique, groupes.animateur_nom, {counts}
    FROM groupes LEFT JOIN attendus ON attendus.groupe = groupes.id
    WHERE groupes.campagne = :campagne
    GROUP BY groupes.id ORDER BY groupes.thematique, length(groupes.nom), groupes.nom
    LIMIT :limit OFFSET :offset
""")
_BY_SEANCE = _on_expected("""
    SELECT tenues.id, tenues.groupe, tenues.campagne, tenues.thematique, tenues.rang, tenues.debut, tenues.fin,
           tenues.annulee, {counts}
    FROM tenues LEFT JOIN attendus ON attendus.seance = tenues.id
    WHERE tenues.groupe = :groupe
    GROUP BY tenues.id, tenues.groupe, tenues.campagne, tenues.thematique, tenues.rang, tenues.debut, tenues.fin,
             tenues.annulee
    ORDER BY tenues.rang, tenues.debut
""")
_SILENT = _on_expected("""
    SELECT attendus.seance, participants.inscription, prenom, nom, fonction, collectivite
    FROM attendus JOIN participants ON participants.inscription = attendus.inscription
    WHERE attendus.groupe = :groupe AND satisfaction IS NULL
    ORDER BY nom, prenom
""")
_ANSWERS = """
    FROM retours JOIN seances ON seances.id = retours.seance JOIN groupes ON groupes.id = seances.groupe
    WHERE seances.campagne = :campagne
"""
_WRITTEN = (
    _ANSWERS
    + """
    AND (CAST(:thematique AS text) = '' OR seances.thematique = :thematique)
    AND (CAST(:groupe AS uuid) IS NULL OR seances.groupe = :groupe)
    AND (utile <> '' OR manque <> '' OR besoins_texte <> '')
"""
)
_WRITTEN_COUNT = text(f"SELECT count(*) {_WRITTEN}")
_WRITTEN_PAGE = text(f"""
    SELECT groupes.nom AS groupe_nom, seances.thematique, seances.rang, satisfaction, utile, manque, besoins_texte
    {_WRITTEN} ORDER BY retours.collecte_le DESC, retours.id LIMIT :limit OFFSET :offset
""")
_TESTIMONIALS = text(f"""
    SELECT retours.temoignage, seances.thematique, retours.consenti_le
    {_ANSWERS} AND retours.temoignage IS NOT NULL ORDER BY retours.consenti_le DESC, retours.id
    LIMIT :limit OFFSET :offset
""")
_TESTIMONIALS_COUNT = text(f"SELECT count(*) {_ANSWERS} AND retours.temoignage IS NOT NULL")
_PEOPLE = text(f"SELECT count(DISTINCT inscription) {_ANSWERS}")
_NEEDS = text(f"""
    SELECT besoin, count(DISTINCT inscription) AS personnes
    FROM (SELECT unnest(besoins) AS besoin, inscription {_ANSWERS}) AS wanted
    GROUP BY besoin ORDER BY personnes DESC, besoin
""")  # noqa: S608 - put together from the constants above only
_EVERYTHING = text(f"""
    SELECT groupes.nom AS groupe_nom, seances.thematique, seances.rang, seances.debut, satisfaction, utile, manque,
           besoins, besoins_texte, temoignage, retours.collecte_le
    {_ANSWERS} ORDER BY seances.thematique, length(groupes.nom), groupes.nom, seances.rang, retours.collecte_le
""")


async def list_campagnes(connection: AsyncConnection) -> list[Campagne]:
    """Every campagne, the latest season first."""
    rows = await connection.execute(text("SELECT code, nom, thematiques FROM campagnes ORDER BY seances_du DESC, code"))
    return [
        Campagne(row.code, row.nom, tuple(Thematique(code, titre) for code, titre in row.thematiques)) for row in rows
    ]


def _participation(row: Any) -> Participation:
    return Participation(row.attendus, row.reponses, row.total)


async def participation_by_rang(
    connection: AsyncConnection, campagne: str, now: datetime
) -> list[tuple[int, Participation]]:
    rows = await connection.execute(_BY_RANG, {"campagne": campagne, "now": now})
    return [(row.rang, _participation(row)) for row in rows]


async def count_groupes(connection: AsyncConnection, campagne: str) -> int:
    query = text("SELECT count(*) FROM groupes WHERE campagne = :campagne")
    return int((await connection.execute(query, {"campagne": campagne})).scalar_one())


async def participation_by_groupe(
    connection: AsyncConnection, campagne: str, now: datetime, limit: int, offset: int
) -> list[Groupe]:
    values = {"campagne": campagne, "now": now, "limit": limit, "offset": offset}
    rows = await connection.execute(_BY_GROUPE, values)
    return [Groupe(row.id, row.nom, row.thematique, row.animateur_nom, _participation(row)) for row in rows]


async def find_groupe(connection: AsyncConnection, groupe: UUID) -> tuple[Groupe, str] | None:
    """Find a groupe and the code of its campagne."""
    query = text("SELECT id, nom, thematique, animateur_nom, campagne FROM groupes WHERE id = :groupe")
    row = (await connection.execute(query, {"groupe": groupe})).one_or_none()
    return (Groupe(row.id, row.nom, row.thematique, row.animateur_nom), row.campagne) if row else None


async def seances_held(connection: AsyncConnection, campagne: str, groupe: UUID, now: datetime) -> list[SeanceTenue]:
    values = {"campagne": campagne, "groupe": groupe, "now": now}
    silent: dict[UUID, list[Participant]] = {}
    for row in await connection.execute(_SILENT, values):
        person = Participant(row.inscription, row.prenom, row.nom, row.fonction, row.collectivite)
        silent.setdefault(row.seance, []).append(person)
    return [
        SeanceTenue(
            Seance(row.id, row.groupe, row.campagne, row.thematique, row.rang, row.debut, row.fin, row.annulee),
            _participation(row),
            tuple(silent.get(row.id, ())),
        )
        for row in await connection.execute(_BY_SEANCE, values)
    ]


async def verbatims(
    connection: AsyncConnection,
    campagne: str,
    *,
    limit: int,
    offset: int = 0,
    thematique: str = "",
    groupe: UUID | None = None,
) -> tuple[int, list[Verbatim]]:
    """Return how many answers hold free text, and a page of them, the latest first."""
    values = {"campagne": campagne, "thematique": thematique, "groupe": groupe}
    count = int((await connection.execute(_WRITTEN_COUNT, values)).scalar_one())
    rows = await connection.execute(_WRITTEN_PAGE, values | {"limit": limit, "offset": offset})
    return count, [Verbatim(**row) for row in rows.mappings()]


async def testimonials(
    connection: AsyncConnection, campagne: str, limit: int, offset: int
) -> tuple[int, list[TemoignageRecu]]:
    count = int((await connection.execute(_TESTIMONIALS_COUNT, {"campagne": campagne})).scalar_one())
    rows = await connection.execute(_TESTIMONIALS, {"campagne": campagne, "limit": limit, "offset": offset})
    return count, [TemoignageRecu(Temoignage(**row.temoignage), row.thematique, row.consenti_le) for row in rows]


async def needs(connection: AsyncConnection, campagne: str) -> tuple[int, Sequence[tuple[str, int]]]:
    """Return how many people have answered, and each thématique asked for by how many, the most wanted first."""
    values = {"campagne": campagne}
    people = int((await connection.execute(_PEOPLE, values)).scalar_one())
    return people, [(row.besoin, row.personnes) for row in await connection.execute(_NEEDS, values)]


async def every_answer(connection: AsyncConnection, campagne: str) -> AsyncIterator[Any]:
    """Stream the rows of the export, without the names of those who answered."""
    async with connection.stream(_EVERYTHING, {"campagne": campagne}) as rows:
        async for row in rows:
            yield row
