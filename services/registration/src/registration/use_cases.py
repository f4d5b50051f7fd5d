"""What registration can do, one verb each. Every function works inside the caller's transaction and never commits."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from chassis.store import Transaction
from contracts.events import (
    CampagneClose,
    CampagneOuverte,
    InscriptionAnnulee,
    InscriptionRecue,
    InscriptionRetiree,
)
from contracts.events.inscriptions import Annulation
from contracts.reasons import Refus

from registration.admission import Collectivites, check, refusee
from registration.domain import (
    Campagne,
    EtatCampagne,
    EtatInscription,
    Regle,
    lost_by_change,
    may_be_sent_again,
)
from registration.repository import brouillons, campagnes, inscriptions

logger = logging.getLogger(__name__)

DUREE_BROUILLON = timedelta(hours=24)


class NotPossible(Exception):
    """What is asked for doesn't fit the state of things; the text is French, for people."""


# --- campagnes ---


async def create_campagne(tx: Transaction, campagne: Campagne) -> None:
    """Keep a new campagne as a draft. Raises NotPossible if its code is taken."""
    if not await campagnes.add(tx.connection, campagne, tx.now):
        raise NotPossible("Une autre campagne porte déjà ce code.")


async def change_campagne(tx: Transaction, campagne: Campagne) -> None:
    """Replace what a campagne says; once it is open, everybody is told, and nothing chosen may go away."""
    known = await _campagne(tx, campagne.code)
    if known.etat is EtatCampagne.CLOSE:
        raise NotPossible("Cette campagne est close : elle ne se modifie plus.")
    if known.etat is EtatCampagne.OUVERTE and (lost := lost_by_change(known, campagne)):
        raise NotPossible(f"Des personnes ont pu choisir ce que vous retirez : {', '.join(lost)}.")
    changed = replace(campagne, etat=known.etat, close_le=known.close_le)
    await campagnes.save(tx.connection, changed, tx.now)
    if known.etat is EtatCampagne.OUVERTE:
        tx.publish(_campagne_ouverte(changed))


async def open_campagne(tx: Transaction, code: str) -> None:
    """Announce the campagne; opening it twice announces it once."""
    campagne = await _campagne(tx, code)
    if campagne.etat is EtatCampagne.CLOSE:
        raise NotPossible("Cette campagne est close : elle ne se rouvre pas.")
    if campagne.etat is EtatCampagne.BROUILLON:
        await campagnes.save(tx.connection, replace(campagne, etat=EtatCampagne.OUVERTE), tx.now)
        tx.publish(_campagne_ouverte(campagne))


async def close_campagne(tx: Transaction, code: str) -> None:
    """End the inscriptions for good; closing twice closes once."""
    campagne = await _campagne(tx, code)
    if campagne.etat is EtatCampagne.BROUILLON:
        raise NotPossible("Cette campagne n’a pas encore été ouverte.")
    if campagne.etat is EtatCampagne.OUVERTE:
        closed = replace(campagne, etat=EtatCampagne.CLOSE, close_le=tx.now)
        await campagnes.save(tx.connection, closed, tx.now)
        tx.publish(CampagneClose.model_validate({**_campagne_fields(closed), "close_le": tx.now}))


async def _campagne(tx: Transaction, code: str) -> Campagne:
    campagne = await campagnes.get_for_update(tx.connection, code)
    if campagne is None:
        raise NotPossible("Cette campagne n’existe pas.")
    return campagne


def _campagne_fields(campagne: Campagne) -> dict[str, object]:
    document = campagnes.as_document(campagne)
    return {**document, "campagne": document.pop("code")}


def _campagne_ouverte(campagne: Campagne) -> CampagneOuverte:
    return CampagneOuverte.model_validate(_campagne_fields(campagne))


# --- the public form ---


async def send_inscription(tx: Transaction, recue: InscriptionRecue) -> None:
    """Publish the form at our own front door; a draft that was sent already is not sent again."""
    draft = await brouillons.get(tx.connection, recue.inscription, lock=True)
    if draft is not None and draft.envoye_le is None:
        await brouillons.mark_sent(tx.connection, draft.id, tx.now)
        tx.publish(recue)


async def correct_inscription(tx: Transaction, inscription: UUID, contenu: brouillons.Contenu) -> None:
    """Open the form again on an inscription that was refused. Raises NotPossible for any other."""
    known = (await inscriptions.states_for_update(tx.connection, [inscription])).get(inscription)
    if known is None or not may_be_sent_again(known.etat, known.code):
        raise NotPossible("Cette inscription n’est pas à corriger.")
    await brouillons.reopen(tx.connection, inscription, known.campagne, contenu, tx.now)


async def withdraw_inscription(tx: Transaction, inscription: UUID) -> None:
    """Publish the person's withdrawal, once; nothing if there is nothing to withdraw."""
    if await inscriptions.ask_withdrawal(tx.connection, inscription, tx.now):
        tx.publish(InscriptionRetiree(inscription=inscription, retiree_le=tx.now))


async def purge_drafts(tx: Transaction) -> int:
    """Delete the drafts that nobody has touched for a day; returns how many."""
    return await brouillons.delete_older_than(tx.connection, tx.now - DUREE_BROUILLON)


# --- answers to the front door ---


async def receive_inscriptions(tx: Transaction, known: Collectivites, recues: Sequence[InscriptionRecue]) -> None:
    """Check and answer each inscription, in order; one that is known is left alone unless it was refused."""
    for batch in _without_repeats(recues):
        await _receive(tx, known, batch)


def _without_repeats(recues: Sequence[InscriptionRecue]) -> Iterator[list[InscriptionRecue]]:
    """Cut where an inscription comes again, so that it meets the answer to its first sending."""
    batch: dict[UUID, InscriptionRecue] = {}
    for recue in recues:
        if recue.inscription in batch:
            yield list(batch.values())
            batch = {}
        batch[recue.inscription] = recue
    if batch:
        yield list(batch.values())


async def _receive(tx: Transaction, known: Collectivites, recues: Sequence[InscriptionRecue]) -> None:
    states = await inscriptions.states_for_update(tx.connection, [recue.inscription for recue in recues])
    again = {state.id for state in states.values() if may_be_sent_again(state.etat, state.code)}
    fresh = [recue for recue in recues if recue.inscription not in states or recue.inscription in again]
    by_code = await campagnes.by_code(tx.connection, {recue.campagne for recue in fresh})
    checked = [check(recue, by_code.get(recue.campagne), known, tx.now) for recue in fresh]
    await inscriptions.remove(tx.connection, again)
    kept = [one.row() for one in checked if one.regle is None]
    valid = await inscriptions.insert_new(tx.connection, kept, tx.now)
    late = [
        one._replace(regle=Regle.DEJA_INSCRIT) if one.regle is None and one.id not in valid else one for one in checked
    ]
    refused = await inscriptions.insert_new(tx.connection, [one.row() for one in late if one.regle is not None], tx.now)
    answered = valid | refused
    await brouillons.mark_answered(tx.connection, answered)
    for one in late:
        if one.id in answered:
            tx.publish(one.answer(tx.now))


async def annul_inscriptions(tx: Transaction, retirees: Sequence[InscriptionRetiree]) -> None:
    """Answer withdrawals in order; one of an inscription that is not valid, or not known, changes nothing."""
    states = await inscriptions.states_for_update(tx.connection, {retiree.inscription for retiree in retirees})
    if unknown := sum(retiree.inscription not in states for retiree in retirees):
        logger.warning("%d withdrawals of unknown inscriptions were passed over", unknown)
    valid = {state.id: state for state in states.values() if state.etat is EtatInscription.VALIDEE}
    await inscriptions.annul(tx.connection, valid, tx.now)
    for state in [valid.pop(r.inscription) for r in retirees if r.inscription in valid]:
        tx.publish(_annulee(state, Annulation.RETRAIT, tx.now))


async def refuse_inscription(tx: Transaction, inscription: UUID, phrase: str) -> None:
    """Take back a valid inscription for a reason that the team writes; the person is told in these words.

    Who forms groupes hears that it ended, who writes to people hears why.
    """
    state = (await inscriptions.states_for_update(tx.connection, [inscription])).get(inscription)
    demande = await inscriptions.get_demande(tx.connection, inscription)
    if state is None or demande is None or state.etat is not EtatInscription.VALIDEE:
        raise NotPossible("Seule une inscription validée peut être refusée.")
    await inscriptions.refuse(tx.connection, inscription, Refus.EQUIPE, phrase, tx.now)
    tx.publish(_annulee(state, Annulation.EQUIPE, tx.now))
    tx.publish(refusee(InscriptionRecue.model_validate(demande), Refus.EQUIPE, phrase, (), tx.now))


def _annulee(state: inscriptions.Etat, cause: Annulation, now: datetime) -> InscriptionAnnulee:
    return InscriptionAnnulee(
        inscription=state.id, campagne=state.campagne, thematique=state.thematique, cause=cause, annulee_le=now
    )
