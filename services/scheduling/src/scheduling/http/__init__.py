"""The team's pages, under /groupes."""

from chassis.web.pages import team
from fastapi import APIRouter, Depends

from scheduling.http import campagnes, publication, reorganisation, seances

router = APIRouter(dependencies=[Depends(team)])
for part in (campagnes.router, publication.router, reorganisation.router, seances.router):
    router.include_router(part)

__all__ = ["router"]
