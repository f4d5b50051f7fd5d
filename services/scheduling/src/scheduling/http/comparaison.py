"""Two propositions of a campagne side by side."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.web.pages import Db, PageError, page
from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduling.domain import Avancement
from scheduling.http.etats import PEOPLE_PER_PAGE, Etat, find_campagne, pages_of, read_etat
from scheduling.quality import Ligne, make_report
from scheduling.repository import compare, mouvements, pages, quality

router = APIRouter()


@router.get("/campagnes/{code}/comparer")
async def compare_propositions(
    request: Request,
    db: Db,
    code: str,
    *,
    avant: UUID | None = None,
    apres: UUID | None = None,
    genre: str = "",
    numero: int = 1,
) -> Response:
    async with db.read() as connection:
        etat = await read_etat(connection, await find_campagne(connection, code))
        if len(etat.pretes) < 2:  # noqa: PLR2004 - it takes two
            raise PageError(404, "Rien à comparer", "Formez les groupes à nouveau pour avoir deux propositions.")
        second = next((p for p in etat.pretes if p.id == apres), etat.pretes[0])
        others = [p for p in etat.pretes if p.id != second.id]
        first = next((p for p in others if p.id == avant), others[0])
        counts = await compare.count_differences(connection, first.id, second.id)
        kind = genre if genre in counts else max(counts, key=lambda k: counts[k])
        count, current = pages_of(counts[kind], PEOPLE_PER_PAGE, numero)
        people = await compare.differences(
            connection, first.id, second.id, kind, limit=PEOPLE_PER_PAGE, offset=(current - 1) * PEOPLE_PER_PAGE
        )
        sides = [await _side(connection, etat, p) for p in (first, second)]
    return page(
        request,
        "comparer.html",
        etat=etat,
        avant=sides[0],
        apres=sides[1],
        tailles=_pairs(*(side["rapport"].tailles for side in sides)),
        thematiques=_pairs(*(side["rapport"].thematiques for side in sides)),
        ecarts=counts,
        genre=kind,
        people=people,
        numero=current,
        pages=count,
    )


async def _side(connection: AsyncConnection, etat: Etat, proposition: Avancement) -> dict[str, Any]:
    return {
        "proposition": proposition,
        "rapport": make_report(await quality.cells(connection, proposition.id), proposition.bilan, etat.titres),
        "groupes": sum((await pages.count_groupes(connection, proposition.id)).values()),
        "mouvements": await mouvements.count(connection, proposition.id),
    }


def _pairs(first: Sequence[Ligne], second: Sequence[Ligne]) -> list[tuple[str, int, int]]:
    """Return the title of each line with the people placed on either side."""
    titles = {line.code: line.titre for line in (*first, *second)}
    one, two = ({line.code: line.places for line in side} for side in (first, second))
    return [(title, one.get(code, 0), two.get(code, 0)) for code, title in titles.items()]
