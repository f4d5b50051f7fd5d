"""The team's pages: who takes part, what they think, what they wrote."""

from typing import Annotated
from uuid import UUID

from chassis.web.pages import Db, PageError, page, team
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, StreamingResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from feedback import figures
from feedback.domain import Campagne, Participation
from feedback.http import export

router = APIRouter(dependencies=[Depends(team)])

PAGE_SIZE = 50
_LAST_PAGE = 10_000

PageNumber = Annotated[int, Query(alias="page", ge=1, le=_LAST_PAGE)]
ThematiqueCode = Annotated[str, Query(pattern=r"^[a-z0-9-]*$", max_length=60)]


async def _choose(connection: AsyncConnection, code: str) -> tuple[list[Campagne], Campagne | None]:
    """Return every campagne and the one meant: the latest when none is named. Raises PageError for an unknown one."""
    campagnes = await figures.list_campagnes(connection)
    if not code:
        return campagnes, campagnes[0] if campagnes else None
    chosen = next((campagne for campagne in campagnes if campagne.code == code), None)
    if chosen is None:
        raise PageError(404, "Cette campagne n’existe pas", "Choisissez-en une dans la liste de la page des retours.")
    return campagnes, chosen


def _pages(count: int) -> int:
    return max(1, -(-count // PAGE_SIZE))


@router.get("/")
async def show_participation(request: Request, db: Db, campagne: str = "", numero: PageNumber = 1) -> HTMLResponse:
    now = db.clock()
    async with db.read() as connection:
        campagnes, chosen = await _choose(connection, campagne)
        if chosen is None:
            return page(request, "participation.html", campagnes=[], campagne=None)
        by_rang = await figures.participation_by_rang(connection, chosen.code, now)
        groupes = await figures.participation_by_groupe(
            connection, chosen.code, now, PAGE_SIZE, (numero - 1) * PAGE_SIZE
        )
        pages = _pages(await figures.count_groupes(connection, chosen.code))
        respondents, needs = await figures.needs(connection, chosen.code)
    return page(
        request,
        "participation.html",
        campagnes=campagnes,
        campagne=chosen,
        total=sum((participation for _, participation in by_rang), Participation()),
        rangs=by_rang,
        groupes=groupes,
        besoins=needs,
        repondants=respondents,
        page_courante=numero,
        pages=pages,
    )


@router.get("/groupes/{groupe}")
async def show_groupe(request: Request, groupe: UUID, db: Db) -> HTMLResponse:
    async with db.read() as connection:
        found = await figures.find_groupe(connection, groupe)
        if found is None:
            raise PageError(
                404, "Ce groupe n’existe pas", "Il a peut-être été dissous. Revenez à la liste des groupes."
            )
        groupe_found, code = found
        campagnes, campagne = await _choose(connection, code)
        seances = await figures.seances_held(connection, code, groupe, db.clock())
        count, verbatims = await figures.verbatims(connection, code, limit=PAGE_SIZE, groupe=groupe)
    return page(
        request,
        "groupe.html",
        campagnes=campagnes,
        campagne=campagne,
        groupe=groupe_found,
        seances=seances,
        total=sum((seance.participation for seance in seances), Participation()),
        nombre_verbatims=count,
        verbatims=verbatims,
    )


@router.get("/verbatims")
async def show_verbatims(
    request: Request, db: Db, campagne: str = "", thematique: ThematiqueCode = "", numero: PageNumber = 1
) -> HTMLResponse:
    async with db.read() as connection:
        campagnes, chosen = await _choose(connection, campagne)
        code = chosen.code if chosen else ""
        count, verbatims = await figures.verbatims(
            connection, code, limit=PAGE_SIZE, offset=(numero - 1) * PAGE_SIZE, thematique=thematique
        )
    return page(
        request,
        "verbatims.html",
        campagnes=campagnes,
        campagne=chosen,
        thematique=thematique,
        nombre_verbatims=count,
        verbatims=verbatims,
        page_courante=numero,
        pages=_pages(count),
    )


@router.get("/temoignages")
async def show_testimonials(request: Request, db: Db, campagne: str = "", numero: PageNumber = 1) -> HTMLResponse:
    async with db.read() as connection:
        campagnes, chosen = await _choose(connection, campagne)
        code = chosen.code if chosen else ""
        count, received = await figures.testimonials(connection, code, PAGE_SIZE, (numero - 1) * PAGE_SIZE)
    return page(
        request,
        "temoignages.html",
        campagnes=campagnes,
        campagne=chosen,
        temoignages=received,
        page_courante=numero,
        pages=_pages(count),
    )


@router.get("/export.csv")
async def download(db: Db, campagne: str = "") -> StreamingResponse:
    async with db.read() as connection:
        _, chosen = await _choose(connection, campagne)
    if chosen is None:
        raise PageError(404, "Il n’y a encore rien à télécharger", "Aucune campagne n’est connue.")
    return StreamingResponse(
        export.lines(db, chosen),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="retours-{chosen.code}.csv"'},
    )
