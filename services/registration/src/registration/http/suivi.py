"""The follow page of one inscription, behind a signed link: GET shows, POST acts."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from chassis.links import Links
from chassis.web.pages import Db, LinksDep, PageError, see_other
from contracts.events import InscriptionRecue
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from registration import use_cases
from registration.domain import Campagne, EtatInscription, may_be_sent_again
from registration.http import inscription_form as form_of
from registration.http.frame import Known, Now, limit_rate, public_page
from registration.repository import campagnes, inscriptions, suivi
from registration.repository.suivi import Suivi

router = APIRouter(prefix="/suivi/{token}")
PROMISED: Final = timedelta(seconds=30)
"""What « quelques secondes » may mean at most."""


@dataclass(frozen=True, slots=True)
class View:
    """What the page says: `etat` names its sentence; `is_final` ends the polling.

    `is_slow`: the answer takes longer than the page promises, as when Kafka is away.
    """

    etat: str
    suivi: Suivi | None
    campagne: Campagne | None
    is_slow: bool = False

    @property
    def is_final(self) -> bool:
        return self.etat not in {"en_cours", "retrait_en_cours"}

    @property
    def may_withdraw(self) -> bool:
        return self.etat in {"validee", "retenue", "liste_attente"}

    @property
    def may_correct(self) -> bool:
        return self.suivi is not None and may_be_sent_again(self.suivi.etat, self.suivi.code)


def _state_of(found: Suivi | None) -> str:
    if found is None:
        return "en_cours"
    if found.retrait_en_cours:
        return "retrait_en_cours"
    if found.etat is EtatInscription.VALIDEE and found.affectation is not None:
        return found.affectation.decision
    return found.etat.value


def _identity(links: Links, token: str, now: datetime) -> UUID:
    (identity,) = links.read("suivi", token, now)
    return UUID(identity)


async def _view(connection: AsyncConnection, inscription: UUID, now: datetime) -> View:
    found = await suivi.get(connection, inscription)
    campagne = await campagnes.get(connection, found.campagne) if found else None
    view = View(_state_of(found), found, campagne)
    if view.is_final:
        return view
    since = await suivi.waiting_since(connection, inscription)
    return replace(view, is_slow=since is None or now - since > PROMISED)


def _render(request: Request, template: str, token: str, view: View, **more: Any) -> Response:
    return public_page(request, template, vue=view, suivi=view.suivi, campagne=view.campagne, token=token, **more)


@router.get("")
async def show(request: Request, token: str, db: Db, links: LinksDep, now: Now) -> Response:
    async with db.read() as connection:
        view = await _view(connection, _identity(links, token, now), now)
    return _render(request, "suivi.html", token, view)


@router.get("/etat")
async def show_state(request: Request, token: str, db: Db, links: LinksDep, now: Now) -> Response:
    """Answer the page that waits with the part that changes."""
    async with db.read() as connection:
        view = await _view(connection, _identity(links, token, now), now)
    response = _render(request, "suivi_etat.html", token, view)
    if view.is_final:
        response.headers["X-Termine"] = "1"
    return response


@router.get("/retrait")
async def explain_withdrawal(request: Request, token: str, db: Db, links: LinksDep, now: Now) -> Response:
    async with db.read() as connection:
        view = await _view(connection, _identity(links, token, now), now)
    if not view.may_withdraw:
        return see_other(request, f"/suivi/{token}")
    return _render(request, "retrait.html", token, view)


@router.post("/retrait", dependencies=[Depends(limit_rate)])
async def withdraw(request: Request, token: str, db: Db, links: LinksDep, now: Now) -> Response:
    inscription = _identity(links, token, now)
    async with db.transaction() as tx:
        await use_cases.withdraw_inscription(tx, inscription)
    return see_other(request, f"/suivi/{token}")


@router.post("/corriger", dependencies=[Depends(limit_rate)])
async def correct(request: Request, *, token: str, db: Db, links: LinksDep, known: Known, now: Now) -> Response:
    inscription = _identity(links, token, now)
    async with db.transaction() as tx:
        demande = await inscriptions.get_demande(tx.connection, inscription)
        if demande is None:
            raise PageError(409, "Rien à corriger", "Votre inscription est encore en cours de vérification.")
        typed = form_of.as_typed(InscriptionRecue.model_validate(demande), known)
        try:
            await use_cases.correct_inscription(tx, inscription, typed)
        except use_cases.NotPossible as error:
            raise PageError(409, "Rien à corriger", str(error)) from None
    return see_other(request, f"/inscription/{links.sign('brouillon', str(inscription))}/1")
