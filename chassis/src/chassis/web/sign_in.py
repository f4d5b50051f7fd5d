"""The team's sign-in and sign-out pages, the same in every service."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from chassis.web.pages import page
from chassis.web.security import SESSION_SECONDS, TEAM_COOKIE, RateLimit, Sessions, safe_next

router = APIRouter()

TEAM_HOME = "/campagnes"


@router.get("/connexion")
async def show(request: Request, suite: str = TEAM_HOME) -> Response:
    return page(request, "connexion.html", suite=safe_next(suite, TEAM_HOME), erreurs={})


@router.post("/connexion")
async def sign_in(
    request: Request, mot_de_passe: Annotated[str, Form()] = "", suite: Annotated[str, Form()] = TEAM_HOME
) -> Response:
    sessions: Sessions = request.app.state.sessions
    following = safe_next(suite, TEAM_HOME)
    client = request.client.host if request.client else ""
    attempts: RateLimit = request.app.state.sign_in_attempts
    if not attempts.allows(client):
        erreurs = {"mot_de_passe": "Trop d’essais : attendez une minute avant de recommencer."}
        return page(request, "connexion.html", status=429, suite=following, erreurs=erreurs)
    if not sessions.accepts(mot_de_passe):
        erreurs = {"mot_de_passe": "Ce mot de passe n’est pas le bon."}
        return page(request, "connexion.html", status=403, suite=following, erreurs=erreurs)
    response = RedirectResponse(following, status_code=303)
    response.set_cookie(
        TEAM_COOKIE,
        sessions.cookie(),
        max_age=SESSION_SECONDS,
        httponly=True,
        samesite="lax",
        secure=request.app.state.secure,
        path="/",
    )
    return response


@router.post("/deconnexion")
async def sign_out() -> Response:
    response = RedirectResponse("/", status_code=303)
    response.delete_cookie(TEAM_COOKIE, path="/")
    return response
