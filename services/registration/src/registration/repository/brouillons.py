"""Drafts of the public form: kept a day, emptied as soon as they are sent."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import any_, bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from registration.tables import brouillons

Contenu = dict[str, Any]

_ANSWERED: Final = (
    update(brouillons)
    .where(
        brouillons.c.id == any_(bindparam("ids", type_=ARRAY(brouillons.c.id.type))),
        brouillons.c.envoye_le.is_not(None),
    )
    .values(repondu=True)
)


@dataclass(frozen=True, slots=True)
class Brouillon:
    """`contenu`: what was typed, by field name, as it was typed."""

    id: UUID
    campagne: str
    contenu: Contenu
    modifie_le: datetime
    envoye_le: datetime | None


async def get(connection: AsyncConnection, draft: UUID, *, lock: bool = False) -> Brouillon | None:
    statement = select(brouillons).where(brouillons.c.id == draft)
    row = (await connection.execute(statement.with_for_update() if lock else statement)).one_or_none()
    return Brouillon(row.id, row.campagne, row.contenu, row.modifie_le, row.envoye_le) if row else None


async def save(connection: AsyncConnection, draft: UUID, campagne: str, contenu: Contenu, now: datetime) -> None:
    """Write the draft; one that was sent meanwhile stays as it is."""
    statement = insert(brouillons).values(id=draft, campagne=campagne, contenu=contenu, modifie_le=now)
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["id"],
            set_={"contenu": contenu, "modifie_le": now},
            where=brouillons.c.envoye_le.is_(None),
        )
    )


async def reopen(connection: AsyncConnection, draft: UUID, campagne: str, contenu: Contenu, now: datetime) -> None:
    """Make a draft again of an inscription that was refused; one that is being written stays as it is."""
    statement = insert(brouillons).values(id=draft, campagne=campagne, contenu=contenu, modifie_le=now)
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["id"],
            set_={"campagne": campagne, "contenu": contenu, "modifie_le": now, "envoye_le": None, "repondu": False},
            where=brouillons.c.envoye_le.is_not(None),
        )
    )


async def mark_sent(connection: AsyncConnection, draft: UUID, now: datetime) -> None:
    await connection.execute(
        update(brouillons).where(brouillons.c.id == draft).values(contenu={}, modifie_le=now, envoye_le=now)
    )


async def mark_answered(connection: AsyncConnection, ids: Collection[UUID]) -> None:
    await connection.execute(_ANSWERED, {"ids": list(ids)})


async def delete_older_than(connection: AsyncConnection, limit: datetime) -> int:
    return (await connection.execute(delete(brouillons).where(brouillons.c.modifie_le < limit))).rowcount
