"""Every query on the messages: making them, claiming them, ending them, and showing them to the team.

A row goes a_envoyer → en_cours (claimed; `commence` is committed before it is sent) → envoye, echoue, incertain or
abandonne.
Claims and tries count by the database's own clock: the domain's may be shifted while a message is on its way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.ids import stable_id
from sqlalchemy import Row, Select, func, or_, select, update
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from notification.domain import QUESTIONNAIRE_OUVERT, RAPPEL_AVANT, Envoi, Etat, Intent, Modele, Seance
from notification.repository.projection import among, seance_of
from notification.tables import envois, participants, seances

_CLAIM = sql("""
    WITH due AS (
        SELECT e.id FROM envois e
        WHERE e.etat = 'a_envoyer' AND (e.prochain_essai IS NULL OR e.prochain_essai <= now())
          AND NOT EXISTS (SELECT 1 FROM envois earlier
                          WHERE earlier.inscription = e.inscription AND earlier.ordre < e.ordre
                            AND earlier.etat IN ('a_envoyer', 'en_cours'))
        ORDER BY e.ordre LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    UPDATE envois SET etat = 'en_cours', reclame_le = now(), commence = false
    FROM due WHERE envois.id = due.id RETURNING envois.*
""")
_SEANCES_PER_STEP = 50


def id_of(cle: str) -> UUID:
    return stable_id("envoi", cle)


def envoi_of(row: Row[Any]) -> Envoi:
    fields = {name: getattr(row, name) for name in Envoi.__slots__}
    return Envoi(**{**fields, "modele": Modele(row.modele), "etat": Etat(row.etat)})


async def add_intents(connection: AsyncConnection, intents: Sequence[Intent], now: datetime) -> None:
    """Enter messages to send, in this order; a key that is already there is left as it is."""
    rows = [
        {
            "id": id_of(intent.cle),
            "cle": intent.cle,
            "modele": intent.modele.value,
            "inscription": intent.inscription,
            "contexte": dict(intent.contexte),
            "cree_le": now,
        }
        for intent in intents
    ]
    await connection.execute(insert(envois).on_conflict_do_nothing(), rows)


async def claim(connection: AsyncConnection, limit: int) -> list[Envoi]:
    """Take the oldest due message of each person, so that nobody reads the second before the first."""
    rows = (await connection.execute(_CLAIM, {"limit": limit})).all()
    return [envoi_of(row) for row in sorted(rows, key=lambda row: row.ordre)]


async def begin(connection: AsyncConnection, ids: Sequence[UUID]) -> set[UUID]:
    """Note that claimed messages are about to be sent; return those whose claim has not been taken back."""
    if not ids:
        return set()
    statement = (
        update(envois)
        .where(envois.c.id == among(ids), envois.c.etat == Etat.EN_COURS.value, envois.c.commence.is_(False))
        .values(commence=True, reclame_le=func.now())
        .returning(envois.c.id)
    )
    return set((await connection.execute(statement)).scalars())


async def finish_sent(connection: AsyncConnection, ids: Sequence[UUID], now: datetime) -> set[UUID]:
    """Mark claimed messages as sent; return those that nobody else has ended or taken back."""
    statement = (
        update(envois)
        .where(envois.c.id == among(ids), envois.c.etat == Etat.EN_COURS.value)
        .values(etat=Etat.ENVOYE.value, cause=None, essais=envois.c.essais + 1, envoye_le=now)
        .returning(envois.c.id)
    )
    return set((await connection.execute(statement)).scalars())


async def finish(connection: AsyncConnection, envoi: Envoi, etat: Etat, cause: str) -> bool:
    """End a claimed message that was not sent; False if somebody else has already ended or taken it back."""
    values: dict[str, Any] = {"etat": etat.value, "cause": cause}
    if etat is not Etat.ABANDONNE:
        values["essais"] = envois.c.essais + 1
    statement = update(envois).where(envois.c.id == envoi.id, envois.c.etat == Etat.EN_COURS.value).values(values)
    return (await connection.execute(statement)).rowcount == 1


async def release(
    connection: AsyncConnection, ids: Sequence[UUID], delay: timedelta, cause: str, *, counted: bool = False
) -> None:
    """Give claimed messages back, to be tried again after `delay`; a try counts if the server has answered."""
    await connection.execute(
        update(envois)
        .where(envois.c.id == among(ids), envois.c.etat == Etat.EN_COURS.value)
        .values(
            etat=Etat.A_ENVOYER.value,
            prochain_essai=func.now() + delay,
            cause=cause,
            essais=envois.c.essais + int(counted),
        )
    )


async def expired(connection: AsyncConnection, lease: timedelta) -> list[Envoi]:
    """Messages claimed so long ago that their sender must be dead; `commence` says if they may have been sent."""
    statement = (
        select(envois)
        .where(envois.c.etat == Etat.EN_COURS.value, envois.c.reclame_le < func.now() - lease)
        .order_by(envois.c.ordre)
        .with_for_update(skip_locked=True)
    )
    return [envoi_of(row) for row in await connection.execute(statement)]


async def by_id(connection: AsyncConnection, identifier: UUID, *, lock: bool = False) -> Envoi | None:
    statement = select(envois).where(envois.c.id == identifier)
    row = (await connection.execute(statement.with_for_update() if lock else statement)).first()
    return envoi_of(row) if row else None


async def settle(connection: AsyncConnection, identifier: UUID, cause: str) -> None:
    await connection.execute(
        update(envois)
        .where(envois.c.id == identifier, envois.c.etat == Etat.INCERTAIN.value)
        .values(etat=Etat.ABANDONNE.value, cause=cause)
    )


async def next_copy(connection: AsyncConnection, envoi: Envoi) -> int:
    """Return the number of the next copy of a message: 2 for the first one that the team asks for."""
    base = envoi.cle.partition("#")[0]
    same = or_(envois.c.cle == base, envois.c.cle.startswith(f"{base}#", autoescape=True))
    count = await connection.scalar(select(func.count()).where(envois.c.inscription == envoi.inscription, same))
    return int(count or 0) + 1


async def seances_to_remind(connection: AsyncConnection, now: datetime) -> list[Seance]:
    """Séances that begin within two days and whose reminders are not made for this date."""
    statement = select(seances).where(
        seances.c.debut > now,
        seances.c.debut <= now + RAPPEL_AVANT,
        seances.c.annulee.is_(False),
        seances.c.rappel_version.is_distinct_from(seances.c.sequence),
    )
    return await _held(connection, statement.order_by(seances.c.debut))


async def seances_to_ask_about(connection: AsyncConnection, now: datetime) -> list[Seance]:
    """Séances that have ended, whose questionnaires are not made and would still be open."""
    statement = select(seances).where(
        seances.c.fin <= now,
        seances.c.fin > now - QUESTIONNAIRE_OUVERT,
        seances.c.annulee.is_(False),
        seances.c.questionnaire_fait.is_(False),
    )
    return await _held(connection, statement.order_by(seances.c.fin))


async def _held(connection: AsyncConnection, statement: Select[Any]) -> list[Seance]:
    rows = await connection.execute(statement.limit(_SEANCES_PER_STEP).with_for_update(skip_locked=True))
    return [seance_of(row) for row in rows]


async def mark_reminded(connection: AsyncConnection, done: Sequence[Seance]) -> None:
    await connection.execute(
        update(seances)
        .where(seances.c.seance == among(s.seance for s in done))
        .values(rappel_version=seances.c.sequence)
    )


async def mark_asked_about(connection: AsyncConnection, done: Sequence[Seance]) -> None:
    await connection.execute(
        update(seances).where(seances.c.seance == among(s.seance for s in done)).values(questionnaire_fait=True)
    )


@dataclass(frozen=True, slots=True)
class Line:
    """One message as the team's list shows it."""

    id: UUID
    modele: Modele
    etat: Etat
    nom: str
    email: str
    essais: int
    cause: str | None
    cree_le: datetime
    envoye_le: datetime | None


@dataclass(frozen=True, slots=True)
class Filters:
    """What the team looks for; empty strings don't filter. `adresse` is a part of an address or a name."""

    modele: str = ""
    etat: str = ""
    adresse: str = ""


def _lines() -> Select[Any]:
    joined = envois.outerjoin(participants, participants.c.inscription == envois.c.inscription)
    return select(envois, participants.c.prenom, participants.c.nom, participants.c.email).select_from(joined)


def _filtered(statement: Select[Any], filters: Filters) -> Select[Any]:
    if filters.modele:
        statement = statement.where(envois.c.modele == filters.modele)
    if filters.etat:
        statement = statement.where(envois.c.etat == filters.etat)
    if filters.adresse:
        full_name = participants.c.prenom + " " + participants.c.nom
        found = or_(
            participants.c.email.icontains(filters.adresse, autoescape=True),
            full_name.icontains(filters.adresse, autoescape=True),
        )
        statement = statement.where(found)
    return statement


def _line(row: Row[Any]) -> Line:
    return Line(
        id=row.id,
        modele=Modele(row.modele),
        etat=Etat(row.etat),
        nom=f"{row.prenom or ''} {row.nom or ''}".strip(),
        email=row.email or "",
        essais=row.essais,
        cause=row.cause,
        cree_le=row.cree_le,
        envoye_le=row.envoye_le,
    )


async def page(connection: AsyncConnection, filters: Filters, *, number: int, size: int) -> tuple[list[Line], int]:
    """One page of the list, newest first, and how many messages there are in all."""
    found = _filtered(_lines(), filters)
    count = await connection.scalar(select(func.count()).select_from(found.with_only_columns(envois.c.id).subquery()))
    rows = await connection.execute(found.order_by(envois.c.ordre.desc()).limit(size).offset((number - 1) * size))
    return [_line(row) for row in rows], int(count or 0)


async def line(connection: AsyncConnection, identifier: UUID) -> Line | None:
    row = (await connection.execute(_lines().where(envois.c.id == identifier))).first()
    return _line(row) if row else None


async def counts(connection: AsyncConnection) -> dict[str, int]:
    rows = await connection.execute(select(envois.c.etat, func.count()).group_by(envois.c.etat))
    return {row[0]: row[1] for row in rows}
