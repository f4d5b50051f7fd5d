"""Gathering what a mail is about, as it stands now: a mail tells what is true when it leaves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from notification.domain import Envoi, Seance, obsolete
from notification.letters import Dossier
from notification.repository import projection
from notification.writing import Writer


@dataclass(frozen=True, slots=True)
class Job:
    """One message to send, or the reason why it must no longer be sent."""

    envoi: Envoi
    dossier: Dossier | None
    obsolete: str | None


def _seance_id(envoi: Envoi) -> UUID | None:
    return UUID(envoi.contexte["seance"]) if "seance" in envoi.contexte else None


async def load_jobs(connection: AsyncConnection, writer: Writer, envois: Sequence[Envoi], now: datetime) -> list[Job]:
    """Load what all these messages need in six queries, however many they are."""
    people = await projection.people_by_id(connection, {envoi.inscription for envoi in envois})
    about = {envoi.id: _seance_id(envoi) for envoi in envois}
    seances = await projection.seances_by_id(connection, {i for i in about.values() if i})
    told = await projection.agendas_by_pair(
        connection, [(identifier, envoi.inscription) for envoi in envois if (identifier := about[envoi.id])]
    )
    groupe_ids = {seance.groupe for seance in seances.values()} | {p.groupe for p in people.values() if p.groupe}
    groupes = await projection.groupes_by_id(connection, groupe_ids)
    by_groupe: dict[UUID, list[Seance]] = {}
    for one in await projection.seances_of_groupes(connection, groupe_ids):
        by_groupe.setdefault(one.groupe, []).append(one)
    campagnes = await projection.campagnes_by_code(connection, {p.campagne for p in people.values()})

    def job(envoi: Envoi) -> Job:
        person = people.get(envoi.inscription)
        identifier = about[envoi.id]
        seance = seances.get(identifier) if identifier else None
        agenda = told.get((identifier, envoi.inscription)) if identifier else None
        cause = obsolete(envoi, person, seance, agenda, now)
        if person is None:
            return Job(envoi, None, cause)
        groupe_id = seance.groupe if seance else person.groupe
        groupe = groupes.get(groupe_id) if groupe_id else None
        own = by_groupe.get(groupe_id, []) if groupe_id else []
        return Job(envoi, writer.dossier(envoi, person, campagnes.get(person.campagne), groupe, own), cause)

    return [job(envoi) for envoi in envois]
