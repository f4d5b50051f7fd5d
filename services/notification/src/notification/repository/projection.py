"""Every query on the projection: who takes part in what, and what their calendars were told."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import Row, any_, bindparam, delete, select, tuple_, update
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY, Insert, insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Uuid

from notification.domain import (
    Agenda,
    Campagne,
    EtatInscription,
    Groupe,
    GroupeFacts,
    Participant,
    Seance,
)
from notification.tables import agendas, campagnes, groupes, membres, participants, seances

_PERSON = ("campagne", "thematique", "prenom", "nom", "email", "etat")


def among(ids: Iterable[UUID]) -> Any:
    """The ids as one array parameter: one statement, however many they are."""
    return any_(bindparam(None, list(ids), type_=ARRAY(Uuid)))


def participant_of(row: Row[Any]) -> Participant:
    fields = {name: getattr(row, name) for name in Participant.__slots__}
    return Participant(**{**fields, "etat": EtatInscription(row.etat)})


def _groupe(row: Row[Any]) -> Groupe:
    return Groupe(**{name: getattr(row, name) for name in Groupe.__slots__})


def seance_of(row: Row[Any]) -> Seance:
    return Seance(**{name: getattr(row, name) for name in Seance.__slots__})


def agenda_of(row: Row[Any]) -> Agenda:
    return Agenda(**{name: getattr(row, name) for name in Agenda.__slots__})


async def save_campagnes(connection: AsyncConnection, news: Sequence[Campagne]) -> None:
    statement = insert(campagnes)
    statement = statement.on_conflict_do_update(
        index_elements=["campagne"],
        set_={"nom": statement.excluded.nom, "thematiques": statement.excluded.thematiques},
    )
    rows = [{"campagne": c.campagne, "nom": c.nom, "thematiques": dict(c.thematiques)} for c in news]
    await connection.execute(statement, rows)


async def campagnes_by_code(connection: AsyncConnection, codes: Iterable[str]) -> dict[str, Campagne]:
    rows = await connection.execute(select(campagnes).where(campagnes.c.campagne.in_(sorted(set(codes)))))
    return {row.campagne: Campagne(row.campagne, row.nom, row.thematiques) for row in rows}


async def save_people(connection: AsyncConnection, people: Sequence[Participant]) -> None:
    """Enter people or bring them up to date; what scheduling decided of them stays."""
    statement: Insert = insert(participants)
    statement = statement.on_conflict_do_update(
        index_elements=["inscription"], set_={name: statement.excluded[name] for name in _PERSON}
    )
    rows = [{"inscription": p.inscription, **{name: getattr(p, name) for name in _PERSON}} for p in people]
    await connection.execute(statement, rows)


async def save_decisions(connection: AsyncConnection, people: Sequence[Participant]) -> list[UUID]:
    """Keep decisions that are not older than the known ones; return the inscriptions that they changed."""
    statement = sql("""
        UPDATE participants p
        SET decision = n.decision, motif = n.motif, phrase = n.phrase, groupe = n.groupe,
            rang_attente = n.rang_attente, decidee_le = n.decidee_le
        FROM unnest(CAST(:inscription AS uuid[]), CAST(:decision AS text[]), CAST(:motif AS text[]),
                    CAST(:phrase AS text[]), CAST(:groupe AS uuid[]), CAST(:rang_attente AS integer[]),
                    CAST(:decidee_le AS timestamptz[]))
             AS n (inscription, decision, motif, phrase, groupe, rang_attente, decidee_le)
        WHERE p.inscription = n.inscription AND (p.decidee_le IS NULL OR p.decidee_le <= n.decidee_le)
        RETURNING p.inscription
    """)
    names = ("inscription", "decision", "motif", "phrase", "groupe", "rang_attente", "decidee_le")
    columns = {name: [getattr(person, name) for person in people] for name in names}
    return list((await connection.execute(statement, columns)).scalars())


async def end_inscriptions(connection: AsyncConnection, ids: Sequence[UUID]) -> list[UUID]:
    """Mark inscriptions as withdrawn; return those that are known."""
    statement = (
        update(participants)
        .where(participants.c.inscription == among(ids))
        .values(etat=EtatInscription.ANNULEE.value)
        .returning(participants.c.inscription)
    )
    return list((await connection.execute(statement)).scalars())


async def people_by_id(connection: AsyncConnection, ids: Iterable[UUID]) -> dict[UUID, Participant]:
    rows = await connection.execute(select(participants).where(participants.c.inscription == among(set(ids))))
    return {row.inscription: participant_of(row) for row in rows}


async def set_messages_wanted(connection: AsyncConnection, inscription: UUID, *, wanted: bool) -> None:
    await connection.execute(
        update(participants).where(participants.c.inscription == inscription).values(messages=wanted)
    )


async def groupes_of_people(connection: AsyncConnection, ids: Sequence[UUID]) -> set[UUID]:
    """Every groupe that a person is in, is to be in, or has in the calendar."""
    people = among(ids)
    statement = select(membres.c.groupe).where(membres.c.inscription == people)
    decided = select(participants.c.groupe).where(
        participants.c.inscription == people, participants.c.groupe.is_not(None)
    )
    in_agenda = (
        select(seances.c.groupe)
        .join(agendas, agendas.c.seance == seances.c.seance)
        .where(agendas.c.inscription == people)
    )
    return set((await connection.execute(statement.union(decided, in_agenda))).scalars())


async def save_groupe(
    connection: AsyncConnection, groupe: Groupe, campagne: str, version: int, people: Sequence[UUID]
) -> None:
    """Take a groupe as it is now, unless a newer version is known."""
    values = {**asdict(groupe), "campagne": campagne, "version": version}
    statement = insert(groupes).values(values)
    statement = statement.on_conflict_do_update(
        index_elements=["groupe"], set_=values, where=groupes.c.version <= version
    )
    if (await connection.execute(statement.returning(groupes.c.groupe))).first() is None:
        return
    await connection.execute(delete(membres).where(membres.c.groupe == groupe.groupe))
    if people:
        rows = [{"groupe": groupe.groupe, "inscription": inscription} for inscription in dict.fromkeys(people)]
        await connection.execute(insert(membres), rows)


async def dissolve_groupes(connection: AsyncConnection, ids: Sequence[UUID]) -> None:
    await connection.execute(update(groupes).where(groupes.c.groupe == among(ids)).values(dissous=True))


async def save_seances(connection: AsyncConnection, news: Sequence[Seance]) -> None:
    """Take séances as they are now, unless a newer sequence is known. An empty `visio_url` keeps the known one."""
    statement = insert(seances)
    new = statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=["seance"],
        set_={
            **{name: new[name] for name in ("rang", "debut", "fin", "sequence", "annulee", "cause")},
            "visio_url": sql("coalesce(nullif(excluded.visio_url, ''), seances.visio_url)"),
        },
        where=seances.c.sequence <= new.sequence,
    )
    await connection.execute(statement, [asdict(seance) for seance in news])


async def seances_by_id(connection: AsyncConnection, ids: Iterable[UUID]) -> dict[UUID, Seance]:
    rows = await connection.execute(select(seances).where(seances.c.seance == among(set(ids))))
    return {row.seance: seance_of(row) for row in rows}


async def seances_of_groupes(connection: AsyncConnection, ids: Iterable[UUID]) -> list[Seance]:
    statement = select(seances).where(seances.c.groupe == among(set(ids))).order_by(seances.c.rang)
    return [seance_of(row) for row in await connection.execute(statement)]


async def groupes_by_id(connection: AsyncConnection, ids: Iterable[UUID]) -> dict[UUID, Groupe]:
    rows = await connection.execute(select(groupes).where(groupes.c.groupe == among(set(ids))))
    return {row.groupe: _groupe(row) for row in rows}


async def agendas_by_pair(
    connection: AsyncConnection, pairs: Iterable[tuple[UUID, UUID]]
) -> dict[tuple[UUID, UUID], Agenda]:
    """What was told of (séance, inscription)."""
    wanted = set(pairs)
    if not wanted:
        return {}
    statement = select(agendas).where(tuple_(agendas.c.seance, agendas.c.inscription).in_(wanted))
    return {(row.seance, row.inscription): agenda_of(row) for row in await connection.execute(statement)}


async def agendas_of_seances(connection: AsyncConnection, ids: Iterable[UUID]) -> list[Agenda]:
    rows = await connection.execute(select(agendas).where(agendas.c.seance == among(set(ids))))
    return [agenda_of(row) for row in rows]


async def save_agendas(connection: AsyncConnection, entries: Sequence[Agenda]) -> None:
    if not entries:
        return
    statement = insert(agendas)
    names = ("sequence", "version", "annulee", "dit_le")
    statement = statement.on_conflict_do_update(
        index_elements=["seance", "inscription"], set_={name: statement.excluded[name] for name in names}
    )
    await connection.execute(statement, [asdict(entry) for entry in entries])


async def lock_groupes(connection: AsyncConnection, ids: Iterable[UUID]) -> list[Groupe]:
    """Hold groupes until the commit, in one order, so that two topics never work on one at the same time.

    What another transaction wrote before it let go of them is seen by the statements that follow (READ COMMITTED).
    """
    statement = select(groupes).where(groupes.c.groupe == among(set(ids))).order_by(groupes.c.groupe).with_for_update()
    return [_groupe(row) for row in await connection.execute(statement)]


async def facts_of_groupes(connection: AsyncConnection, held: Sequence[Groupe]) -> list[GroupeFacts]:
    """Load all that bears on the groupes: séances, members, those who left, and what each was told."""
    ids = [groupe.groupe for groupe in held]
    all_seances = await seances_of_groupes(connection, ids)
    told = await agendas_of_seances(connection, [seance.seance for seance in all_seances])
    members = (await connection.execute(select(membres).where(membres.c.groupe == among(ids)))).all()
    people = await people_by_id(
        connection, {row.inscription for row in members} | {entry.inscription for entry in told}
    )
    return [_facts(groupe, all_seances, told, members, people) for groupe in held]


def _facts(
    groupe: Groupe,
    all_seances: Sequence[Seance],
    told: Sequence[Agenda],
    members: Sequence[Row[Any]],
    people: dict[UUID, Participant],
) -> GroupeFacts:
    own = [seance for seance in all_seances if seance.groupe == groupe.groupe]
    own_ids = {seance.seance for seance in own}
    return GroupeFacts(
        groupe=groupe,
        seances=own,
        membres=frozenset(row.inscription for row in members if row.groupe == groupe.groupe),
        participants=people,
        agendas={(entry.seance, entry.inscription): entry for entry in told if entry.seance in own_ids},
    )
