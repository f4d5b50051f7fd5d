"""People of a proposition: those without a place, and those found by name."""

from typing import Annotated
from uuid import UUID

from chassis.web.pages import Db, PageError, page
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from scheduling.http.etats import PEOPLE_PER_PAGE, find_campagne, find_shown, pages_of, read_etat
from scheduling.quality import make_report
from scheduling.repository import brouillons, pages, quality

router = APIRouter()


class FiltreAttente(BaseModel):
    """Which people without a place, as the address says."""

    proposition: UUID | None = None
    thematique: str = ""
    motif: str = ""
    numero: int = 1


@router.get("/campagnes/{code}/attente")
async def show_waiting(request: Request, db: Db, code: str, filtre: Annotated[FiltreAttente, Query()]) -> Response:
    async with db.read() as connection:
        etat = await read_etat(connection, await find_campagne(connection, code), filtre.proposition)
        if etat.montree is None:
            raise PageError(404, "Pas encore de groupes", "Formez d’abord les groupes de cette campagne.")
        chosen = filtre.thematique if filtre.thematique in etat.titres else ""
        cells = [c for c in await quality.cells(connection, etat.montree.id) if chosen in {"", c.thematique}]
        motifs = make_report(cells, None, etat.titres).motifs
        reason = filtre.motif if filtre.motif in motifs else ""
        total = motifs[reason] if reason else sum(motifs.values())
        count, current = pages_of(total, PEOPLE_PER_PAGE, filtre.numero)
        people = await pages.without_place(
            connection,
            etat.montree.id,
            chosen or None,
            reason or None,
            limit=PEOPLE_PER_PAGE,
            offset=(current - 1) * PEOPLE_PER_PAGE,
        )
    return page(
        request,
        "attente.html",
        etat=etat,
        people=people,
        total=total,
        thematique=chosen,
        motif=reason,
        motifs=motifs,
        numero=current,
        pages=count,
    )


@router.get("/propositions/{proposition}/personnes")
async def find_person(request: Request, db: Db, proposition: UUID, q: str = "", numero: int = 1) -> Response:
    typed = " ".join(q.replace("\x00", "").split())[:100]
    async with db.read() as connection:
        etat, _ = await find_shown(connection, proposition)
        total = await brouillons.count_by_name(connection, proposition, typed) if typed else 0
        count, current = pages_of(total, PEOPLE_PER_PAGE, numero)
        start = (current - 1) * PEOPLE_PER_PAGE
        people = await brouillons.find_by_name(connection, proposition, typed, limit=PEOPLE_PER_PAGE, offset=start)
    return page(
        request, "personnes.html", etat=etat, people=people, total=total, cherche=typed, numero=current, pages=count
    )
