"""Campagnes, their proposition with its groupes, and the people without a place."""

from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

from chassis.web.pages import Db, PageError, page, see_other
from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduling import use_cases
from scheduling.domain import Avancement, Refused
from scheduling.repository import inscriptions, pages, propositions, remplacements
from scheduling.repository.inscriptions import Campagne

router = APIRouter()

CARDS_PER_PAGE = 20
PEOPLE_PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Etat:
    """Where a campagne stands: its published proposition, else the latest that is ready; and what is being made."""

    campagne: Campagne
    montree: Avancement | None
    en_cours: Avancement | None
    echouee: Avancement | None
    inscrits: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.inscrits.values())


async def read_etat(connection: AsyncConnection, campagne: Campagne) -> Etat:
    all_of_them = await propositions.of_campagne(connection, campagne.code)
    published = next((p for p in all_of_them if p.etat == "publiee"), None)
    ready = next((p for p in all_of_them if p.etat == "prete"), None)
    latest = all_of_them[0] if all_of_them else None
    return Etat(
        campagne=campagne,
        montree=published or ready,
        en_cours=next((p for p in all_of_them if p.en_preparation), None),
        echouee=latest if latest and latest.etat == "echouee" else None,
        inscrits=await inscriptions.count_active(connection, campagne.code),
    )


async def find_campagne(connection: AsyncConnection, code: str) -> Campagne:
    """Raise PageError when there is no such campagne."""
    campagne = await inscriptions.find_campagne(connection, code)
    if campagne is None:
        raise PageError(404, "Campagne introuvable", "Elle n’existe pas, ou n’a pas encore été ouverte.")
    return campagne


def refused(error: Refused) -> PageError:
    return PageError(409, "Ce n’est pas possible", str(error))


def pages_of(total: int, size: int, wanted: int) -> tuple[int, int]:
    """Return the number of pages, and the wanted one brought between the first and the last."""
    count = max(1, ceil(total / size))
    return count, min(max(1, wanted), count)


@router.get("/")
async def show_campagnes(request: Request, db: Db) -> Response:
    async with db.read() as connection:
        etats = [await read_etat(connection, c) for c in await inscriptions.list_campagnes(connection)]
    return page(request, "campagnes.html", etats=etats)


@router.get("/campagnes/{code}")
async def show_campagne(request: Request, db: Db, code: str, thematique: str = "", numero: int = 1) -> Response:
    async with db.read() as connection:
        etat = await read_etat(connection, await find_campagne(connection, code))
        context: dict[str, Any] = {}
        if etat.montree is not None:
            context = await _proposition(connection, etat, thematique, numero)
            context |= await _freed_places(connection, etat.campagne, db.clock())
    return page(request, "campagne.html", etat=etat, **context)


async def _proposition(connection: AsyncConnection, etat: Etat, thematique: str, numero: int) -> dict[str, Any]:
    if etat.montree is None:
        raise AssertionError("called for a proposition")
    identifier, code = etat.montree.id, etat.campagne.code
    per_thematique = await pages.count_groupes(connection, identifier)
    chosen = thematique if thematique in per_thematique else ""
    count, current = pages_of(per_thematique.get(chosen, sum(per_thematique.values())), CARDS_PER_PAGE, numero)
    cartes = await pages.cards(
        connection, identifier, chosen or None, limit=CARDS_PER_PAGE, offset=(current - 1) * CARDS_PER_PAGE
    )
    decisions = await pages.count_decisions(connection, identifier)
    return {
        "cartes": cartes,
        "groupes": per_thematique,
        "decisions": _add_up(decisions),
        "ecarts": await pages.changes_since(connection, code, identifier),
        "titres": {t.code: t.titre for t in etat.campagne.donnees.thematiques},
        "thematique": chosen,
        "numero": current,
        "pages": count,
    }


async def _freed_places(connection: AsyncConnection, campagne: Campagne, now: datetime) -> dict[str, int]:
    limit = campagne.donnees.remplacement_jusqu_a_la_seance
    to_fill, freed = await remplacements.count(connection, campagne.code, limit, now)
    return {"a_pourvoir": to_fill, "liberees": freed}


def _add_up(decisions: dict[str, dict[str, int]]) -> dict[str, int]:
    total = {"retenue": 0, "liste_attente": 0, "non_retenue": 0, "retrait": 0}
    for by_decision in decisions.values():
        for decision, count in by_decision.items():
            total[decision] += count
    return total


@router.get("/campagnes/{code}/avancement")
async def show_progress(request: Request, db: Db, code: str) -> Response:
    """Answer the part of the page that follows the solver; final when nothing is being made any more."""
    async with db.read() as connection:
        etat = await read_etat(connection, await find_campagne(connection, code))
    response = page(request, "avancement.html", etat=etat)
    if etat.en_cours is None:
        response.headers["X-Termine"] = "1"
    return response


@router.post("/campagnes/{code}/former")
async def form_groupes(request: Request, db: Db, code: str) -> Response:
    try:
        async with db.transaction() as tx:
            await use_cases.request_groupes(tx, code)
    except Refused as error:
        raise refused(error) from error
    return see_other(request, f"/campagnes/{code}")


@router.get("/campagnes/{code}/attente")
async def show_waiting(request: Request, db: Db, code: str, thematique: str = "", numero: int = 1) -> Response:
    async with db.read() as connection:
        etat = await read_etat(connection, await find_campagne(connection, code))
        if etat.montree is None:
            raise PageError(404, "Pas encore de groupes", "Formez d’abord les groupes de cette campagne.")
        decisions = await pages.count_decisions(connection, etat.montree.id)
        chosen = thematique if thematique in decisions else ""
        concerned = [decisions[chosen]] if chosen else list(decisions.values())
        total = sum(count for d in concerned for decision, count in d.items() if decision != "retenue")
        count, current = pages_of(total, PEOPLE_PER_PAGE, numero)
        people = await pages.without_place(
            connection,
            etat.montree.id,
            chosen or None,
            limit=PEOPLE_PER_PAGE,
            offset=(current - 1) * PEOPLE_PER_PAGE,
        )
    return page(
        request,
        "attente.html",
        etat=etat,
        people=people,
        total=total,
        titres={t.code: t.titre for t in etat.campagne.donnees.thematiques},
        thematique=chosen,
        numero=current,
        pages=count,
    )
