"""People in: participants by their link, the team once signed in."""

from fastapi import APIRouter

from feedback.http import equipe, questionnaire

router = APIRouter()
router.include_router(questionnaire.router)
router.include_router(equipe.router)
