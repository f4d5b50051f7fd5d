"""People in: the public pages and the team's."""

from fastapi import APIRouter

from registration.http import campagnes, inscriptions, public, suivi

router = APIRouter()
for part in (public, suivi, campagnes, inscriptions):
    router.include_router(part.router)

__all__ = ["router"]
