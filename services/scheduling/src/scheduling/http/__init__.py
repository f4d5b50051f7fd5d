"""The team's pages, under /groupes."""

from chassis.web.pages import team
from fastapi import APIRouter, Depends

from scheduling.http import campagnes, comparaison, echanges, mouvements, personnes, publication, remplacements, seances

router = APIRouter(dependencies=[Depends(team)])
for part in (
    campagnes.router,
    personnes.router,
    mouvements.router,
    echanges.router,
    comparaison.router,
    publication.router,
    remplacements.router,
    seances.router,
):
    router.include_router(part)

__all__ = ["router"]
