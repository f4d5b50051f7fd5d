"""The places that withdrawals freed: the list of a campagne, and for each who could take it and why."""

from typing import Annotated, Any
from uuid import UUID

from chassis.web.pages import Db, PageError, page, see_other
from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduling import use_cases
from scheduling.http.etats import find_campagne, pages_of, team_action
from scheduling.remplacement import limit_of, may_be_filled
from scheduling.repository import remplacements
from scheduling.repository.remplacements import Remplacement
from scheduling.solver.gap import Etude, study
from scheduling.solver.gap_rules import Vacance
from scheduling.solver.problem import Qualite, Taille
from scheduling.use_cases.announce import in_french
from scheduling.use_cases.replace import FreedPlaces, Place

router = APIRouter()

PLACES_PER_PAGE = 50
PEOPLE_SHOWN = 10


@router.get("/campagnes/{code}/remplacements")
async def show_places(request: Request, db: Db, code: str, numero: int = 1) -> Response:
    now = db.clock()
    async with db.read() as connection:
        campagne = await find_campagne(connection, code)
        limit = campagne.donnees.remplacement_jusqu_a_la_seance
        to_fill, freed = await remplacements.count(connection, code, limit, now)
        count, current = pages_of(freed, PLACES_PER_PAGE, numero)
        listed = await remplacements.of_campagne(
            connection, code, limit=PLACES_PER_PAGE, offset=(current - 1) * PLACES_PER_PAGE
        )
        seances = await remplacements.seances_of(connection, {one.groupe for one in listed})
        people = await remplacements.identities(connection, _named(listed))
    return page(
        request,
        "remplacements.html",
        campagne=campagne,
        places=[(one, may_be_filled(seances[one.groupe], limit, now)) for one in listed],
        gens=people,
        a_pourvoir=to_fill,
        liberees=freed,
        numero=current,
        pages=count,
    )


def _named(listed: list[Remplacement]) -> set[UUID]:
    return {one.partie for one in listed} | {one.choisie for one in listed if one.choisie}


async def _find(connection: AsyncConnection, identifier: UUID) -> Remplacement:
    found = await remplacements.find(connection, identifier)
    if found is None:
        raise PageError(404, "Place introuvable", "Elle n’existe pas, ou son groupe n’est pas publié.")
    return found


@router.get("/remplacements/{identifier}")
async def show_place(request: Request, db: Db, identifier: UUID) -> Response:
    now = db.clock()
    async with db.read() as connection:
        one = await _find(connection, identifier)
        campagne = await find_campagne(connection, one.campagne)
        place = await FreedPlaces(connection, now).place(one)
        refusal = place.refusal(now)
        found = study(place.vacance, place.attente, combien=PEOPLE_SHOWN) if refusal is None else None
        shown = {UUID(a.personne.candidat.id) for a in (*found.possibles, *found.passes)} if found else set()
        people = await remplacements.identities(connection, shown | _named([one]))
    return page(
        request,
        "remplacement.html",
        place=one,
        campagne=campagne,
        refus=refusal,
        gens=people,
        limite=limit_of(place.seances, place.jusqu_a),
        a_venir=[s for s in place.seances if not s.annulee and s.debut > now],
        mix=_mix(place.vacance),
        **_advice(place, found),
    )


def _mix(vacance: Vacance) -> list[int]:
    """Élus, agents, then small, middle and large collectivités."""
    tailles = [sum(m.taille is taille for m in vacance.membres) for taille in Taille]
    return [vacance.counts[Qualite.ELU], vacance.counts[Qualite.AGENT], *tailles]


def _advice(place: Place, found: Etude | None) -> dict[str, Any]:
    """Return the people of the page as (inscription, rank, sentence), the best first."""
    if found is None:
        return {"possibles": [], "passes": [], "autres": 0, "obstacles": [], "en_attente": len(place.attente)}
    possibles, passes = (
        [(UUID(a.personne.candidat.id), a.personne.rang, in_french(a.phrase)) for a in advice]
        for advice in (found.possibles, found.passes)
    )
    return {
        "possibles": possibles,
        "passes": passes,
        "autres": found.combien_possibles - len(possibles),
        "obstacles": [(in_french(phrase), count) for phrase, count in found.obstacles],
        "en_attente": len(place.attente),
    }


@router.post("/remplacements/{identifier}/accepter")
async def accept(request: Request, db: Db, identifier: UUID, inscription: Annotated[UUID, Form()]) -> Response:
    async with team_action(db) as tx:
        await use_cases.accept_replacement(tx, identifier, inscription)
    return see_other(request, f"/remplacements/{identifier}")


@router.post("/remplacements/{identifier}/laisser")
async def leave_empty(request: Request, db: Db, identifier: UUID) -> Response:
    async with team_action(db) as tx:
        await use_cases.leave_place_empty(tx, identifier)
    return see_other(request, f"/remplacements/{identifier}")
