"""What the team's pages show, read in the order and the portions in which they show it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduling.domain import PARIS, Seance


@dataclass(frozen=True, slots=True)
class Membre:
    """Somebody in a groupe; `fixee` when the team has fixed their place, `retiree` once they have withdrawn."""

    inscription: UUID
    personne: str
    fonction: str
    qualite: str
    collectivite: str
    departement: str
    fixee: bool
    retiree: bool


@dataclass(frozen=True, slots=True)
class Carte:
    """A groupe as its card shows it; `attente` are the people on the waiting list who could come at its créneau.

    `departs` are the places left and not taken by others, `remplacement` the first of them that may still be filled.
    """

    id: UUID
    nom: str
    thematique: str
    creneau: str
    animateur_nom: str
    elus: int
    agents: int
    petites: int
    moyennes: int
    grandes: int
    departs: int
    remplacement: UUID | None
    attente: int
    membres: tuple[Membre, ...]
    seances: tuple[Seance, ...]

    @property
    def taille(self) -> int:
        return len(self.membres)


@dataclass(frozen=True, slots=True)
class Attente:
    """Somebody without a place, with the reason as they read it."""

    inscription: UUID
    personne: str
    fonction: str
    qualite: str
    collectivite: str
    thematique: str
    decision: str
    rang: int | None
    phrase: str


@dataclass(frozen=True, slots=True)
class Ecarts:
    """What has changed since the proposition was made."""

    partis: int
    arrives: int


@dataclass(frozen=True, slots=True)
class Rendezvous:
    """A séance in the calendar of a week."""

    id: UUID
    rang: int
    debut: datetime
    fin: datetime
    sequence: int
    cause_annulation: str | None
    groupe: str
    animateur: str
    animateur_nom: str
    membres: int


async def count_decisions(connection: AsyncConnection, proposition: UUID) -> dict[str, dict[str, int]]:
    """Return the number of people by thématique and decision; who has withdrawn counts as `retrait`."""
    rows = await connection.execute(
        text("""
            SELECT thematique, CASE code WHEN 'non_retenue.retrait' THEN 'retrait' ELSE decision END, count(*)
            FROM affectations WHERE proposition = :proposition GROUP BY 1, 2
        """),
        {"proposition": proposition},
    )
    found: dict[str, dict[str, int]] = {}
    for thematique, decision, count in rows:
        found.setdefault(thematique, {})[decision] = count
    return found


async def count_groupes(connection: AsyncConnection, proposition: UUID) -> dict[str, int]:
    rows = await connection.execute(
        text("SELECT thematique, count(*) AS formed FROM groupes WHERE proposition = :proposition GROUP BY 1"),
        {"proposition": proposition},
    )
    return {row.thematique: row.formed for row in rows}


async def changes_since(connection: AsyncConnection, campagne: str, proposition: UUID) -> Ecarts:
    rows = await connection.execute(
        text("""
            SELECT
              (SELECT count(*) FROM affectations a JOIN annulations n USING (inscription)
               WHERE a.proposition = :proposition AND a.code <> 'non_retenue.retrait') AS partis,
              (SELECT count(*) FROM inscriptions i
               WHERE i.campagne = :campagne
                 AND NOT EXISTS (SELECT FROM annulations n WHERE n.inscription = i.id)
                 AND NOT EXISTS (SELECT FROM affectations a
                                 WHERE a.proposition = :proposition AND a.inscription = i.id)) AS arrives
        """),
        {"campagne": campagne, "proposition": proposition},
    )
    return Ecarts(**rows.mappings().one())


_CARTES = """
    SELECT g.id, g.nom, g.thematique, g.creneau, g.animateur_nom,
           (SELECT count(*) FROM affectations a WHERE a.groupe_quitte = g.id)
             - (SELECT count(*) FROM remplacements r WHERE r.groupe = g.id AND r.etat = 'pourvu') AS departs,
           (SELECT r.id FROM remplacements r WHERE r.groupe = g.id AND r.etat = 'ouvert'
            ORDER BY r.ouvert_le, r.id LIMIT 1) AS remplacement,
           (SELECT count(*) FROM affectations a JOIN inscriptions i ON i.id = a.inscription
            WHERE a.proposition = g.proposition AND a.decision = 'liste_attente' AND a.thematique = g.thematique
              AND jsonb_exists(i.disponibilites, g.creneau)) AS attente
    FROM groupes g
    WHERE g.proposition = :proposition AND (CAST(:thematique AS text) IS NULL OR g.thematique = :thematique)
      AND (CAST(:creneau AS text) IS NULL OR g.creneau = :creneau)
      AND (CAST(:parmi AS uuid[]) IS NULL OR g.id = ANY(:parmi))
    ORDER BY array_position(CAST(:parmi AS uuid[]), g.id), g.ordre LIMIT :limit OFFSET :offset
"""
_MEMBRES = """
    SELECT a.groupe, a.inscription, i.personne, i.fonction, i.qualite, i.taille, i.collectivite_nom AS collectivite,
           i.departement, f.inscription IS NOT NULL AS fixee, n.inscription IS NOT NULL AS retiree
    FROM affectations a JOIN inscriptions i ON i.id = a.inscription
    LEFT JOIN places_fixees f ON f.inscription = a.inscription
    LEFT JOIN annulations n ON n.inscription = a.inscription
    WHERE a.groupe = ANY(:groupes) ORDER BY i.qualite DESC, i.collectivite_nom, i.personne
"""
_SEANCES = """
    SELECT groupe, id, rang, debut, fin, sequence, visio_url, cause_annulation FROM seances
    WHERE groupe = ANY(:groupes) ORDER BY groupe, rang
"""


@dataclass(frozen=True, slots=True)
class Choix:
    """Which groupes to show; `parmi`: these only, in this order."""

    thematique: str | None = None
    creneau: str | None = None
    parmi: Sequence[UUID] | None = None


async def count_cards(connection: AsyncConnection, proposition: UUID, choix: Choix) -> int:
    rows = await connection.execute(
        text("""
            SELECT count(*) FROM groupes g
            WHERE g.proposition = :proposition AND (CAST(:thematique AS text) IS NULL OR g.thematique = :thematique)
              AND (CAST(:creneau AS text) IS NULL OR g.creneau = :creneau)
              AND (CAST(:parmi AS uuid[]) IS NULL OR g.id = ANY(:parmi))
        """),
        {"proposition": proposition} | asdict(choix),
    )
    return int(rows.scalar_one())


async def cards(
    connection: AsyncConnection, proposition: UUID, choix: Choix, *, limit: int, offset: int
) -> list[Carte]:
    """Return one page of a proposition's groupes, with who is in them and when they meet."""
    found = await connection.execute(
        text(_CARTES),
        {"proposition": proposition, "limit": limit, "offset": offset} | asdict(choix),
    )
    rows = list(found.mappings())
    ids = {"groupes": [row["id"] for row in rows]}
    membres: dict[UUID, list[Mapping[Any, Any]]] = {}
    for row in (await connection.execute(text(_MEMBRES), ids)).mappings():
        membres.setdefault(row["groupe"], []).append(row)
    seances: dict[UUID, list[Seance]] = {}
    for groupe, *rest in await connection.execute(text(_SEANCES), ids):
        seances.setdefault(groupe, []).append(Seance(*rest))
    return [_carte(row, membres.get(row["id"], ()), seances.get(row["id"], ())) for row in rows]


def _carte(row: Mapping[Any, Any], membres: Sequence[Mapping[Any, Any]], seances: Sequence[Seance]) -> Carte:
    def count(column: str, value: str) -> int:
        return sum(m[column] == value for m in membres)

    return Carte(
        **row,
        elus=count("qualite", "elu"),
        agents=count("qualite", "agent"),
        petites=count("taille", "petite"),
        moyennes=count("taille", "moyenne"),
        grandes=count("taille", "grande"),
        membres=tuple(Membre(**{name: m[name] for name in Membre.__dataclass_fields__}) for m in membres),
        seances=tuple(seances),
    )


async def without_place(
    connection: AsyncConnection,
    proposition: UUID,
    thematique: str | None,
    motif: str | None,
    *,
    limit: int,
    offset: int,
) -> list[Attente]:
    """Return one page of the people without a place: those who wait in their order, then the others."""
    rows = await connection.execute(
        text("""
            SELECT a.inscription, i.personne, i.fonction, i.qualite, i.collectivite_nom AS collectivite, a.thematique,
                   a.decision, a.rang_attente AS rang, a.phrase
            FROM affectations a JOIN inscriptions i ON i.id = a.inscription
            WHERE a.proposition = :proposition AND a.decision <> 'retenue'
              AND (CAST(:thematique AS text) IS NULL OR a.thematique = :thematique)
              AND (CAST(:motif AS text) IS NULL OR a.code = :motif)
            ORDER BY a.thematique, a.rang_attente NULLS LAST, i.personne, i.id LIMIT :limit OFFSET :offset
        """),
        {
            "proposition": proposition,
            "thematique": thematique,
            "motif": motif,
            "limit": limit,
            "offset": offset,
        },
    )
    return [Attente(**row) for row in rows.mappings()]


async def week(connection: AsyncConnection, campagne: str, monday: datetime, next_monday: datetime) -> list[Rendezvous]:
    """Return the published séances of a campagne from one Monday's midnight to the next."""
    rows = await connection.execute(
        text("""
            SELECT s.id, s.rang, s.debut, s.fin, s.sequence, s.cause_annulation, g.nom AS groupe, g.animateur,
                   g.animateur_nom, (SELECT count(*) FROM affectations a WHERE a.groupe = g.id) AS membres
            FROM seances s JOIN groupes g ON g.id = s.groupe JOIN propositions p ON p.id = g.proposition
            WHERE p.etat = 'publiee' AND p.campagne = :campagne AND s.debut >= :monday AND s.debut < :next_monday
            ORDER BY s.debut, g.ordre
        """),
        {"campagne": campagne, "monday": monday, "next_monday": next_monday},
    )
    return [Rendezvous(**row) for row in rows.mappings()]


async def season_bounds(connection: AsyncConnection, campagne: str) -> tuple[date, date] | None:
    """Return the first and last day, in Paris, with a published séance."""
    rows = await connection.execute(
        text("""
            SELECT min(s.debut), max(s.debut) FROM seances s
            JOIN groupes g ON g.id = s.groupe JOIN propositions p ON p.id = g.proposition
            WHERE p.etat = 'publiee' AND p.campagne = :campagne
        """),
        {"campagne": campagne},
    )
    first, last = rows.one()
    return (first.astimezone(PARIS).date(), last.astimezone(PARIS).date()) if first else None
