"""People in: the team sees and sends again, a participant chooses which mails to receive."""

from math import ceil
from typing import Annotated, Final
from urllib.parse import urlencode
from uuid import UUID

from chassis.web.pages import Db, LinksDep, PageError, Team, database, page, see_other
from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from notification import use_cases
from notification.domain import Etat, Modele
from notification.dossiers import load_jobs
from notification.repository import envois, projection
from notification.repository.envois import Filters
from notification.writing import Writer, Written

router = APIRouter()

PAGE_SIZE: Final = 50
MODELES: Final = {
    Modele.VALIDEE: "Inscription enregistrée",
    Modele.REFUSEE: "Inscription refusée",
    Modele.ANNULEE: "Inscription retirée",
    Modele.AFFECTATION: "Décision",
    Modele.INVITATION: "Invitation",
    Modele.SEANCE_DEPLACEE: "Séance déplacée",
    Modele.SEANCE_ANNULEE: "Séance annulée",
    Modele.SEANCE_RETIREE: "Séance retirée de l’agenda",
    Modele.RAPPEL: "Rappel",
    Modele.QUESTIONNAIRE: "Questionnaire",
}
ETATS: Final = {
    Etat.A_ENVOYER: ("À envoyer", "info"),
    Etat.EN_COURS: ("En cours", "info"),
    Etat.ENVOYE: ("Envoyé", "succes"),
    Etat.ECHOUE: ("Échoué", "erreur"),
    Etat.INCERTAIN: ("Incertain", "attention"),
    Etat.ABANDONNE: ("Abandonné", "neutre"),
}
# The mail's own style attributes are allowed in its frame, and nothing else is: no script, no image, no link out.
_PREVIEW_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"


def _unknown() -> PageError:
    return PageError(404, "Ce message n’existe pas", "Revenez à la liste des messages.")


@router.get("/")
async def show_messages(
    request: Request,
    db: Db,
    _equipe: Team,
    *,
    modele: str = "",
    etat: str = "",
    adresse: Annotated[str, Query(max_length=200)] = "",
    numero: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
) -> HTMLResponse:
    filters = Filters(modele, etat, adresse.strip().replace("\x00", ""))
    async with db.read() as connection:
        lines, total = await envois.page(connection, filters, number=numero, size=PAGE_SIZE)
        counts = await envois.counts(connection)
    kept = urlencode({name: value for name in Filters.__slots__ if (value := getattr(filters, name))})
    return page(
        request,
        "messages/liste.html",
        lignes=lines,
        total=total,
        comptes=counts,
        filtres=filters,
        page=numero,
        pages=ceil(total / PAGE_SIZE),
        url=f"?{kept}{'&' if kept else ''}page={{page}}",
        modeles=MODELES,
        etats=ETATS,
    )


async def _written(request: Request, identifier: UUID) -> Written | None:
    """Write the mail as it would leave now; None when what it is about is not known."""
    db, writer = database(request), request.app.state.writer
    if not isinstance(writer, Writer):
        raise TypeError("app.state.writer is not a Writer")
    async with db.read() as connection:
        envoi = await envois.by_id(connection, identifier)
        if envoi is None:
            raise _unknown()
        (job,) = await load_jobs(connection, writer, [envoi], db.clock())
    try:
        return writer.write(job.dossier) if job.dossier else None
    except LookupError:
        return None


@router.get("/envois/{identifier}")
async def show_message(
    request: Request, db: Db, _equipe: Team, identifier: UUID, *, renvoye: bool = False
) -> HTMLResponse:
    async with db.read() as connection:
        line = await envois.line(connection, identifier)
    if line is None:
        raise _unknown()
    return page(
        request,
        "messages/envoi.html",
        ligne=line,
        ecrit=await _written(request, identifier),
        renvoye=renvoye,
        modeles=MODELES,
        etats=ETATS,
    )


@router.get("/envois/{identifier}/apercu")
async def preview_message(request: Request, _equipe: Team, identifier: UUID) -> Response:
    """The HTML part alone, for the frame of the page above."""
    written = await _written(request, identifier)
    if written is None:
        raise _unknown()
    return HTMLResponse(written.html, headers={"Content-Security-Policy": _PREVIEW_POLICY})


@router.post("/envois/{identifier}/renvoyer")
async def send_again(request: Request, db: Db, _equipe: Team, identifier: UUID) -> RedirectResponse:
    async with db.transaction() as tx:
        copy = await use_cases.send_again(tx, identifier)
    if copy is None:
        raise PageError(409, "Ce message est déjà en route", "Attendez qu’il soit parti pour l’envoyer de nouveau.")
    return see_other(request, f"/envois/{copy}?renvoye=true")


@router.post("/envois/{identifier}/classer")
async def settle_message(request: Request, db: Db, _equipe: Team, identifier: UUID) -> RedirectResponse:
    async with db.transaction() as tx:
        await use_cases.settle(tx, identifier)
    return see_other(request, f"/envois/{identifier}")


@router.get("/preferences/{token}")
async def show_preferences(
    request: Request, db: Db, links: LinksDep, token: str, *, change: bool = False
) -> HTMLResponse:
    (inscription,) = links.read("preferences", token, db.clock())
    async with db.read() as connection:
        people = await projection.people_by_id(connection, [UUID(inscription)])
    if not people:
        raise PageError(404, "Cette inscription n’est pas connue", "Ouvrez de nouveau le lien depuis votre message.")
    (person,) = people.values()
    suivi = f"/suivi/{links.sign('suivi', inscription)}"
    return page(request, "messages/preferences.html", personne=person, token=token, change=change, suivi=suivi)


@router.post("/preferences/{token}")
async def change_preferences(
    request: Request,
    db: Db,
    links: LinksDep,
    token: str,
    messages: Annotated[str, Form()] = "non",
) -> Response:
    """Act on the page's form, and on a mail program's one click (RFC 8058), whose body names no choice: it means no.

    The signed link is the permission: a mail program has neither cookie nor token.
    """
    (inscription,) = links.read("preferences", token, db.clock())
    async with db.transaction() as tx:
        await use_cases.set_messages_wanted(tx, UUID(inscription), wanted=messages == "oui")
    return see_other(request, f"/preferences/{token}?change=true")
