"""Where a campagne stands, as every page of it begins."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from math import ceil
from typing import Any
from uuid import UUID

from chassis.store import Database, Transaction
from chassis.web.pages import PageError
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduling.desk import readable, tell_moves
from scheduling.domain import Avancement, Refused
from scheduling.repository import brouillons, inscriptions, mouvements, propositions
from scheduling.repository.brouillons import Personne
from scheduling.repository.inscriptions import Campagne

PEOPLE_PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Etat:
    """The proposition shown (published, else chosen, else the latest ready), and what is being made."""

    campagne: Campagne
    montree: Avancement | None
    pretes: tuple[Avancement, ...]
    en_cours: Avancement | None
    echouee: Avancement | None
    inscrits: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.inscrits.values())

    @property
    def ancienne(self) -> bool:
        """Whether what is shown is an earlier draft than the latest."""
        return self.montree in self.pretes[1:]

    @property
    def titres(self) -> dict[str, str]:
        return {t.code: t.titre for t in self.campagne.donnees.thematiques}


async def read_etat(connection: AsyncConnection, campagne: Campagne, wanted: UUID | None = None) -> Etat:
    """Read it with the ready proposition `wanted`, if it is still kept."""
    all_of_them = await propositions.of_campagne(connection, campagne.code)
    published = next((p for p in all_of_them if p.etat == "publiee"), None)
    ready = tuple(p for p in all_of_them if p.etat == "prete")
    latest = all_of_them[0] if all_of_them else None
    failed = latest if latest and latest.etat == "echouee" else None
    if failed and failed.erreur:
        failed = replace(failed, erreur=await readable(connection, failed.erreur))
    return Etat(
        campagne=campagne,
        montree=published or next((p for p in ready if p.id == wanted), ready[0] if ready else None),
        pretes=ready,
        en_cours=next((p for p in all_of_them if p.en_preparation), None),
        echouee=failed,
        inscrits=await inscriptions.count_active(connection, campagne.code),
    )


async def find_campagne(connection: AsyncConnection, code: str) -> Campagne:
    """Raise PageError when there is no such campagne."""
    campagne = await inscriptions.find_campagne(connection, code)
    if campagne is None:
        raise PageError(404, "Campagne introuvable", "Elle n’existe pas, ou n’a pas encore été ouverte.")
    return campagne


async def find_shown(connection: AsyncConnection, proposition: UUID) -> tuple[Etat, Avancement]:
    """Return a proposition that can be looked at, with its campagne. Raises PageError."""
    found = await propositions.find(connection, proposition)
    if found is None or found.etat not in {"prete", "publiee"}:
        raise PageError(404, "Proposition introuvable", "Elle n’existe pas, ou n’est plus conservée.")
    return await read_etat(connection, await find_campagne(connection, found.campagne), proposition), found


async def find_person(connection: AsyncConnection, proposition: UUID, inscription: UUID) -> Personne:
    """Raise PageError when the person is not in this proposition."""
    found = await brouillons.people(connection, proposition, ids=[inscription])
    if not found:
        raise PageError(404, "Personne introuvable", "Elle n’est pas dans cette proposition.")
    return found[0]


async def read_moves(connection: AsyncConnection, proposition: UUID) -> dict[str, Any]:
    """Return what the bar above a draft says: how many moves stand, the last, and the next to redo."""
    last = await mouvements.to_undo(connection, proposition)
    following = await mouvements.to_redo(connection, proposition)
    told = await tell_moves(connection, proposition, [m for m in (last, following) if m])
    return {
        "combien": await mouvements.count(connection, proposition),
        "dernier": told[0] if last else None,
        "suivant": told[-1] if following else None,
    }


@asynccontextmanager
async def team_action(database: Database) -> AsyncIterator[Transaction]:
    """Open a transaction for something that the team asks: what a rule refuses changes nothing, and a page says why."""
    try:
        async with database.transaction() as tx:
            yield tx
    except Refused as error:
        raise PageError(409, "Ce n’est pas possible", str(error)) from error


def pages_of(total: int, size: int, wanted: int) -> tuple[int, int]:
    """Return the number of pages, and the wanted one brought between the first and the last."""
    count = max(1, ceil(total / size))
    return count, min(max(1, wanted), count)
