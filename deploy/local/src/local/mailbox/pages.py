"""The pages under /mails/: what a person received, as they would see it.

A mail is somebody else's HTML: it is shown in a frame of its own that can run nothing and load nothing.
"""

import re
from email.message import EmailMessage, MIMEPart
from pathlib import Path
from typing import Any
from urllib.parse import quote

from chassis.web import french
from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

import chassis
from local.mailbox.store import PAGE_SIZE, MailStore, parse

_WEB = Path(chassis.__file__).parent / "web"
_FRAME_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"
)
_HEAD = re.compile(r"(<head\b[^>]*>)", re.IGNORECASE)
_OUT_OF_FRAME = '<base target="_top">'
_LARGEST_LIST = 1000


def _templates() -> Environment:
    folders = [Path(__file__).parent / "templates", _WEB / "templates"]
    templates = Environment(loader=FileSystemLoader(folders), autoescape=select_autoescape())
    templates.filters.update(french.filters())
    templates.globals["static"] = "/mails/static"
    return templates


class _Pages:
    def __init__(self, store: MailStore) -> None:
        self._store = store
        self._templates = _templates()

    def _page(self, template: str, **context: Any) -> HTMLResponse:
        content = self._templates.get_template(template).render(context)
        return HTMLResponse(content, context.get("status", 200))

    def _unknown(self) -> HTMLResponse:
        return self._page(
            "erreur.html",
            status=404,
            titre="Ce message n’existe pas",
            message="Il a pu être effacé avec les données de la plateforme.",
        )

    async def listing(self, request: Request) -> Response:
        search = request.query_params.get("q", "").strip()
        page = _number(request.query_params.get("page"), 1)
        mails, total = self._store.search(search, page)
        pages = max(1, -(-total // PAGE_SIZE))
        if page > pages:
            return RedirectResponse(f"/mails/?q={quote(search)}&page={pages}", 303)
        return self._page("mails.html", mails=mails, total=total, page=page, pages=pages, recherche=search)

    async def one(self, request: Request) -> Response:
        found = self._store.get(request.path_params["mail_id"])
        if found is None:
            return self._unknown()
        mail, raw = found
        message = parse(raw)
        return self._page(
            "mail.html",
            mail=mail,
            entetes=[(name, str(value)) for name, value in message.items()],
            texte=_text(message, "plain"),
            a_du_html=_text(message, "html") is not None,
            pieces=[_piece_name(part, rank) for rank, part in enumerate(_pieces(message))],
        )

    async def html(self, request: Request) -> Response:
        found = self._store.get(request.path_params["mail_id"])
        html = _text(parse(found[1]), "html") if found else None
        if html is None:
            return self._unknown()
        # Links leave the frame: the page they open must not be shut in with the mail.
        html, in_head = _HEAD.subn(r"\1" + _OUT_OF_FRAME, html, count=1)
        if not in_head:
            html = _OUT_OF_FRAME + html
        return HTMLResponse(html, headers={"Content-Security-Policy": _FRAME_POLICY})

    async def source(self, request: Request) -> Response:
        found = self._store.get(request.path_params["mail_id"])
        return PlainTextResponse(found[1]) if found else self._unknown()

    async def piece(self, request: Request) -> Response:
        found = self._store.get(request.path_params["mail_id"])
        pieces = _pieces(parse(found[1])) if found else []
        rank = request.path_params["rank"]
        if rank >= len(pieces):
            return self._unknown()
        content = pieces[rank].get_payload(decode=True)
        name = quote(_piece_name(pieces[rank], rank))
        return Response(
            content if isinstance(content, bytes) else b"",
            media_type=pieces[rank].get_content_type(),
            headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}"},
        )

    async def api_list(self, request: Request) -> Response:
        after = _number(request.query_params.get("apres"), 0)
        limit = min(_number(request.query_params.get("limite"), _LARGEST_LIST), _LARGEST_LIST)
        mails = self._store.after(after, request.query_params.get("to"), limit)
        return JSONResponse(
            [{"id": m.id, "to": m.recipient, "subject": m.subject, "received": m.received.isoformat()} for m in mails]
        )

    async def api_one(self, request: Request) -> Response:
        found = self._store.get(request.path_params["mail_id"])
        return Response(found[1], media_type="message/rfc822") if found else Response(status_code=404)


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < len("1" * 16) else default


def _text(message: EmailMessage, kind: str) -> str | None:
    part = message.get_body((kind,))
    return str(part.get_content()) if part is not None else None


def _pieces(message: EmailMessage) -> list[MIMEPart]:
    """Whatever isn't one of the two texts to read: attachments, and the invitation beside the texts."""
    return [
        part
        for part in message.walk()
        if isinstance(part, MIMEPart)
        and not part.is_multipart()
        and (part.is_attachment() or part.get_content_type() not in {"text/plain", "text/html"})
    ]


def _piece_name(part: MIMEPart, rank: int) -> str:
    endings = {"text/calendar": "ics"}
    return part.get_filename() or f"piece-{rank + 1}.{endings.get(part.get_content_type(), 'bin')}"


def pages(store: MailStore) -> Starlette:
    """Build the application; every address begins with /mails."""
    view = _Pages(store)
    return Starlette(
        routes=[
            Route("/mails", lambda _request: RedirectResponse("/mails/", 308)),
            Route("/mails/", view.listing),
            Route("/mails/api", view.api_list),
            Route("/mails/api/{mail_id:int}", view.api_one),
            Route("/mails/{mail_id:int}", view.one),
            Route("/mails/{mail_id:int}/html", view.html),
            Route("/mails/{mail_id:int}/source", view.source),
            Route("/mails/{mail_id:int}/piece/{rank:int}", view.piece),
            Mount("/mails/static", StaticFiles(directory=_WEB / "static")),
        ]
    )
