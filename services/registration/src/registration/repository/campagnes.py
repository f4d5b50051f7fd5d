"""Campagnes: the document is the domain's Campagne as JSON; its state stands in a column of its own."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import Row, Select, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from registration.domain import Campagne, EtatCampagne
from registration.tables import campagnes

_CAMPAGNE: Final = TypeAdapter(Campagne)
_NOT_IN_DOCUMENT: Final = {"etat", "close_le"}


def as_document(campagne: Campagne) -> dict[str, Any]:
    """Return the campagne as JSON values, without its state."""
    document: dict[str, Any] = _CAMPAGNE.dump_python(campagne, mode="json")
    return {name: value for name, value in document.items() if name not in _NOT_IN_DOCUMENT}


def _read(row: Row[Any]) -> Campagne:
    campagne = _CAMPAGNE.validate_python(row.document)
    return replace(campagne, etat=EtatCampagne(row.etat), close_le=row.close_le)


def _select() -> Select[Any]:
    return select(campagnes.c.document, campagnes.c.etat, campagnes.c.close_le)


async def get(connection: AsyncConnection, code: str) -> Campagne | None:
    row = (await connection.execute(_select().where(campagnes.c.code == code))).one_or_none()
    return _read(row) if row else None


async def get_for_update(connection: AsyncConnection, code: str) -> Campagne | None:
    row = (await connection.execute(_select().where(campagnes.c.code == code).with_for_update())).one_or_none()
    return _read(row) if row else None


async def by_code(connection: AsyncConnection, codes: Iterable[str]) -> dict[str, Campagne]:
    """Return the campagnes that exist among `codes`."""
    rows = await connection.execute(_select().where(campagnes.c.code.in_(set(codes))))
    return {campagne.code: campagne for campagne in map(_read, rows)}


async def all_of_them(connection: AsyncConnection) -> list[Campagne]:
    """Return every campagne, the latest made first."""
    return [_read(row) for row in await connection.execute(_select().order_by(campagnes.c.creee_le.desc()))]


async def add(connection: AsyncConnection, campagne: Campagne, now: datetime) -> bool:
    """Insert it; False if its code is taken."""
    statement = (
        insert(campagnes)
        .values(code=campagne.code, etat=campagne.etat, document=as_document(campagne), creee_le=now)
        .on_conflict_do_nothing()
        .returning(campagnes.c.code)
    )
    return (await connection.execute(statement)).scalar_one_or_none() is not None


async def save(connection: AsyncConnection, campagne: Campagne, now: datetime) -> None:
    values: dict[str, Any] = {
        "document": as_document(campagne),
        "etat": campagne.etat,
        "close_le": campagne.close_le,
    }
    if campagne.etat is EtatCampagne.OUVERTE:
        values["ouverte_le"] = func.coalesce(campagnes.c.ouverte_le, now)
    await connection.execute(update(campagnes).where(campagnes.c.code == campagne.code).values(values))
