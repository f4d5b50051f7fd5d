"""The questionnaire behind a signed link. GET shows, POST acts: mail scanners follow links."""

from datetime import datetime
from uuid import UUID

from chassis.web.pages import Db, LinksDep, PageError, page, see_other
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from feedback import repository, use_cases
from feedback.domain import NOTES, RANG_TEMOIGNAGE, TEXT_LENGTH, Ouverture, Questionnaire
from feedback.http import formulaire

router = APIRouter()

_NOTES = {1: "1 – Pas du tout", 2: "2 – Plutôt pas", 3: "3 – Moyennement", 4: "4 – Plutôt", 5: "5 – Tout à fait"}


@router.get("/questionnaire/{token}")
async def show_questionnaire(request: Request, token: str, db: Db, links: LinksDep) -> HTMLResponse:
    now = db.clock()
    async with db.read() as connection:
        questionnaire = await _find(connection, links.read("questionnaire", token, now))
    if refusal := _unanswerable(request, questionnaire, token, now):
        return refusal
    return _form(request, questionnaire, token, formulaire.initial(questionnaire), {})


@router.post("/questionnaire/{token}")
async def answer_questionnaire(request: Request, token: str, db: Db, links: LinksDep) -> Response:
    now = db.clock()
    saisie = formulaire.typed(await request.form())
    async with db.transaction() as tx:
        questionnaire = await _find(tx.connection, links.read("questionnaire", token, now))
        if refusal := _unanswerable(request, questionnaire, token, now):
            return refusal
        reponse, errors = formulaire.check(saisie, questionnaire)
        if reponse is None:
            return _form(request, questionnaire, token, saisie, errors)
        await use_cases.answer_questionnaire(tx, questionnaire, reponse)
    return see_other(request, f"/questionnaire/{token}/merci")


@router.get("/questionnaire/{token}/merci", response_model=None)
async def show_thanks(request: Request, token: str, db: Db, links: LinksDep) -> Response:
    now = db.clock()
    async with db.read() as connection:
        questionnaire = await _find(connection, links.read("questionnaire", token, now))
    if questionnaire.reponse is None:
        return see_other(request, f"/questionnaire/{token}")
    return _thanks(request, questionnaire, token, now)


async def _find(connection: AsyncConnection, ids: tuple[str, ...]) -> Questionnaire:
    try:
        seance, inscription = (UUID(part) for part in ids)
    except ValueError:
        raise PageError(404, "Ce lien n’est pas valide", "Ouvrez-le de nouveau depuis le message reçu.") from None
    questionnaire = await repository.find_questionnaire(connection, seance, inscription)
    if questionnaire is None:
        raise PageError(
            404,
            "Ce questionnaire n’est pas encore prêt",
            "Il le sera dans un instant : ouvrez de nouveau le lien dans quelques minutes.",
        )
    return questionnaire


def _unanswerable(request: Request, questionnaire: Questionnaire, token: str, now: datetime) -> HTMLResponse | None:
    """Return the page that says why there is nothing to fill in, or None."""
    ouverture = questionnaire.seance.ouverture(now)
    if ouverture is Ouverture.ANNULEE:
        raise PageError(
            410, "Cette séance a été annulée", "Il n’y a donc pas de questionnaire. Vous n’avez rien à faire."
        )
    if not questionnaire.is_expected:
        raise PageError(
            410,
            "Ce questionnaire ne vous concerne plus",
            "Vous ne faisiez plus partie de ce groupe le jour de la séance. Vous n’avez rien à faire.",
        )
    if ouverture is Ouverture.A_VENIR:
        return page(request, "a_venir.html", questionnaire=questionnaire)
    if ouverture is Ouverture.CLOSE:
        if questionnaire.reponse is not None:
            return _thanks(request, questionnaire, token, now)
        raise PageError(
            410, "Le délai pour répondre est passé", "Merci de votre participation. Vous n’avez rien à faire."
        )
    return None


def _form(
    request: Request,
    questionnaire: Questionnaire,
    token: str,
    saisie: formulaire.Saisie,
    errors: dict[str, str],
) -> HTMLResponse:
    return page(
        request,
        "questionnaire.html",
        status=422 if errors else 200,
        questionnaire=questionnaire,
        token=token,
        saisie=saisie,
        erreurs=errors,
        notes=[(str(note), _NOTES[note], None) for note in NOTES],
        thematiques=[(t.code, t.titre, None) for t in questionnaire.campagne.thematiques],
        longueur=TEXT_LENGTH,
    )


def _thanks(request: Request, questionnaire: Questionnaire, token: str, now: datetime) -> HTMLResponse:
    return page(
        request,
        "merci.html",
        questionnaire=questionnaire,
        token=token,
        modifiable=questionnaire.seance.ouverture(now) is Ouverture.OUVERTE,
        reste=RANG_TEMOIGNAGE - questionnaire.seance.rang,
    )
