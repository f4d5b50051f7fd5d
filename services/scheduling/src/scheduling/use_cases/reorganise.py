"""Replanning what is published after something has come in between: read, show what it changes, do it.

The solver runs between `read_situation` and `reorganise`, in a child process and outside any transaction; what it was
given is read again under the campagne's lock, and nothing is done unless it is still the same.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from chassis.ids import uuid7
from chassis.store import Transaction
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduling.domain import Refused, Seance, end_of, nom_du_groupe
from scheduling.reorganisation import AnimateurAbsent, AutreCreneau, Evenement, JourExclu
from scheduling.repository import absences, groupes, inscriptions, propositions, reorganisation
from scheduling.repository.absences import Absence
from scheduling.repository.groupes import Groupe
from scheduling.repository.inscriptions import Campagne
from scheduling.solver.replanning_problem import GroupeReplanifie, Replan, ReplanProblem
from scheduling.use_cases.announce import groupe_modifie, seance_annulee, seance_deplacee
from scheduling.use_cases.reorganise_problem import check_evenement, make_problem

_STALE = (
    "Des séances ou des groupes ont changé depuis que vous avez vu ces conséquences : rien n’a été modifié. "
    "Relisez les nouvelles conséquences avant de confirmer."
)


@dataclass(frozen=True, slots=True)
class Situation:
    """A published campagne as it stands, and the question for the solver."""

    campagne: Campagne
    evenement: Evenement
    groupes: dict[UUID, Groupe]
    seances: dict[UUID, list[Seance]]
    probleme: ReplanProblem


async def read_situation(connection: AsyncConnection, code: str, evenement: Evenement, now: datetime) -> Situation:
    """Raises Refused, in French, when the campagne has nothing to replan or the event makes no sense."""
    known = await inscriptions.find_campagne(connection, code)
    published = (await propositions.published(connection, [code])).get(code)
    if known is None or published is None:
        raise Refused("Les groupes de cette campagne ne sont pas publiés : il n’y a rien à réorganiser.")
    campagne = await absences.complete(connection, known)
    formed = {g.id: g for g in await groupes.of_proposition(connection, published)}
    meetings = await groupes.seances_of_proposition(connection, published)
    check_evenement(campagne.donnees, evenement, formed, meetings, now)
    people = await reorganisation.departements_by_groupe(connection, published)
    who = {a.id for a in campagne.donnees.animateurs} | {g.animateur for g in formed.values()}
    busy = await groupes.busy(connection, animateurs=sorted(who), but_campagne=code)
    probleme = make_problem(
        campagne.donnees, evenement, formed=formed, meetings=meetings, people=people, busy=busy, now=now
    )
    return Situation(campagne, evenement, formed, meetings, probleme)


async def reorganise(tx: Transaction, seen: Situation, replan: Replan, *, annuler: bool) -> None:
    """Do what was shown, and remember the absence or the day; `annuler` cancels the séances that can't be held.

    Raises Refused when anything that the answer rests on has changed since.
    """
    await inscriptions.lock_campagnes(tx.connection, [seen.campagne.code])
    now = await read_situation(tx.connection, seen.campagne.code, seen.evenement, seen.probleme.maintenant)
    if now != seen or _begun(replan, seen, tx.now):
        raise Refused(_STALE)
    await _remember(tx, seen)
    after = {c.groupe: _after(seen, c) for c in replan.changes}
    changed = [g for g in after.values() if g != seen.groupes[g.id]]
    await reorganisation.change_groupes(tx.connection, changed)
    for groupe in await groupes.raise_versions(tx.connection, sorted(g.id for g in changed)):
        tx.publish(groupe_modifie(groupe))
    for change in replan.changes:
        await _move(tx, after[change.groupe], seen.seances[UUID(change.groupe)], change)
    if annuler:
        await _cancel(tx, seen, replan)


def _begun(replan: Replan, seen: Situation, now: datetime) -> bool:
    """Tell whether a séance to be changed has begun between the reading and now."""
    concerned = {UUID(c.groupe) for c in replan.changes} | {UUID(i.groupe) for i in replan.impossibles}
    return any(seen.probleme.maintenant < s.debut <= now for g in concerned for s in seen.seances[g])


async def _remember(tx: Transaction, seen: Situation) -> None:
    evenement = seen.evenement
    if isinstance(evenement, AnimateurAbsent):
        absence = Absence(uuid7(), evenement.animateur, evenement.du, evenement.au)
        await absences.save_absence(tx.connection, absence, tx.now)
    elif isinstance(evenement, JourExclu):
        await absences.save_day(tx.connection, seen.campagne.code, evenement.jour, tx.now)


def _after(seen: Situation, change: GroupeReplanifie) -> Groupe:
    """The groupe with its animateur, créneau and name, as they will be."""
    groupe = seen.groupes[UUID(change.groupe)]
    nom = groupe.nom
    if change.creneau != groupe.creneau:
        others = [g for g in seen.groupes.values() if (g.thematique, g.creneau) == (groupe.thematique, change.creneau)]
        titre = next((t.titre for t in seen.campagne.donnees.thematiques if t.code == groupe.thematique), "")
        nom = nom_du_groupe(titre or groupe.thematique, change.creneau, len(others) + 1, len(others) + 1)
    return replace(
        groupe,
        nom=nom,
        creneau=change.creneau,
        animateur=change.animateur,
        animateur_nom=animateur_name(seen, change.animateur),
    )


def animateur_name(seen: Situation, animateur: str) -> str:
    names = {g.animateur: g.animateur_nom for g in seen.groupes.values()}
    return (names | {a.id: a.nom for a in seen.campagne.donnees.animateurs}).get(animateur, animateur)


async def _move(tx: Transaction, groupe: Groupe, seances: list[Seance], change: GroupeReplanifie) -> None:
    starts = {s.rang: s.debut for s in change.seances}
    for seance in seances:
        debut = starts.get(seance.rang, seance.debut)
        if seance.annulee or debut == seance.debut:
            continue
        moved = replace(seance, debut=debut, fin=end_of(debut), sequence=seance.sequence + 1)
        await groupes.change_seance(tx.connection, moved)
        tx.publish(seance_deplacee(groupe, moved, seance.debut))


async def _cancel(tx: Transaction, seen: Situation, replan: Replan) -> None:
    for stuck in replan.impossibles:
        groupe = seen.groupes[UUID(stuck.groupe)]
        for seance in seen.seances[groupe.id]:
            if seance.rang in stuck.rangs and not seance.annulee:
                cause = cause_of(seen.evenement)
                cancelled = replace(seance, sequence=seance.sequence + 1, cause_annulation=cause)
                await groupes.change_seance(tx.connection, cancelled)
                tx.publish(seance_annulee(groupe, cancelled, cause))


def cause_of(evenement: Evenement) -> str:
    """What the members read when a séance is cancelled."""
    if isinstance(evenement, AnimateurAbsent):
        return "La personne qui anime la séance n’est pas disponible, et personne ne peut la remplacer."
    if isinstance(evenement, JourExclu):
        return "La séance ne peut pas avoir lieu ce jour-là, et aucune autre date ne convient."
    wish = "créneau" if isinstance(evenement, AutreCreneau) else "jour"
    return f"La séance ne peut plus avoir lieu à cette date, et aucun autre {wish} ne convient."


async def forget_absence(tx: Transaction, absence: UUID) -> None:
    """The animateur is available again; séances that have moved stay where they are."""
    await absences.forget_absence(tx.connection, absence)


async def forget_day(tx: Transaction, campagne: str, jour: date) -> None:
    """The day is open again for this campagne, unless the campagne itself excludes it."""
    await absences.forget_day(tx.connection, campagne, jour)
