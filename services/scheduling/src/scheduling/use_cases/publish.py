"""Publishing a proposition: from here on it is what every participant is told.

Invariant: a campagne is published once, from the ready proposition that the team chose, as it was when they confirmed,
in one transaction; nobody who has withdrawn is in it, and nobody who takes part is without a decision.
"""

from collections.abc import Sequence
from uuid import UUID

from chassis.store import Transaction
from contracts.events.inscriptions import Annulation
from contracts.reasons import PHRASES, Motif

from scheduling.domain import Refused, position
from scheduling.remplacement import limites_of
from scheduling.repository import ailleurs, groupes, inscriptions, mouvements, propositions
from scheduling.repository.groupes import Affectation
from scheduling.solver.place_reasons import has_enough
from scheduling.use_cases.announce import affectation_decidee, groupe_forme, in_french, seance_planifiee

WITHDRAWN = {
    Annulation.RETRAIT.value: PHRASES[Motif.RETRAIT],
    Annulation.EQUIPE.value: "L’équipe du programme a retiré votre inscription.",
}

_NO_LONGER_ELSEWHERE = (
    "Vous n’avez plus de place dans une autre thématique ; les groupes de celle-ci étaient déjà formés."
)


async def publish_proposition(tx: Transaction, proposition: UUID, version: int | None = None) -> None:
    """Tell everybody; a second call for the same proposition does nothing. Raises Refused with the reason.

    `version` is the state of the proposition that the team has confirmed.
    """
    found = await propositions.find(tx.connection, proposition)
    if found is None:
        raise Refused("Cette proposition n’existe pas.")
    await inscriptions.lock_campagnes(tx.connection, [found.campagne])
    beside = await propositions.of_campagne(tx.connection, found.campagne)
    chosen = next(p for p in beside if p.id == proposition)
    if chosen.etat == "publiee":
        return
    if any(p.etat == "publiee" for p in beside):
        raise Refused("Les groupes de cette campagne sont déjà publiés.")
    if any(p.en_preparation for p in beside):
        raise Refused("Une nouvelle proposition est en préparation : attendez qu’elle soit prête.")
    if chosen.etat != "prete":
        raise Refused("Cette proposition n’est plus conservée : choisissez-en une autre.")
    if version not in {None, chosen.version}:
        raise Refused("Cette proposition a changé entre-temps : relisez-la avant de publier.")
    await _settle(tx, found.campagne, proposition)
    await propositions.mark_published(tx.connection, found.campagne, proposition, tx.now)
    await _announce(tx, found.campagne, proposition)


async def _settle(tx: Transaction, campagne: str, proposition: UUID) -> None:
    """Bring a draft up to date: who has left, who has come, and what moves by hand made untrue."""
    most = await _places_per_person(tx, campagne)
    await groupes.withdraw(tx.connection, [proposition], WITHDRAWN, None)
    await groupes.drop_empty(tx.connection, proposition)
    enough = in_french(has_enough(most))
    await ailleurs.send_away(tx.connection, proposition, most, Motif.AUTRE_PLACE, enough)
    await mouvements.close_gaps(tx.connection, proposition)
    stale = await mouvements.stale_reasons(tx.connection, proposition)
    told = {inscription: f"{PHRASES[Motif.CHOIX_EQUIPE]} {position(rang)}" for inscription, rang in stale.items()}
    await groupes.set_phrases(tx.connection, proposition, told, Motif.CHOIX_EQUIPE)
    again = await ailleurs.call_back(tx.connection, proposition, most, Motif.AUTRE_PLACE, Motif.CHOIX_EQUIPE)
    told = {inscription: f"{_NO_LONGER_ELSEWHERE} {position(rang)}" for inscription, rang in again.items()}
    await groupes.set_phrases(tx.connection, proposition, told)
    await _complete_late(tx, proposition, None)


async def _places_per_person(tx: Transaction, campagne: str) -> int:
    found = await inscriptions.find_campagne(tx.connection, campagne)
    if found is None:
        raise Refused("Cette campagne n’existe pas.")
    return limites_of(found.donnees).places_par_personne


async def _announce(tx: Transaction, campagne: str, proposition: UUID) -> None:
    meetings = await groupes.seances_of_proposition(tx.connection, proposition)
    formed = await groupes.of_proposition(tx.connection, proposition)
    for groupe in formed:
        tx.publish(groupe_forme(groupe))
    for groupe in formed:
        for seance in meetings.get(groupe.id, ()):
            tx.publish(seance_planifiee(groupe, seance))
    for affectation in await groupes.affectations_of(tx.connection, proposition):
        tx.publish(affectation_decidee(affectation, campagne, tx.now))


async def place_late(tx: Transaction, campagne: str, proposition: UUID, ids: Sequence[UUID]) -> None:
    """Give people who come after the publication their place on the waiting list, and tell them."""
    for late in await _complete_late(tx, proposition, ids):
        tx.publish(affectation_decidee(late, campagne, tx.now))


async def _complete_late(tx: Transaction, proposition: UUID, ids: Sequence[UUID] | None) -> list[Affectation]:
    added = await groupes.add_late(tx.connection, proposition, Motif.ARRIVEE_TARDIVE, ids)
    told = {a.inscription: f"{PHRASES[Motif.ARRIVEE_TARDIVE]} {position(a.rang_attente or 1)}" for a in added}
    await groupes.set_phrases(tx.connection, proposition, told)
    return [
        Affectation(a.inscription, a.thematique, a.decision, a.code, told[a.inscription], a.groupe, a.rang_attente)
        for a in added
    ]
