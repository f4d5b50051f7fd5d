"""Inscriptions, written in batches: a few statements for hundreds of events, whatever their number."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Text, any_, bindparam, cast, column, delete, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY, JSON, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from registration.domain import EtatInscription
from registration.tables import inscriptions


class NewInscription(NamedTuple):
    """One row to insert; `demande` is the event's JSON text. `adresse_cle` of a refusal may be no address at all."""

    id: UUID
    campagne: str
    thematique: str
    etat: str
    code: str | None
    phrase: str | None
    adresse_cle: str
    prenom: str
    nom: str
    qualite: str
    collectivite_type: str
    collectivite_code: str
    collectivite: str
    departement: str
    taille: str
    recherche: str
    demande: str
    recue_le: datetime


@dataclass(frozen=True, slots=True)
class Etat:
    """Where an inscription stands."""

    id: UUID
    campagne: str
    thematique: str
    etat: EtatInscription
    code: str | None


_COLUMNS: Final = NewInscription._fields
_TYPES: Final[dict[str, Any]] = {name: inscriptions.c[name].type for name in _COLUMNS} | {"demande": Text()}
_ROW: Final = (
    func.unnest(*(bindparam(name, type_=ARRAY(_TYPES[name])) for name in _COLUMNS))
    .table_valued(*(column(name, _TYPES[name]) for name in _COLUMNS), with_ordinality="position", name="fresh")
    .render_derived()
)
# One array, not one parameter an id: a statement of the same text is neither compiled nor planned again.
_ONE_OF_THEM: Final = inscriptions.c.id == any_(bindparam("ids", type_=ARRAY(inscriptions.c.id.type)))
_STATES: Final = (
    select(*(inscriptions.c[name] for name in Etat.__dataclass_fields__))
    .where(_ONE_OF_THEM)
    .order_by(inscriptions.c.id)
    .with_for_update()
)
# Sorted by the unique key, so that two batches that meet wait for each other in one order and never in a circle;
# then by position, so that the first of two alike wins.
_INSERT: Final = (
    insert(inscriptions)
    .from_select(
        (*_COLUMNS, "traitee_le"),
        select(
            *(cast(_ROW.c[name], JSON) if name == "demande" else _ROW.c[name] for name in _COLUMNS),
            bindparam("traitee_le", type_=inscriptions.c.traitee_le.type),
        ).order_by(_ROW.c.campagne, _ROW.c.thematique, _ROW.c.adresse_cle, _ROW.c.position),
    )
    .on_conflict_do_nothing()
    .returning(inscriptions.c.id)
)


async def insert_new(connection: AsyncConnection, rows: Sequence[NewInscription], now: datetime) -> set[UUID]:
    """Insert what the unique keys allow and return the ids that went in; of two alike the first goes in."""
    if not rows:
        return set()
    columns = dict(zip(_COLUMNS, map(list, zip(*rows, strict=True)), strict=True))
    return set((await connection.execute(_INSERT, {**columns, "traitee_le": now})).scalars())


async def states_for_update(connection: AsyncConnection, ids: Collection[UUID]) -> dict[UUID, Etat]:
    """Return and lock those of `ids` that are known."""
    rows = await connection.execute(_STATES, {"ids": list(ids)})
    return {row.id: Etat(row.id, row.campagne, row.thematique, EtatInscription(row.etat), row.code) for row in rows}


async def remove(connection: AsyncConnection, ids: Collection[UUID]) -> None:
    """Delete refusals that are about to be looked at again."""
    if ids:
        await connection.execute(delete(inscriptions).where(_ONE_OF_THEM), {"ids": list(ids)})


async def annul(connection: AsyncConnection, ids: Collection[UUID], now: datetime) -> None:
    await connection.execute(
        update(inscriptions)
        .where(_ONE_OF_THEM, inscriptions.c.etat == EtatInscription.VALIDEE)
        .values(etat=EtatInscription.ANNULEE, traitee_le=now),
        {"ids": list(ids)},
    )


async def refuse(connection: AsyncConnection, inscription: UUID, code: str, phrase: str, now: datetime) -> None:
    await connection.execute(
        update(inscriptions)
        .where(inscriptions.c.id == inscription)
        .values(etat=EtatInscription.REFUSEE, code=code, phrase=phrase, traitee_le=now)
    )


async def ask_withdrawal(connection: AsyncConnection, inscription: UUID, now: datetime) -> bool:
    """Note that the person withdraws; False if they can't, or have already."""
    statement = (
        update(inscriptions)
        .where(
            inscriptions.c.id == inscription,
            inscriptions.c.etat == EtatInscription.VALIDEE,
            inscriptions.c.retrait_demande_le.is_(None),
        )
        .values(retrait_demande_le=now)
        .returning(inscriptions.c.id)
    )
    return (await connection.execute(statement)).scalar_one_or_none() is not None


async def get_demande(connection: AsyncConnection, inscription: UUID) -> dict[str, Any] | None:
    """Return `inscription.recue` as it came."""
    statement = select(inscriptions.c.demande).where(inscriptions.c.id == inscription)
    demande: dict[str, Any] | None = (await connection.execute(statement)).scalar_one_or_none()
    return demande
