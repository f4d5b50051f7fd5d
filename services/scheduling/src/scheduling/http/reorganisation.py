"""Replanning: tell what has come in between, read what it changes, confirm."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from chassis.web.french import typographie
from chassis.web.pages import Db, PageError, page, see_other
from contracts.model import FIRST_YEAR, LAST_YEAR
from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from scheduling import use_cases
from scheduling.domain import PARIS, Refused
from scheduling.http.etats import find_campagne
from scheduling.reorganisation import AnimateurAbsent, AutreCreneau, AutreJour, Evenement, JourExclu
from scheduling.replanner import Replanner
from scheduling.repository import absences, groupes, propositions
from scheduling.use_cases.impact import Impact
from scheduling.use_cases.reorganise import Situation

router = APIRouter()

_OTHER = "Les conséquences ont changé depuis que vous les avez lues : rien n’a été modifié. Relisez-les et confirmez."


class Demande(BaseModel):
    """The form as it was typed; which fields count depends on `quoi`."""

    campagne: str = ""
    quoi: str = ""
    animateur: str = ""
    du: str = ""
    au: str = ""
    jour: str = ""
    groupe: str = ""
    creneau: str = ""
    seance: str = ""


class Confirmation(Demande):
    """`empreinte` names the consequences that the team has read."""

    empreinte: str = ""
    annuler: str = ""


class Invalid(Exception):
    """What was typed can't be read; `erreurs` by field, in French."""

    def __init__(self, erreurs: dict[str, str]) -> None:
        super().__init__(", ".join(erreurs))
        self.erreurs = erreurs


def replanner(request: Request) -> Replanner:
    found: Replanner = request.app.state.replanner
    return found


Solver = Annotated[Replanner, Depends(replanner)]


@router.get("/seances/reorganiser")
async def show_form(request: Request, db: Db, form: Annotated[Demande, Query()]) -> Response:
    return await _show_form(request, db, form, {})


async def _show_form(request: Request, db: Db, form: Demande, erreurs: dict[str, str]) -> Response:
    today = db.clock().astimezone(PARIS).date()
    async with db.read() as connection:
        campagne = await find_campagne(connection, form.campagne)
        published = (await propositions.published(connection, [campagne.code])).get(campagne.code)
        if published is None:
            raise PageError(404, "Rien à réorganiser", "Les groupes de cette campagne ne sont pas publiés.")
        formed = await groupes.of_proposition(connection, published)
        names = {g.animateur: g.animateur_nom for g in formed} | {a.id: a.nom for a in campagne.donnees.animateurs}
        away = await absences.absences_of(connection, names, today)
        struck = [d for d in await absences.struck_days(connection, campagne.code) if d >= today]
    return page(
        request,
        "reorganiser.html",
        status=422 if erreurs else 200,
        campagne=campagne,
        form=form,
        erreurs=erreurs,
        groupes=[(str(g.id), g.nom) for g in formed],
        animateurs=sorted(names.items(), key=lambda pair: (pair[1], pair[0])),
        noms=names,
        creneaux=campagne.donnees.creneaux,
        absences=away,
        jours=struck,
    )


@router.get("/seances/reorganiser/impact")
async def show_impact(request: Request, db: Db, solver: Solver, form: Annotated[Demande, Query()]) -> Response:
    try:
        situation, impact, _ = await _compute(db, solver, form)
    except Invalid as invalid:
        return await _show_form(request, db, form, invalid.erreurs)
    except Refused as refusal:
        return await _show_form(request, db, form, {"": typographie(str(refusal))})
    return _impact(request, form, situation, impact)


@router.post("/seances/reorganiser")
async def confirm(request: Request, db: Db, solver: Solver, form: Annotated[Confirmation, Form()]) -> Response:
    """Compute once more and do it, if that is still what the team has read: nothing of it comes from the form."""
    try:
        situation, impact, replan = await _compute(db, solver, form)
        if impact.empreinte != form.empreinte:
            return _impact(request, form, situation, impact, erreurs={"": typographie(_OTHER)})
        async with db.transaction() as tx:
            await use_cases.reorganise(tx, situation, replan, annuler=form.annuler == "oui")
    except Invalid as invalid:
        return await _show_form(request, db, form, invalid.erreurs)
    except Refused as refusal:
        raise PageError(409, "Ce n’est pas possible", typographie(str(refusal))) from refusal
    moved = [d.apres for ligne in impact.lignes for d in ligne.deplacements]
    week = f"&semaine={min(moved).astimezone(PARIS).date()}" if moved else ""
    return see_other(request, f"/seances?campagne={situation.campagne.code}{week}&fait=oui")


async def _compute(db: Db, solver: Replanner, form: Demande) -> tuple[Situation, Impact, Any]:
    evenement = _read(form)
    async with db.read() as connection:
        situation = await use_cases.read_situation(connection, form.campagne, evenement, db.clock())
    replan = await solver.solve(situation.probleme)
    async with db.read() as connection:
        impact = await use_cases.measure_impact(connection, situation, replan)
    return situation, impact, replan


def _impact(
    request: Request, form: Demande, situation: Situation, impact: Impact, erreurs: dict[str, str] | None = None
) -> Response:
    return page(
        request,
        "impact.html",
        status=409 if erreurs else 200,
        campagne=situation.campagne,
        form=form,
        impact=impact,
        erreurs=erreurs or {},
        phrase=_sentence(situation),
    )


def _sentence(situation: Situation) -> dict[str, Any]:
    """What was told, in the words of the page."""
    evenement = situation.evenement
    found: dict[str, Any] = {"quoi": type(evenement).__name__, "evenement": evenement}
    if isinstance(evenement, AnimateurAbsent):
        names = {g.animateur: g.animateur_nom for g in situation.groupes.values()}
        names |= {a.id: a.nom for a in situation.campagne.donnees.animateurs}
        found["nom"] = names[evenement.animateur]
    elif isinstance(evenement, AutreCreneau):
        found["nom"] = situation.groupes[evenement.groupe].nom
    elif isinstance(evenement, AutreJour):
        found["nom"], found["seance"] = next(
            (situation.groupes[g].nom, s)
            for g, seances in situation.seances.items()
            for s in seances
            if s.id == evenement.seance
        )
    return found


def _read(form: Demande) -> Evenement:
    """Raise Invalid unless the fields that count can be read."""
    erreurs: dict[str, str] = {}
    evenement: Evenement | None = None
    if form.quoi == "absence":
        evenement = _read_absence(form, erreurs)
    elif form.quoi == "jour":
        jour = _date(form.jour)
        if jour is None:
            erreurs["jour"] = "Indiquez le jour, par exemple 15/06/2027."
        else:
            evenement = JourExclu(jour)
    elif form.quoi == "creneau":
        groupe = _uuid(form.groupe)
        if groupe is None:
            erreurs["groupe"] = "Choisissez le groupe."
        if not form.creneau:
            erreurs["creneau"] = "Choisissez le nouveau créneau."
        evenement = AutreCreneau(groupe, form.creneau) if groupe else None
    else:
        seance = _uuid(form.seance)
        if form.quoi != "seance" or seance is None:
            raise Invalid({"": "Dites d’abord ce qui s’est passé."})
        evenement = AutreJour(seance)
    if erreurs or evenement is None:
        raise Invalid({field: typographie(phrase) for field, phrase in erreurs.items()})
    return evenement


def _read_absence(form: Demande, erreurs: dict[str, str]) -> Evenement | None:
    du, au = _date(form.du), _date(form.au)
    if not form.animateur:
        erreurs["animateur"] = "Choisissez l’animateur."
    if du is None:
        erreurs["du"] = "Indiquez le premier jour de l’absence, par exemple 15/06/2027."
    if form.au.strip() and au is None:
        erreurs["au"] = "Indiquez le dernier jour de l’absence, ou laissez vide si le départ est définitif."
    return AnimateurAbsent(form.animateur, du, au) if du else None


def _date(typed: str) -> date | None:
    try:
        found = date.fromisoformat(typed.strip())
    except ValueError:
        return None
    return found if FIRST_YEAR < found.year < LAST_YEAR else None


def _uuid(typed: str) -> UUID | None:
    try:
        return UUID(typed)
    except ValueError:
        return None


@router.post("/seances/reorganiser/oublier")
async def forget(
    request: Request,
    db: Db,
    campagne: Annotated[str, Form()],
    absence: Annotated[UUID | None, Form()] = None,
    jour: Annotated[date | None, Form()] = None,
) -> Response:
    """The animateur is available again, or the day is open again; what has moved stays where it is."""
    async with db.transaction() as tx:
        if absence is not None:
            await use_cases.forget_absence(tx, absence)
        if jour is not None:
            await use_cases.forget_day(tx, campagne, jour)
    return see_other(request, f"/seances/reorganiser?campagne={campagne}")
