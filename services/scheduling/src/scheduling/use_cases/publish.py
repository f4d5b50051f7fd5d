"""Publishing a proposition: from here on it is what every participant is told.

Invariant: a campagne is published once, from its latest ready proposition, in one transaction; nobody who has
withdrawn is in it, and nobody who takes part is without a decision.
"""

from collections.abc import Sequence
from uuid import UUID

from chassis.store import Transaction
from contracts.events.inscriptions import Annulation
from contracts.reasons import PHRASES, Motif

from scheduling.domain import Refused, position
from scheduling.repository import groupes, inscriptions, propositions
from scheduling.repository.groupes import Affectation
from scheduling.use_cases.announce import affectation_decidee, groupe_forme, seance_planifiee

WITHDRAWN = {
    Annulation.RETRAIT.value: PHRASES[Motif.RETRAIT],
    Annulation.EQUIPE.value: "L’équipe du programme a retiré votre inscription.",
}


async def publish_proposition(tx: Transaction, proposition: UUID) -> None:
    """Tell everybody; a second call for the same proposition does nothing. Raises Refused with the reason."""
    found = await propositions.find(tx.connection, proposition)
    if found is None:
        raise Refused("Cette proposition n’existe pas.")
    await inscriptions.lock_campagnes(tx.connection, [found.campagne])
    latest = await propositions.of_campagne(tx.connection, found.campagne)
    if any(p.etat == "publiee" and p.id == proposition for p in latest):
        return
    if any(p.etat == "publiee" for p in latest):
        raise Refused("Les groupes de cette campagne sont déjà publiés.")
    if any(p.en_preparation for p in latest):
        raise Refused("Une nouvelle proposition est en préparation : attendez qu’elle soit prête.")
    if next((p.id for p in latest if p.etat == "prete"), None) != proposition:
        raise Refused("Une proposition plus récente existe : relisez-la avant de publier.")
    await groupes.withdraw(tx.connection, [proposition], WITHDRAWN, None)
    await groupes.drop_empty(tx.connection, proposition)
    await _complete_late(tx, proposition, None)
    await propositions.mark_published(tx.connection, proposition, tx.now)
    await _announce(tx, found.campagne, proposition)


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
