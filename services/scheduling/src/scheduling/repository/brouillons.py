"""Who is where in a proposition, as its moves need to know it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class Etat:
    """What is decided for a person in a draft."""

    decision: str
    code: str
    phrase: str
    groupe: UUID | None
    rang_attente: int | None


@dataclass(frozen=True, slots=True)
class Personne:
    """Somebody in a draft, as the team sees them; `retiree` once they have withdrawn."""

    inscription: UUID
    personne: str
    fonction: str
    qualite: str
    taille: str
    collectivite: str
    departement: str
    thematique: str
    disponibilites: Mapping[str, str]
    retiree: bool
    etat: Etat


@dataclass(frozen=True, slots=True)
class Lieu:
    """A groupe to which people can be moved; `membres` have not withdrawn."""

    id: UUID
    thematique: str
    nom: str
    creneau: str
    numero: int
    membres: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Trouvee:
    """Somebody found by name in a proposition."""

    inscription: UUID
    personne: str
    fonction: str
    collectivite: str
    thematique: str
    decision: str
    groupe: str | None
    rang: int | None
    fixee: bool


_PERSONNES = """
    SELECT a.inscription, i.personne, i.fonction, i.qualite, i.taille, i.collectivite_nom AS collectivite,
           i.departement, a.thematique, i.disponibilites, n.inscription IS NOT NULL AS retiree,
           a.decision, a.code, a.phrase, a.groupe, a.rang_attente
    FROM affectations a
    JOIN inscriptions i ON i.id = a.inscription
    LEFT JOIN annulations n ON n.inscription = a.inscription
    WHERE a.proposition = :proposition
"""


async def people(
    connection: AsyncConnection, proposition: UUID, *, ids: Sequence[UUID] = (), groupes: Sequence[UUID] = ()
) -> list[Personne]:
    """Return these people of a proposition, and the members of these groupes."""
    rows = await connection.execute(
        text(f"{_PERSONNES} AND (a.inscription = ANY(:ids) OR a.groupe = ANY(:groupes)) ORDER BY i.personne, i.id"),
        {"proposition": proposition, "ids": list(ids), "groupes": list(groupes)},
    )
    return [_personne(row) for row in rows.mappings()]


async def count_waiting_for(connection: AsyncConnection, proposition: UUID, thematique: str, creneau: str) -> int:
    rows = await connection.execute(
        text("""
            SELECT count(*) FROM affectations a JOIN inscriptions i ON i.id = a.inscription
            WHERE a.proposition = :proposition AND a.thematique = :thematique AND a.decision = 'liste_attente'
              AND jsonb_exists(i.disponibilites, :creneau)
              AND NOT EXISTS (SELECT FROM annulations n WHERE n.inscription = a.inscription)
        """),
        {"proposition": proposition, "thematique": thematique, "creneau": creneau},
    )
    return int(rows.scalar_one())


async def waiting_for(
    connection: AsyncConnection, proposition: UUID, thematique: str, creneau: str, *, limit: int, offset: int
) -> list[Personne]:
    """Return one page of who waits and could come at this créneau, in the order of the list."""
    rows = await connection.execute(
        text(f"""
            {_PERSONNES} AND a.thematique = :thematique AND a.decision = 'liste_attente' AND n.inscription IS NULL
              AND jsonb_exists(i.disponibilites, :creneau)
            ORDER BY a.rang_attente, a.inscription LIMIT :limit OFFSET :offset
        """),
        {
            "proposition": proposition,
            "thematique": thematique,
            "creneau": creneau,
            "limit": limit,
            "offset": offset,
        },
    )
    return [_personne(row) for row in rows.mappings()]


def _personne(row: Mapping[Any, Any]) -> Personne:
    values = dict(row)
    etat = Etat(**{name: values.pop(name) for name in Etat.__dataclass_fields__})
    return Personne(**values, etat=etat)


async def find_places(connection: AsyncConnection, proposition: UUID, *, ids: Sequence[UUID]) -> list[Lieu]:
    rows = await connection.execute(
        text(f"{_LIEUX} AND g.id = ANY(:ids) ORDER BY g.ordre"),
        {"proposition": proposition, "ids": list(ids)},
    )
    return [Lieu(**{**row, "membres": tuple(row["membres"])}) for row in rows.mappings()]


_LIEUX = """
    SELECT g.id, g.thematique, g.nom, g.creneau, g.numero,
           coalesce((SELECT array_agg(a.inscription ORDER BY a.inscription) FROM affectations a
                     WHERE a.groupe = g.id
                       AND NOT EXISTS (SELECT FROM annulations n WHERE n.inscription = a.inscription)), '{}') AS membres
    FROM groupes g WHERE g.proposition = :proposition
"""


_AT = """
    g.proposition = :proposition AND g.thematique = :thematique AND g.creneau = ANY(:creneaux)
    AND g.id IS DISTINCT FROM CAST(:but AS uuid)
"""


@dataclass(frozen=True, slots=True)
class Ou:
    """Groupes of a thématique in some créneaux, without the one where somebody already is."""

    proposition: UUID
    thematique: str
    creneaux: Sequence[str]
    but: UUID | None


async def count_places_at(connection: AsyncConnection, where: Ou) -> int:
    rows = await connection.execute(
        text(f"SELECT count(*) FROM groupes g WHERE {_AT}"),  # noqa: S608 - the query is ours
        asdict(where),
    )
    return int(rows.scalar_one())


async def places_at(connection: AsyncConnection, where: Ou, *, limit: int, offset: int) -> list[Lieu]:
    """Return one page of these groupes, the smallest first."""
    rows = await connection.execute(
        text(f"""
            {_LIEUX} AND {_AT}
            ORDER BY (SELECT count(*) FROM affectations a LEFT JOIN annulations n USING (inscription)
                      WHERE a.groupe = g.id AND n.inscription IS NULL), g.ordre
            LIMIT :limit OFFSET :offset
        """),  # noqa: S608 - the query is ours
        asdict(where) | {"limit": limit, "offset": offset},
    )
    return [Lieu(**{**row, "membres": tuple(row["membres"])}) for row in rows.mappings()]


async def groupes_bound_with(
    connection: AsyncConnection, proposition: UUID, ids: Sequence[UUID], *, homes: bool
) -> set[UUID]:
    """Return where these people, by another inscription, or others of their collectivités (`homes`) have a place."""
    rows = await connection.execute(
        text("""
            SELECT DISTINCT a.groupe FROM inscriptions i
            JOIN inscriptions autre ON autre.campagne = i.campagne
              AND (autre.email = i.email OR (:homes AND autre.collectivite = i.collectivite))
            JOIN affectations a ON a.inscription = autre.id AND a.proposition = :proposition
            WHERE i.id = ANY(:ids) AND a.groupe IS NOT NULL
        """),
        {"proposition": proposition, "ids": list(ids), "homes": homes},
    )
    return set(rows.scalars())


async def reunions(connection: AsyncConnection, ids: Sequence[UUID]) -> frozenset[tuple[UUID, UUID]]:
    """Return the pairs of these people, each sorted, who were in one published groupe of another campagne."""
    rows = await connection.execute(
        text("""
            WITH avant AS (
                SELECT i.id, a.groupe
                FROM inscriptions i
                JOIN inscriptions autre ON autre.email = i.email AND autre.campagne <> i.campagne
                JOIN affectations a ON a.inscription = autre.id AND a.groupe IS NOT NULL
                JOIN propositions p ON p.id = a.proposition AND p.etat = 'publiee'
                WHERE i.id = ANY(:ids)
            )
            SELECT DISTINCT un.id, deux.id FROM avant un JOIN avant deux USING (groupe) WHERE un.id < deux.id
        """),
        {"ids": list(ids)},
    )
    return frozenset((a, b) for a, b in rows)


_NAMED = """
    a.proposition = :proposition AND i.personne || ' ' || i.collectivite_nom ILIKE ALL (CAST(:words AS text[]))
"""


def _words(typed: str) -> list[str]:
    return [f"%{word.translate({ord(c): None for c in '%_' + chr(92)})}%" for word in typed.split()]


async def count_by_name(connection: AsyncConnection, proposition: UUID, typed: str) -> int:
    """Count who has each word typed in their name or their collectivité's."""
    rows = await connection.execute(
        text(f"SELECT count(*) FROM affectations a JOIN inscriptions i ON i.id = a.inscription WHERE {_NAMED}"),  # noqa: S608
        {"proposition": proposition, "words": _words(typed)},
    )
    return int(rows.scalar_one())


async def find_by_name(
    connection: AsyncConnection, proposition: UUID, typed: str, *, limit: int, offset: int
) -> list[Trouvee]:
    """Return one page of them, by name."""
    rows = await connection.execute(
        text(f"""
            SELECT a.inscription, i.personne, i.fonction, i.collectivite_nom AS collectivite, a.thematique, a.decision,
                   g.nom AS groupe, a.rang_attente AS rang, f.inscription IS NOT NULL AS fixee
            FROM affectations a
            JOIN inscriptions i ON i.id = a.inscription
            LEFT JOIN groupes g ON g.id = a.groupe
            LEFT JOIN places_fixees f ON f.inscription = a.inscription
            WHERE {_NAMED} ORDER BY i.personne, i.id LIMIT :limit OFFSET :offset
        """),  # noqa: S608 - the query is ours
        {"proposition": proposition, "words": _words(typed), "limit": limit, "offset": offset},
    )
    return [Trouvee(**row) for row in rows.mappings()]
