"""What the follow page shows, and the projections of scheduling's events that it is made of."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from registration.domain import EtatInscription
from registration.tables import affectations, brouillons, groupes, inscriptions, seances


@dataclass(frozen=True, slots=True)
class Affectation:
    inscription: UUID
    decision: str
    code: str
    phrase: str
    groupe: UUID | None
    rang_attente: int | None
    decidee_le: datetime


@dataclass(frozen=True, slots=True)
class Groupe:
    id: UUID
    nom: str
    creneau: str
    animateur_nom: str
    membres: int
    version: int


@dataclass(frozen=True, slots=True)
class Seance:
    """`visio_url` is None once the séance is cancelled."""

    id: UUID
    groupe: UUID
    rang: int
    debut: datetime
    fin: datetime
    sequence: int
    visio_url: str | None
    annulee: bool


@dataclass(frozen=True, slots=True)
class Suivi:
    """One inscription with all that is known of what becomes of it."""

    id: UUID
    prenom: str
    nom: str
    campagne: str
    thematique: str
    collectivite: str
    etat: EtatInscription
    code: str | None
    phrase: str | None
    recue_le: datetime
    retrait_en_cours: bool
    affectation: Affectation | None
    groupe: Groupe | None
    seances: tuple[Seance, ...]


async def get(connection: AsyncConnection, inscription: UUID) -> Suivi | None:
    """Return the inscription, or None while its first event has not been taken, or its correction is on its way."""
    table = inscriptions.c
    row = (
        await connection.execute(
            select(
                table.id, table.prenom, table.nom, table.campagne, table.thematique, table.collectivite, table.etat,
                table.code, table.phrase, table.recue_le, table.retrait_demande_le,
                brouillons.c.envoye_le, brouillons.c.repondu,
            )
            .outerjoin(brouillons, brouillons.c.id == table.id)
            .where(table.id == inscription)
        )
    ).one_or_none()  # fmt: skip
    if row is None or (row.etat == EtatInscription.REFUSEE and row.envoye_le is not None and not row.repondu):
        return None
    affectation = await _affectation(connection, inscription)
    groupe = await _groupe(connection, affectation.groupe) if affectation and affectation.groupe else None
    return Suivi(
        row.id, row.prenom, row.nom, row.campagne, row.thematique, row.collectivite, EtatInscription(row.etat),
        row.code, row.phrase, row.recue_le, row.etat == EtatInscription.VALIDEE and row.retrait_demande_le is not None,
        affectation, groupe, await _seances(connection, groupe.id) if groupe else (),
    )  # fmt: skip


async def waiting_since(connection: AsyncConnection, inscription: UUID) -> datetime | None:
    """When the person last sent something that is not answered yet; None if that is no longer known."""
    asked = select(inscriptions.c.retrait_demande_le).where(inscriptions.c.id == inscription)
    sent = select(brouillons.c.envoye_le).where(brouillons.c.id == inscription)
    found: datetime | None = (
        await connection.execute(select(func.greatest(asked.scalar_subquery(), sent.scalar_subquery())))
    ).scalar()
    return found


async def _affectation(connection: AsyncConnection, inscription: UUID) -> Affectation | None:
    statement = select(affectations).where(affectations.c.inscription == inscription)
    row = (await connection.execute(statement)).one_or_none()
    return Affectation(**row._mapping) if row else None  # noqa: SLF001 - SQLAlchemy's public name


async def _groupe(connection: AsyncConnection, groupe: UUID) -> Groupe | None:
    row = (await connection.execute(select(groupes).where(groupes.c.id == groupe))).one_or_none()
    return Groupe(**row._mapping) if row else None  # noqa: SLF001


async def _seances(connection: AsyncConnection, groupe: UUID) -> tuple[Seance, ...]:
    statement = select(seances).where(seances.c.groupe == groupe).order_by(seances.c.rang, seances.c.debut)
    return tuple(Seance(**row._mapping) for row in await connection.execute(statement))  # noqa: SLF001


async def save_affectations(connection: AsyncConnection, rows: Sequence[Affectation]) -> None:
    """Keep the last decision of each inscription; events of one inscription come in order."""
    last = {row.inscription: row for row in rows}
    statement = insert(affectations)
    changed = {name: statement.excluded[name] for name in Affectation.__dataclass_fields__ if name != "inscription"}
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["inscription"], set_=changed),
        [asdict(row) for row in last.values()],
    )


async def save_groupes(connection: AsyncConnection, rows: Sequence[Groupe]) -> None:
    last = {row.id: row for row in rows}
    statement = insert(groupes)
    changed = {name: statement.excluded[name] for name in Groupe.__dataclass_fields__ if name != "id"}
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["id"], set_=changed, where=groupes.c.version < statement.excluded.version
        ),
        [asdict(row) for row in last.values()],
    )


async def remove_groupes(connection: AsyncConnection, ids: Collection[UUID]) -> None:
    await connection.execute(delete(seances).where(seances.c.groupe.in_(ids)))
    await connection.execute(delete(groupes).where(groupes.c.id.in_(ids)))


async def save_seances(connection: AsyncConnection, rows: Sequence[Seance]) -> None:
    """Keep the highest sequence of each séance; a cancelled one keeps no link."""
    last = {row.id: row for row in rows}
    statement = insert(seances)
    changed = {name: statement.excluded[name] for name in Seance.__dataclass_fields__ if name != "id"}
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["id"], set_=changed, where=seances.c.sequence <= statement.excluded.sequence
        ),
        [asdict(row) for row in last.values()],
    )
