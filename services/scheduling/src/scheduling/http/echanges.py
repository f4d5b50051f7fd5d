"""With whom one person of a draft could change places, and what each exchange would do."""

from uuid import UUID

from chassis.web.pages import Db, PageError, page
from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduling.desk import read_desk
from scheduling.domain import Avancement
from scheduling.http.etats import PEOPLE_PER_PAGE, find_person, find_shown, pages_of
from scheduling.repository import brouillons
from scheduling.repository.brouillons import Lieu, Personne

router = APIRouter(prefix="/propositions/{proposition}")


@router.get("/personnes/{inscription}/echange")
async def show_exchanges(
    request: Request, db: Db, proposition: UUID, inscription: UUID, *, groupe: UUID | None = None, numero: int = 1
) -> Response:
    """Show with whom this person could change places: the members of a groupe, or, without one, who waits."""
    async with db.read() as connection:
        etat, shown = await find_shown(connection, proposition)
        person = await find_person(connection, proposition, inscription)
        there = await _other_place(connection, shown, person, groupe)
        others, total = await _partners(connection, shown, person, there, numero)
        desk = await read_desk(
            connection,
            etat.campagne.donnees,
            proposition,
            person,
            lieux=[there.id] if there else [],
            others=[other.inscription for other in others],
        )
        judged = [(other, desk.judge(inscription, groupe, other.inscription, brief=True)) for other in others]
    count, current = pages_of(total, PEOPLE_PER_PAGE, numero)
    return page(
        request,
        "echange.html",
        etat=etat,
        proposition=shown,
        personne=person,
        la=there,
        autres=judged,
        total=total,
        numero=current,
        pages=count,
    )


async def _other_place(
    connection: AsyncConnection, shown: Avancement, person: Personne, groupe: UUID | None
) -> Lieu | None:
    found = await brouillons.find_places(connection, shown.id, ids=[groupe] if groupe else [])
    here = person.etat.groupe
    if shown.etat != "prete" or person.retiree or here == groupe or len(found) != bool(groupe):
        raise PageError(
            404, "Échange impossible", "Choisissez une personne qui participe et un autre groupe de la proposition."
        )
    return found[0] if found else None


async def _partners(
    connection: AsyncConnection, shown: Avancement, person: Personne, there: Lieu | None, numero: int
) -> tuple[list[Personne], int]:
    if there is not None:
        members = await brouillons.people(connection, shown.id, ids=there.membres)
        return members, len(members)
    (here,) = await brouillons.find_places(connection, shown.id, ids=[person.etat.groupe] if person.etat.groupe else [])
    total = await brouillons.count_waiting_for(connection, shown.id, person.thematique, here.creneau)
    _, current = pages_of(total, PEOPLE_PER_PAGE, numero)
    waiting = await brouillons.waiting_for(
        connection,
        shown.id,
        person.thematique,
        here.creneau,
        limit=PEOPLE_PER_PAGE,
        offset=(current - 1) * PEOPLE_PER_PAGE,
    )
    return waiting, total
