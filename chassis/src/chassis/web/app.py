"""The web application of one service: its pages under its prefix, sign-in, static files, health, polite errors."""

from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from chassis.links import Links
from chassis.logs import describe
from chassis.store import is_transient
from chassis.web import sign_in
from chassis.web.errors import PageError
from chassis.web.pages import make_templates, page
from chassis.web.security import (
    CachedFiles,
    RateLimit,
    SecurityHeaders,
    Sessions,
    SignInNeeded,
    check_csrf,
    sign_in_path,
)
from chassis.web.traced import Traced

if TYPE_CHECKING:
    from chassis.health import Health
    from chassis.service import Service

log = structlog.get_logger(__name__)

STATIC = Path(__file__).parent / "static"
NOT_FOUND = ("Page introuvable", "L’adresse est peut-être incomplète, ou la page n’existe plus.")
WRONG_ADDRESS = ("Cette demande n’est pas valable", "L’adresse ou le formulaire est incomplet.")
UNAVAILABLE = (
    "Le service est momentanément indisponible",
    "Rien n’est perdu : réessayez dans une minute.",
)
BROKEN = ("Une erreur s’est produite", "Elle a été signalée à l’équipe technique. Réessayez dans un instant.")


def make_app(service: "Service", health: "Health", *, pages: bool = True) -> FastAPI:
    """Build the application; without `pages` it only answers health and metrics."""
    app = FastAPI(title=service.name, docs_url=None, redoc_url=None, openapi_url=None)
    settings = service.settings
    secret_key = settings.secret_key.get_secret_value()
    app.state.prefix = service.prefix
    app.state.database = service.database
    app.state.settings = settings
    app.state.links = Links(secret_key)
    app.state.sessions = Sessions(secret_key, settings.team_password_hash.get_secret_value())
    app.state.sign_in_attempts = RateLimit(rate=0.2, burst=10)
    app.state.secure = settings.public_url.startswith("https://")
    app.state.templates = make_templates(service.templates)
    app.state.csrf_exempt_paths = tuple(f"{service.prefix}{path}" for path in service.csrf_exempt_paths)
    for name, value in service.state.items():
        setattr(app.state, name, value)
    app.include_router(health.router())
    if pages:
        framed = APIRouter(prefix=service.prefix, dependencies=[Depends(check_csrf)])
        framed.include_router(sign_in.router)
        framed.include_router(service.router)
        app.include_router(framed)
        app.mount(f"{service.prefix}/static", CachedFiles(directory=STATIC), name="static")
    _answer_errors(app)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(Traced)
    return app


def _answer_errors(app: FastAPI) -> None:
    def tell(request: Request, status: int, titre: str, texte: str) -> Response:
        return page(request, "erreur.html", status=status, titre=titre, message=texte)

    async def on_page_error(request: Request, error: Exception) -> Response:
        if not isinstance(error, PageError):
            raise error
        return tell(request, error.status, error.titre, error.texte)

    async def on_sign_in(request: Request, _error: Exception) -> Response:
        return RedirectResponse(sign_in_path(request.app.state.prefix, request), status_code=303)

    async def on_http(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return tell(request, status, *(NOT_FOUND if status in {404, 405} else WRONG_ADDRESS))

    async def on_validation(request: Request, _error: Exception) -> Response:
        return tell(request, 422, *WRONG_ADDRESS)

    async def on_failure(request: Request, error: Exception) -> Response:
        if is_transient(error):
            log.warning("page unavailable", error=type(error).__name__)
            return tell(request, 503, *UNAVAILABLE)
        log.error("page failed", route=getattr(request.scope.get("route"), "path", "?"), error=describe(error))
        return tell(request, 500, *BROKEN)

    app.add_exception_handler(PageError, on_page_error)
    app.add_exception_handler(SignInNeeded, on_sign_in)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(Exception, on_failure)
