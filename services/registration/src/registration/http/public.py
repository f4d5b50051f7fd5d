"""The public pages: home, and the form in three steps, each sent, kept, and answered by a redirection."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from chassis.ids import uuid7
from chassis.links import Links
from chassis.web.french import typographie
from chassis.web.pages import Db, LinksDep, see_other
from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from registration import use_cases
from registration.domain import Campagne
from registration.http import inscription_form as form_of
from registration.http.frame import Known, Now, current_campagnes, limit_rate, public_page, text_of
from registration.repository import brouillons, campagnes
from registration.repository.brouillons import Contenu

router = APIRouter()

UNCHECKED = frozenset(("chercher", "retour"))
"""The buttons that keep what was typed without asking whether it is right."""

Step = Annotated[int, Path(ge=1, le=3)]


@dataclass(frozen=True, slots=True)
class Draft:
    """The form that a link opens: `campagne` is None when none takes inscriptions."""

    id: UUID
    token: str
    campagne: Campagne | None
    contenu: Contenu
    is_kept: bool
    is_sent: bool

    def path(self, step: int, suffix: str = "") -> str:
        return f"/inscription/{self.token}/{step}{suffix}"


def follow_path(links: Links, inscription: UUID) -> str:
    return f"/suivi/{links.sign('suivi', str(inscription))}"


async def _read_draft(connection: AsyncConnection, links: Links, token: str, now: datetime) -> Draft:
    (identity,) = links.read("brouillon", token, now)
    kept = await brouillons.get(connection, UUID(identity))
    taking, _ = await current_campagnes(connection, now)
    campagne = taking[0] if taking else None
    if kept is not None:
        own = await campagnes.get(connection, kept.campagne)
        campagne = own if own is not None and own.receives(now) else None
    sent = kept is not None and kept.envoye_le is not None
    return Draft(UUID(identity), token, campagne, kept.contenu if kept else {}, kept is not None, sent)


@router.get("/")
async def home(request: Request, db: Db, now: Now) -> Response:
    async with db.read() as connection:
        taking, coming = await current_campagnes(connection, now)
    return public_page(request, "accueil.html", ouvertes=taking, prochaine=coming)


@router.get("/collectivites")
async def search(known: Known, q: Annotated[str, Query(max_length=200)] = "") -> Response:
    """Answer the combobox: [{cle, libelle, detail}]."""
    return JSONResponse(form_of.choices(q.replace("\x00", "").strip(), known))


@router.get("/inscription")
async def start(request: Request, db: Db, links: LinksDep, now: Now, thematique: str = "") -> Response:
    async with db.read() as connection:
        taking, coming = await current_campagnes(connection, now)
    if not taking:
        return public_page(request, "ferme.html", prochaine=coming)
    token = links.sign("brouillon", str(uuid7()))
    known = {t.code for t in taking[0].thematiques}
    return see_other(request, f"/inscription/{token}/1" + (f"?thematique={thematique}" if thematique in known else ""))


@router.get("/inscription/{token}/{step}")
async def show_step(
    request: Request, *, token: str, step: Step, db: Db, links: LinksDep, known: Known, now: Now, thematique: str = ""
) -> Response:
    async with db.read() as connection:
        draft = await _read_draft(connection, links, token, now)
        _, coming = await current_campagnes(connection, now)
    if draft.is_sent:
        return see_other(request, follow_path(links, draft.id))
    if draft.campagne is None:
        return public_page(request, "ferme.html", prochaine=coming)
    if step > 1 and not draft.is_kept:
        return see_other(request, draft.path(1, "?expire=1"))
    typed = {"thematique": thematique, **draft.contenu} if thematique else draft.contenu
    to_correct = "corriger" in request.query_params
    erreurs = form_of.errors_of(step, typed, draft.campagne, known) if to_correct else {}
    return _render(request, draft, draft.campagne, step=step, typed=typed, known=known, erreurs=erreurs)


@router.post("/inscription/{token}/{step}", dependencies=[Depends(limit_rate)])
async def send_step(
    request: Request, *, token: str, step: Step, db: Db, links: LinksDep, known: Known, now: Now
) -> Response:
    form = await request.form()
    async with db.transaction() as tx:
        draft = await _read_draft(tx.connection, links, token, now)
        if draft.is_sent or draft.campagne is None:
            _, coming = await current_campagnes(tx.connection, now)
            sent = see_other(request, follow_path(links, draft.id))
            return sent if draft.is_sent else public_page(request, "ferme.html", prochaine=coming)
        if step > 1 and not draft.is_kept:
            return see_other(request, draft.path(1, "?expire=1"))
        typed = {**draft.contenu, **form_of.read_step(step, form, draft.campagne)}
        if preset := text_of(form, "thematique_choisie"):
            typed.setdefault("thematique", preset)
        await brouillons.save(tx.connection, draft.id, draft.campagne.code, typed, now)
        erreurs = form_of.errors_of(step, typed, draft.campagne, known) if form.keys().isdisjoint(UNCHECKED) else {}
        if erreurs or "chercher" in form:
            status = 422 if erreurs else 200
            return _render(
                request,
                draft,
                draft.campagne,
                step=step,
                typed=typed,
                known=known,
                erreurs=erreurs,
                search=True,
                status=status,
            )
        if (following := _following(step, typed, draft.campagne, known, back="retour" in form)) is not None:
            return see_other(request, draft.path(*following))
        await use_cases.send_inscription(tx, form_of.as_recue(draft.id, typed, draft.campagne, known, now))
    return see_other(request, follow_path(links, draft.id))


def _following(step: int, typed: Contenu, campagne: Campagne, known: Known, *, back: bool) -> tuple[int, str] | None:
    """Return the step to go to and what follows it in the address; None sends the form."""
    if back:
        return max(1, step - 1), ""
    if step < form_of.STEPS[-1]:
        return step + 1, ""
    wrong = form_of.first_wrong_step(typed, campagne, known)
    return (wrong, "?corriger=1") if wrong else None


def _render(
    request: Request,
    draft: Draft,
    campagne: Campagne,
    *,
    step: int,
    typed: Contenu,
    known: Known,
    erreurs: form_of.Erreurs,
    search: bool = False,
    status: int = 200,
) -> Response:
    body = form_of.chosen(typed, known)
    written = typed.get("collectivite_texte", "")
    context: dict[str, Any] = {
        "etape": step,
        "brouillon": draft,
        "campagne": campagne,
        "saisie": typed,
        "erreurs": {field: typographie(sentence) for field, sentence in erreurs.items()},
        "situation_max": form_of.SITUATION_MAX,
        "disponibilites": form_of.disponibilites(typed, campagne),
        "collectivite": body,
        "collectivite_cle": typed.get("collectivite", "") if body else "",
        "collectivite_detail": form_of.detail_of(body) if body else None,
        "resultats": form_of.choices(written, known) if search and body is None else None,
        "expire": "expire" in request.query_params,
    }
    return public_page(request, f"etape{step}.html", status=status, **context)
