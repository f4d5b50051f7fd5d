"""What the pages of this service share: dependencies, typed text, the footer that cites its source."""

from datetime import datetime
from typing import Annotated, Any

from chassis.web.pages import Db, PageError, page
from chassis.web.security import RateLimit
from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.datastructures import FormData

from registration.admission import Collectivites
from registration.collectivites import LICENCE, SOURCE, SOURCE_DATE, SOURCE_URL
from registration.domain import Campagne, EtatCampagne
from registration.repository import campagnes


def _known(request: Request) -> Collectivites:
    found: Collectivites = request.app.state.collectivites
    return found


def _now(database: Db) -> datetime:
    return database.clock()


Known = Annotated[Collectivites, Depends(_known)]
Now = Annotated[datetime, Depends(_now)]


def limit_rate(request: Request) -> None:
    """Refuse a client that sends forms faster than people do; the address is the one that our proxy tells."""
    limit: RateLimit = request.app.state.rate_limit
    if not limit.allows(request.client.host if request.client else ""):
        raise PageError(
            429,
            "Trop d’envois à la suite",
            "Beaucoup de formulaires arrivent de votre réseau. Attendez une minute, puis réessayez.",
        )


def text_of(form: FormData, name: str) -> str:
    """Return one typed value, without what a database can't keep."""
    value = form.get(name, "")
    return value.replace("\x00", "").strip() if isinstance(value, str) else ""


def texts_of(form: FormData, name: str) -> list[str]:
    return [value.replace("\x00", "").strip() for value in form.getlist(name) if isinstance(value, str)]


def public_page(request: Request, template: str, /, *, status: int = 200, **context: Any) -> HTMLResponse:
    """Render a page for the public, whose footer names the source of the collectivités."""
    source = {"nom": SOURCE, "date": SOURCE_DATE, "url": SOURCE_URL, "licence": LICENCE}
    return page(request, template, status=status, source=source, **context)


async def current_campagnes(connection: AsyncConnection, now: datetime) -> tuple[list[Campagne], Campagne | None]:
    """Return the campagnes that take inscriptions now, and the next one that is announced."""
    every = await campagnes.all_of_them(connection)
    taking = [campagne for campagne in every if campagne.receives(now)]
    coming = [c for c in every if c.etat is EtatCampagne.OUVERTE and c.inscriptions_du > now]
    return taking, min(coming, key=lambda c: c.inscriptions_du, default=None)
