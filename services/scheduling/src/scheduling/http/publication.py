"""Publishing a proposition: a page that says what follows, then the act."""

from typing import Annotated
from uuid import UUID

from chassis.web.pages import Db, PageError, page, see_other
from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from scheduling import use_cases
from scheduling.http.etats import find_campagne, read_etat, team_action
from scheduling.quality import groupes_to_watch
from scheduling.repository import mouvements, pages, quality

router = APIRouter()

_INVITATIONS = 4


@router.get("/campagnes/{code}/publier")
async def confirm_publication(request: Request, db: Db, code: str, proposition: UUID | None = None) -> Response:
    async with db.read() as connection:
        etat = await read_etat(connection, await find_campagne(connection, code), proposition)
        if etat.montree is None:
            raise PageError(404, "Rien à publier", "Formez d’abord les groupes de cette campagne.")
        if etat.montree.etat == "publiee":
            return see_other(request, f"/campagnes/{code}")
        decisions = await pages.count_decisions(connection, etat.montree.id)
        groupes = await pages.count_groupes(connection, etat.montree.id)
        ecarts = await pages.changes_since(connection, code, etat.montree.id)
        deplacees = await mouvements.count_people(connection, etat.montree.id)
        strengths = await quality.strengths(connection, etat.montree.id)
    lines = [
        (t.titre, groupes.get(t.code, 0), decisions.get(t.code, {}))
        for t in etat.campagne.donnees.thematiques
        if t.code in decisions
    ]
    placed = sum(e.taille for e in strengths)
    told = sum(sum(d.values()) for _, _, d in lines) - ecarts.partis + ecarts.arrives
    out = sum(d.get("non_retenue", 0) for _, _, d in lines)
    return page(
        request,
        "publier.html",
        etat=etat,
        lignes=lines,
        groupes=sum(groupes.values()),
        places=placed,
        attente=told - placed - out,
        prevenues=told,
        invitations=_INVITATIONS * placed,
        deplacees=deplacees,
        cassees=sum(v.sous_le_minimum for v in groupes_to_watch(strengths, etat.campagne.donnees.groupe)),
        ecarts=ecarts,
    )


@router.post("/campagnes/{code}/publier")
async def publish(
    request: Request, db: Db, code: str, proposition: Annotated[UUID, Form()], version: Annotated[int, Form()]
) -> Response:
    async with team_action(db) as tx:
        await use_cases.publish_proposition(tx, proposition, version)
    return see_other(request, f"/campagnes/{code}")
