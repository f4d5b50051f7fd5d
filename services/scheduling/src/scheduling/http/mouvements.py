"""Moving one person of a draft: where to, and what each move would do; taking it back; fixing a place."""

from typing import Annotated, Any
from uuid import UUID

from chassis.web.pages import Db, page, see_other
from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduling import use_cases
from scheduling.desk import read_desk, tell_moves
from scheduling.domain import Avancement, Refused
from scheduling.http.etats import PEOPLE_PER_PAGE, Etat, find_person, find_shown, pages_of, read_moves, team_action
from scheduling.repository import brouillons, mouvements, places
from scheduling.repository.brouillons import Ou, Personne

router = APIRouter(prefix="/propositions/{proposition}")

PLACES_PER_PAGE = 10


class Vue(BaseModel):
    """Which of the groupes where somebody could go, as the address says."""

    creneau: str = ""
    numero: int = 1


FIRST = Vue()


@router.get("/personnes/{inscription}")
async def show_person(
    request: Request, db: Db, proposition: UUID, inscription: UUID, vue: Annotated[Vue, Query()]
) -> Response:
    return await _show(request, db, proposition, inscription, vue=vue)


async def _show(
    request: Request,
    db: Db,
    proposition: UUID,
    inscription: UUID,
    *,
    vue: Vue = FIRST,
    refus: str | None = None,
) -> Response:
    async with db.read() as connection:
        etat, shown = await find_shown(connection, proposition)
        person = await find_person(connection, proposition, inscription)
        here = [person.etat.groupe] if person.etat.groupe else []
        context: dict[str, Any] = {
            "personne": person,
            "groupe": next(iter(await brouillons.find_places(connection, proposition, ids=here)), None),
            "fixee": (await places.of_people(connection, [inscription])).get(inscription),
            "mouvements": await read_moves(connection, proposition),
        }
        fixed = context["fixee"]
        mobile = shown.etat == "prete" and not person.retiree
        context["mobile"] = mobile and (fixed is None or fixed.numero is None)
        if context["mobile"]:
            where = {fixed.creneau} if fixed else set(person.disponibilites)
            context |= await _possible(connection, etat, shown, person, creneaux=where, vue=vue)
    return page(
        request, "personne.html", status=409 if refus else 200, etat=etat, proposition=shown, refus=refus, **context
    )


async def _possible(
    connection: AsyncConnection, etat: Etat, shown: Avancement, person: Personne, *, creneaux: set[str], vue: Vue
) -> dict[str, Any]:
    """Return one page of the groupes at these créneaux, each with what moving this person there would do."""
    donnees = etat.campagne.donnees
    mine = [c for c in donnees.creneaux if c in creneaux]
    here = person.etat.groupe
    where = Ou(shown.id, person.thematique, [vue.creneau] if vue.creneau in mine else mine, here)
    total = await brouillons.count_places_at(connection, where)
    count, current = pages_of(total, PLACES_PER_PAGE, vue.numero)
    start = (current - 1) * PLACES_PER_PAGE
    found = await brouillons.places_at(connection, where, limit=PLACES_PER_PAGE, offset=start)
    desk = await read_desk(connection, donnees, shown.id, person, lieux=[lieu.id for lieu in found])
    return {
        "vers": [(lieu, desk.judge(person.inscription, lieu.id, brief=True)) for lieu in found],
        "attente": desk.judge(person.inscription, None, brief=True) if here else None,
        "possibles": total,
        "creneaux": mine,
        "creneau": vue.creneau if vue.creneau in mine else "",
        "numero": current,
        "pages": count,
    }


class Deplacement(BaseModel):
    """The form: `version` is the draft as it was seen; without `vers` and `contre`, to the waiting list."""

    version: int
    inscription: UUID
    vers: UUID | None = None
    contre: UUID | None = None


@router.post("/deplacer")
async def move_person(request: Request, db: Db, proposition: UUID, form: Annotated[Deplacement, Form()]) -> Response:
    try:
        async with db.transaction() as tx:
            await use_cases.move_person(
                tx, proposition, form.version, form.inscription, vers=form.vers, contre=form.contre
            )
    except Refused as error:
        return await _show(request, db, proposition, form.inscription, refus=str(error))
    return _back(request, proposition, form.inscription)


def _back(request: Request, proposition: UUID, inscription: UUID) -> Response:
    return see_other(request, f"/propositions/{proposition}/personnes/{inscription}")


@router.post("/annuler")
async def undo_move(request: Request, db: Db, proposition: UUID, version: Annotated[int, Form()]) -> Response:
    async with team_action(db) as tx:
        await use_cases.undo_move(tx, proposition, version)
    return see_other(request, f"/propositions/{proposition}/mouvements")


@router.post("/retablir")
async def redo_move(request: Request, db: Db, proposition: UUID, version: Annotated[int, Form()]) -> Response:
    async with team_action(db) as tx:
        await use_cases.redo_move(tx, proposition, version)
    return see_other(request, f"/propositions/{proposition}/mouvements")


@router.get("/mouvements")
async def show_moves(request: Request, db: Db, proposition: UUID, numero: int = 1) -> Response:
    async with db.read() as connection:
        etat, shown = await find_shown(connection, proposition)
        bar = await read_moves(connection, proposition)
        count, current = pages_of(bar["combien"], PEOPLE_PER_PAGE, numero)
        start = (current - 1) * PEOPLE_PER_PAGE
        moves = await mouvements.standing(connection, proposition, limit=PEOPLE_PER_PAGE, offset=start)
        told = await tell_moves(connection, proposition, moves)
    return page(
        request,
        "mouvements.html",
        etat=etat,
        proposition=shown,
        mouvements=bar,
        recits=told,
        numero=current,
        pages=count,
    )


@router.post("/fixer")
async def fix_place(
    request: Request,
    db: Db,
    proposition: UUID,
    inscription: Annotated[UUID, Form()],
    etendue: Annotated[str, Form()] = "creneau",
) -> Response:
    try:
        async with db.transaction() as tx:
            await use_cases.fix_place(tx, proposition, inscription, groupe=etendue == "groupe")
    except Refused as error:
        return await _show(request, db, proposition, inscription, refus=str(error))
    return _back(request, proposition, inscription)


@router.post("/liberer")
async def free_place(request: Request, db: Db, proposition: UUID, inscription: Annotated[UUID, Form()]) -> Response:
    async with db.transaction() as tx:
        await use_cases.free_place(tx, inscription)
    return _back(request, proposition, inscription)
