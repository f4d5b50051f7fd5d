"""The team's pages, under /groupes."""

from chassis.web.pages import team
from fastapi import APIRouter, Depends

from scheduling.http import campagnes, publication, remplacements, seances

router = APIRouter(dependencies=[Depends(team)])
for part in (campagnes.router, publication.router, remplacements.router, seances.router):
    router.include_router(part)

__all__ = ["router"]
