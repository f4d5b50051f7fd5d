"""Taking in what registration says: campagnes, inscriptions validées, withdrawals."""

from collections.abc import Sequence
from uuid import UUID

from chassis.store import Transaction
from contracts.events import CampagneClose, CampagneOuverte, InscriptionAnnulee, InscriptionValidee

from scheduling.repository import groupes, inscriptions, propositions
from scheduling.use_cases.announce import affectation_decidee, groupe_modifie, retrait_decide
from scheduling.use_cases.propose import request_groupes
from scheduling.use_cases.publish import WITHDRAWN, place_late
from scheduling.use_cases.replace import open_places

# Inscriptions that were validated just before the closing are still on their way, on another topic.
_SETTLE_SECONDS = 5.0


async def record_campagnes(tx: Transaction, events: Sequence[CampagneOuverte | CampagneClose]) -> None:
    """Keep the campagne as it now is; at its closing, form the groupes if it is set so."""
    for event in events:
        close_le = event.close_le if isinstance(event, CampagneClose) else None
        await inscriptions.save_campagne(
            tx.connection,
            {
                "code": event.campagne,
                "nom": event.nom,
                "seances_du": event.seances_du,
                "seances_au": event.seances_au,
                "donnees": event.model_dump(mode="json"),
                "close_le": close_le,
            },
        )
        if close_le and event.former_a_la_cloture and not await propositions.published(tx.connection, [event.campagne]):
            await request_groupes(tx, event.campagne, automatique=True, delay_s=_SETTLE_SECONDS)


async def record_inscriptions(tx: Transaction, events: Sequence[InscriptionValidee]) -> None:
    """Keep who takes part; whoever comes after the publication goes to the end of the waiting list."""
    campagnes = sorted({event.campagne for event in events})
    await inscriptions.lock_campagnes(tx.connection, campagnes, shared=True)
    await inscriptions.save_inscriptions(tx.connection, [_inscription_row(event) for event in events])
    for campagne, proposition in sorted((await _hold_published(tx, campagnes)).items()):
        await place_late(tx, campagne, proposition, [e.inscription for e in events if e.campagne == campagne])


async def _hold_published(tx: Transaction, campagnes: list[str]) -> dict[str, UUID]:
    """Return the published propositions by campagne, and hold all places if there is one; campagnes are held shared."""
    published = await propositions.published(tx.connection, campagnes)
    if published:
        await inscriptions.lock_places(tx.connection)
    return published


def _inscription_row(event: InscriptionValidee) -> dict[str, object]:
    personne, collectivite = event.personne, event.collectivite
    return {
        "id": event.inscription,
        "campagne": event.campagne,
        "thematique": event.thematique,
        "personne": f"{personne.prenom} {personne.nom}",
        "email": personne.email.lower(),
        "fonction": event.fonction,
        "qualite": event.qualite,
        "collectivite": f"{collectivite.type}:{collectivite.code}",
        "collectivite_nom": collectivite.nom,
        "departement": collectivite.departement,
        "taille": collectivite.taille,
        "disponibilites": {d.creneau: d.accord for d in event.disponibilites},
        "avec": [address.lower() for address in event.avec],
        "sans": [address.lower() for address in event.sans],
        "recue_le": event.recue_le,
        "rang": event.rang,
    }


async def record_annulations(tx: Transaction, events: Sequence[InscriptionAnnulee]) -> None:
    """Keep who has left; a member of a published groupe leaves it, and the groupe's new version is told."""
    campagnes = sorted({event.campagne for event in events})
    await inscriptions.lock_campagnes(tx.connection, campagnes, shared=True)
    rows = [{"inscription": e.inscription, "cause": e.cause, "annulee_le": e.annulee_le} for e in events]
    await inscriptions.save_annulations(tx.connection, rows)
    published = await _hold_published(tx, campagnes)
    if not published:
        return
    ids = [event.inscription for event in events]
    departs = await groupes.withdraw(tx.connection, list(published.values()), WITHDRAWN, ids)
    placed = await open_places(tx, departs)
    left = sorted({depart.groupe for depart in departs if depart.groupe is not None})
    for groupe in await groupes.raise_versions(tx.connection, left):
        tx.publish(groupe_modifie(groupe))
    for depart in departs:
        tx.publish(retrait_decide(depart, tx.now))
    for campagne, affectation in placed:
        tx.publish(affectation_decidee(affectation, campagne, tx.now))
