"""Campagnes, and the proposition of one with its quality and its groupes."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from chassis.web.pages import Db, page, see_other
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduling import use_cases
from scheduling.domain import Avancement
from scheduling.http.etats import Etat, find_campagne, pages_of, read_etat, read_moves, team_action
from scheduling.quality import groupes_to_watch, make_report
from scheduling.repository import inscriptions, pages, quality, remplacements
from scheduling.repository.inscriptions import Campagne
from scheduling.repository.pages import Choix

router = APIRouter()

CARDS_PER_PAGE = 20


@router.get("/")
async def show_campagnes(request: Request, db: Db) -> Response:
    async with db.read() as connection:
        etats = [await read_etat(connection, c) for c in await inscriptions.list_campagnes(connection)]
    return page(request, "campagnes.html", etats=etats)


class Filtre(BaseModel):
    """Which groupes of which proposition, as the address says."""

    proposition: UUID | None = None
    thematique: str = ""
    creneau: str = ""
    surveiller: str = ""
    numero: int = 1


@router.get("/campagnes/{code}")
async def show_campagne(request: Request, db: Db, code: str, filtre: Annotated[Filtre, Query()]) -> Response:
    async with db.read() as connection:
        etat = await read_etat(connection, await find_campagne(connection, code), filtre.proposition)
        context: dict[str, Any] = {}
        if etat.montree is not None:
            context = await _proposition(connection, etat, etat.montree, filtre)
            context |= await _freed_places(connection, etat.campagne, db.clock())
    return page(request, "campagne.html", etat=etat, **context)


async def _proposition(connection: AsyncConnection, etat: Etat, shown: Avancement, filtre: Filtre) -> dict[str, Any]:
    donnees = etat.campagne.donnees
    veilles = groupes_to_watch(await quality.strengths(connection, shown.id), donnees.groupe)
    choix = Choix(
        thematique=filtre.thematique if filtre.thematique in etat.titres else None,
        creneau=filtre.creneau if filtre.creneau in donnees.creneaux else None,
        parmi=[v.groupe for v in veilles] if filtre.surveiller else None,
    )
    total = await pages.count_cards(connection, shown.id, choix)
    count, current = pages_of(total, CARDS_PER_PAGE, filtre.numero)
    start = (current - 1) * CARDS_PER_PAGE
    return {
        "cartes": await pages.cards(connection, shown.id, choix, limit=CARDS_PER_PAGE, offset=start),
        "groupes": await pages.count_groupes(connection, shown.id),
        "decisions": _add_up(await pages.count_decisions(connection, shown.id)),
        "ecarts": await pages.changes_since(connection, etat.campagne.code, shown.id),
        "rapport": make_report(await quality.cells(connection, shown.id), shown.bilan, etat.titres),
        "veilles": {v.groupe: v for v in veilles},
        "mouvements": await read_moves(connection, shown.id),
        "choix": choix,
        "trouves": total,
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
    async with team_action(db) as tx:
        await use_cases.request_groupes(tx, code)
    return see_other(request, f"/campagnes/{code}")


@router.post("/campagnes/{code}/arreter")
async def stop_solver(request: Request, db: Db, code: str) -> Response:
    async with db.transaction() as tx:
        await use_cases.stop_solver(tx, code)
    return see_other(request, f"/campagnes/{code}")
