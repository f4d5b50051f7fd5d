"""Rendering: every page gets the same frame, French filters and CSRF token."""

from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.templating import Jinja2Templates
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined, select_autoescape

from chassis.links import Links
from chassis.store import Database
from chassis.web.errors import PageError
from chassis.web.french import filters
from chassis.web.security import CSRF_COOKIE, Team, new_csrf_token, signed_in, team

SHARED = Path(__file__).parent / "templates"

__all__ = ["Db", "LinksDep", "PageError", "Team", "database", "make_templates", "page", "see_other", "team"]


def make_templates(folder: Path) -> Jinja2Templates:
    """The service's own templates before the shared ones."""
    environment = Environment(
        loader=ChoiceLoader([FileSystemLoader(folder), FileSystemLoader(SHARED)]),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(filters())
    return Jinja2Templates(env=environment)


def page(request: Request, template: str, /, *, status: int = 200, **context: Any) -> HTMLResponse:
    """Render a template of the service."""
    state = request.app.state
    token = request.cookies.get(CSRF_COOKIE) or new_csrf_token()
    frame = {
        "prefix": state.prefix,
        "static": f"{state.prefix}/static",
        "equipe": signed_in(request),
        "csrf_token": token,
        "nav": [],
    }
    response: HTMLResponse = state.templates.TemplateResponse(request, template, frame | context, status_code=status)
    if CSRF_COOKIE not in request.cookies:
        response.set_cookie(CSRF_COOKIE, token, httponly=True, samesite="lax", secure=state.secure, path="/")
    return response


def see_other(request: Request, path: str) -> RedirectResponse:
    """Go to another page of this service after a POST; `path` is without the service's prefix."""
    return RedirectResponse(f"{request.app.state.prefix}{path}", status_code=303)


def database(request: Request) -> Database:
    found: Database = request.app.state.database
    return found


def links(request: Request) -> Links:
    found: Links = request.app.state.links
    return found


Db = Annotated[Database, Depends(database)]
LinksDep = Annotated[Links, Depends(links)]
