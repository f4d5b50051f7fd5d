"""The team's pages of campagnes: the board, the form, opening and closing."""

from typing import Annotated

from chassis.web.french import typographie
from chassis.web.pages import Db, PageError, page, see_other, team
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from registration import use_cases
from registration.domain import CRENEAUX, Campagne, EtatCampagne
from registration.http.campagne_form import CampagneForm
from registration.http.frame import Now
from registration.repository import campagnes, equipe

router = APIRouter(prefix="/campagnes", dependencies=[Depends(team)])


async def _campagne(connection: AsyncConnection, code: str) -> Campagne:
    campagne = await campagnes.get(connection, code)
    if campagne is None:
        raise PageError(404, "Campagne introuvable", "Elle n’existe pas, ou son adresse est incomplète.")
    return campagne


def _most_telling(every: list[Campagne]) -> Campagne | None:
    """Return the open campagne, else the latest one."""
    return next((campagne for campagne in every if campagne.etat is EtatCampagne.OUVERTE), next(iter(every), None))


@router.get("")
async def board(request: Request, db: Db, now: Now, campagne: Annotated[str, Query(max_length=60)] = "") -> Response:
    async with db.read() as connection:
        every = await campagnes.all_of_them(connection)
        chosen = next((one for one in every if one.code == campagne), None) or _most_telling(every)
        counts = await equipe.comptes(connection, chosen.code) if chosen else None
    return page(request, "campagnes.html", campagnes=every, campagne=chosen, comptes=counts, maintenant=now)


@router.get("/nouvelle")
async def new(request: Request) -> Response:
    return _render(request, CampagneForm.empty())


@router.post("/nouvelle")
async def create(request: Request, db: Db) -> Response:
    form = await request.form()
    filled = CampagneForm.read(form)
    if "ajouter" in form:
        return _render(request, filled)
    campagne = filled.campagne()
    if campagne is not None:
        try:
            async with db.transaction() as tx:
                await use_cases.create_campagne(tx, campagne)
            return see_other(request, f"/campagnes?campagne={campagne.code}")
        except use_cases.NotPossible:
            filled.erreurs["nom"] = "Une autre campagne porte déjà ce nom."
    return _render(request, filled, status=422)


@router.get("/{code}/modifier")
async def show_form(request: Request, code: str, db: Db) -> Response:
    async with db.read() as connection:
        campagne = await _campagne(connection, code)
    return _render(request, CampagneForm.of(campagne), campagne)


@router.post("/{code}/modifier")
async def change(request: Request, code: str, db: Db) -> Response:
    form = await request.form()
    async with db.read() as connection:
        known = await _campagne(connection, code)
    filled = CampagneForm.read(form)
    if "ajouter" in form:
        return _render(request, filled, known)
    campagne = filled.campagne(known.code)
    if campagne is not None:
        try:
            async with db.transaction() as tx:
                await use_cases.change_campagne(tx, campagne)
            return see_other(request, f"/campagnes?campagne={code}")
        except use_cases.NotPossible as error:
            filled.erreurs[""] = str(error)
    return _render(request, filled, known, status=422)


def _render(request: Request, filled: CampagneForm, campagne: Campagne | None = None, *, status: int = 200) -> Response:
    rows = [*filled.animateurs, {}, {}] if filled.animateurs != [{}] else [{}, {}, {}]
    return page(
        request,
        "campagne_form.html",
        status=status,
        campagne=campagne,
        saisie=filled.saisie,
        thematiques=[*filled.thematiques, {}],
        animateurs=rows,
        creneaux=CRENEAUX,
        erreurs={name: typographie(sentence) for name, sentence in filled.erreurs.items()},
    )


@router.post("/{code}/ouvrir")
async def open_(request: Request, code: str, db: Db) -> Response:
    try:
        async with db.transaction() as tx:
            await use_cases.open_campagne(tx, code)
    except use_cases.NotPossible as error:
        raise PageError(409, "La campagne n’a pas été ouverte", str(error)) from None
    return see_other(request, f"/campagnes?campagne={code}")


@router.get("/{code}/clore")
async def explain_close(request: Request, code: str, db: Db) -> Response:
    async with db.read() as connection:
        campagne = await _campagne(connection, code)
        counts = await equipe.comptes(connection, code)
    if campagne.etat is not EtatCampagne.OUVERTE:
        return see_other(request, f"/campagnes?campagne={code}")
    return page(request, "clore.html", campagne=campagne, comptes=counts)


@router.post("/{code}/clore")
async def close(request: Request, code: str, db: Db) -> Response:
    try:
        async with db.transaction() as tx:
            await use_cases.close_campagne(tx, code)
    except use_cases.NotPossible as error:
        raise PageError(409, "La campagne n’a pas été close", str(error)) from None
    return see_other(request, f"/campagnes?campagne={code}")
