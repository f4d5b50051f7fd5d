"""The calendar of séances by week, and moving or cancelling one."""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, TypeVar
from uuid import UUID

from chassis.web.pages import Db, PageError, page, see_other
from contracts.model import FIRST_YEAR, LAST_YEAR
from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduling import use_cases
from scheduling.domain import PARIS, Seance, Verdict, mondays
from scheduling.http.etats import team_action
from scheduling.repository import groupes, inscriptions, pages
from scheduling.repository.groupes import Groupe
from scheduling.solver.calendar_fr import public_holiday, school_holiday

router = APIRouter()

D = TypeVar("D", date, time)

_DAYS = 7
_ZONES = ("A", "B", "C")
_CAUSE_LENGTH = 200


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), PARIS)


@router.get("/seances")
async def show_week(
    request: Request, db: Db, *, campagne: str = "", semaine: str = "", animateur: str = "", fait: str = ""
) -> Response:
    async with db.read() as connection:
        known = await inscriptions.list_campagnes(connection)
        seasons = {c.code: await pages.season_bounds(connection, c.code) for c in known}
        planned = [c for c in known if seasons[c.code]]
        chosen = next((c for c in planned if c.code == campagne), planned[0] if planned else None)
        bounds = seasons[chosen.code] if chosen else None
        if chosen is None or bounds is None:
            return page(request, "seances.html", campagne=None)
        weeks = mondays(*bounds)
        monday = _choose_week(semaine, db.clock().astimezone(PARIS).date(), weeks)
        meetings = await pages.week(
            connection, chosen.code, _midnight(monday), _midnight(monday + timedelta(days=_DAYS))
        )
    people = sorted({(m.animateur, m.animateur_nom) for m in meetings}, key=lambda pair: pair[1])
    who = animateur if animateur in dict(people) else ""
    return page(
        request,
        "seances.html",
        campagne=chosen,
        campagnes=planned,
        monday=monday,
        weeks=weeks,
        jours=_days(monday, [m for m in meetings if not who or m.animateur == who]),
        animateurs=people,
        animateur=who,
        fait=fait == "oui",
        avant=max((w for w in weeks if w < monday), default=None),
        apres=min((w for w in weeks if w > monday), default=None),
    )


def _choose_week(wanted: str, today: date, weeks: Any) -> date:
    """Return the Monday asked for, else this week's, else the season's nearest."""
    try:
        day = date.fromisoformat(wanted)
    except ValueError:
        day = min(max(today, weeks[0]), weeks[-1])
    monday: date = day - timedelta(days=day.weekday())
    return monday


def _days(monday: date, meetings: list[pages.Rendezvous]) -> list[dict[str, Any]]:
    """Return Monday to Friday, and a weekend day only when something happens on it."""
    found = []
    for n in range(_DAYS):
        day = monday + timedelta(days=n)
        of_day = [m for m in meetings if m.debut.astimezone(PARIS).date() == day]
        zones = [zone for zone in _ZONES if school_holiday(day, zone)]
        if n < _DAYS - 2 or of_day:
            found.append({"jour": day, "ferie": public_holiday(day), "zones": zones, "seances": of_day})
    return found


async def _find(connection: AsyncConnection, identifier: UUID) -> tuple[Groupe, list[Seance], Seance]:
    found = await groupes.find_with_seances(connection, identifier)
    if found is None:
        raise PageError(404, "Séance introuvable", "Elle n’existe pas, ou son groupe n’est pas publié.")
    groupe, seances = found
    return groupe, seances, next(s for s in seances if s.id == identifier)


async def _show(
    request: Request, db: Db, template: str, identifier: UUID, *, status: int = 200, **context: Any
) -> Response:
    async with db.read() as connection:
        groupe, seances, seance = await _find(connection, identifier)
    local = seance.debut.astimezone(PARIS)
    defaults: dict[str, Any] = {
        "date": local.date().isoformat(),
        "heure": f"{local:%H:%M}",
        "cause": "",
        "erreurs": {},
        "verdict": Verdict(),
        "passee": seance.debut <= db.clock(),
    }
    return page(request, template, status=status, groupe=groupe, seances=seances, seance=seance, **(defaults | context))


@router.get("/seances/{identifier}")
async def show_seance(request: Request, db: Db, identifier: UUID) -> Response:
    return await _show(request, db, "seance.html", identifier)


class Deplacement(BaseModel):
    """The form as it was typed; `sequence` is the state of the séance that the team saw."""

    sequence: int
    date: str = ""
    heure: str = ""
    confirmer: str = ""


@router.post("/seances/{identifier}/deplacer")
async def move_seance(request: Request, db: Db, identifier: UUID, form: Annotated[Deplacement, Form()]) -> Response:
    erreurs, debut = _read_start(form)
    typed: dict[str, Any] = {"date": form.date, "heure": form.heure}
    if debut is None:
        return await _show(request, db, "seance.html", identifier, status=422, **typed, erreurs=erreurs)
    confirmed = form.confirmer == "oui"
    async with team_action(db) as tx:
        verdict = await use_cases.move_seance(tx, identifier, form.sequence, debut, confirmed=confirmed)
    if verdict.refus:
        erreurs = {"date": " ".join(verdict.refus)}
        return await _show(request, db, "seance.html", identifier, status=422, **typed, erreurs=erreurs)
    if verdict.avertissements:
        return await _show(request, db, "seance.html", identifier, **typed, verdict=verdict)
    return see_other(request, f"/seances/{identifier}")


def _read_start(form: Deplacement) -> tuple[dict[str, str], datetime | None]:
    """Read the two fields; what is wrong goes by field, in French."""
    day, hour = _parsed(date, form.date), _parsed(time, form.heure)
    erreurs: dict[str, str] = {}
    if day is None or not FIRST_YEAR < day.year < LAST_YEAR:
        erreurs["date"] = "Indiquez la nouvelle date, par exemple 15/06/2027."
    if hour is None:
        erreurs["heure"] = "Indiquez l’heure de début, par exemple 08:30."
    if erreurs or day is None or hour is None:
        return erreurs, None
    return {}, datetime.combine(day, hour.replace(tzinfo=None), PARIS)


def _parsed(kind: type[D], typed: str) -> D | None:
    try:
        return kind.fromisoformat(typed.strip())
    except ValueError:
        return None


@router.get("/seances/{identifier}/annuler")
async def confirm_cancellation(request: Request, db: Db, identifier: UUID) -> Response:
    return await _show(request, db, "annuler.html", identifier)


@router.post("/seances/{identifier}/annuler")
async def cancel_seance(
    request: Request, db: Db, identifier: UUID, sequence: Annotated[int, Form()], cause: Annotated[str, Form()] = ""
) -> Response:
    told = " ".join(cause.replace("\x00", "").split())
    if not told or len(told) > _CAUSE_LENGTH:
        erreurs = {"cause": f"Dites pourquoi en une phrase, de {_CAUSE_LENGTH} caractères au plus."}
        return await _show(request, db, "annuler.html", identifier, status=422, erreurs=erreurs, cause=cause)
    async with team_action(db) as tx:
        await use_cases.cancel_seance(tx, identifier, sequence, told)
    return see_other(request, f"/seances/{identifier}")
