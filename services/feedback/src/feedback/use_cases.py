"""What feedback can do."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from chassis.ids import stable_id
from chassis.store import Transaction
from contracts.events import retours as contract

from contracts import events
from feedback import repository
from feedback.domain import Ouverture, Questionnaire, Reponse


class ClosedQuestionnaire(Exception):
    """The séance can't be answered at this moment."""

    def __init__(self, ouverture: Ouverture) -> None:
        super().__init__(ouverture)
        self.ouverture = ouverture


async def record_campagnes(tx: Transaction, campagnes: Sequence[events.CampagneOuverte | events.CampagneClose]) -> None:
    await repository.save_campagnes(
        tx.connection,
        [
            {
                "code": campagne.campagne,
                "nom": campagne.nom,
                "seances_du": campagne.seances_du,
                "thematiques": [[thematique.code, thematique.titre] for thematique in campagne.thematiques],
            }
            for campagne in campagnes
        ],
    )


async def record_participants(tx: Transaction, validees: Sequence[events.InscriptionValidee]) -> None:
    await repository.save_participants(
        tx.connection,
        [
            {
                "inscription": validee.inscription,
                "campagne": validee.campagne,
                "prenom": validee.personne.prenom,
                "nom": validee.personne.nom,
                "fonction": validee.fonction,
                "collectivite": validee.collectivite.nom,
            }
            for validee in validees
        ],
    )


async def record_withdrawals(tx: Transaction, annulees: Sequence[events.InscriptionAnnulee]) -> None:
    await repository.mark_annulees(tx.connection, {a.inscription: a.annulee_le for a in annulees})


async def record_groupes(
    tx: Transaction, groupes: Sequence[tuple[datetime, events.GroupeForme | events.GroupeModifie]]
) -> None:
    """Take groupes as they are at a moment; an older version never replaces a newer one."""
    newest = {groupe.groupe: (time, groupe) for time, groupe in sorted(groupes, key=lambda entry: entry[1].version)}
    accepted = await repository.save_groupes(
        tx.connection,
        [
            {
                "id": groupe.groupe,
                "campagne": groupe.campagne,
                "thematique": groupe.thematique,
                "nom": groupe.nom,
                "animateur_nom": groupe.animateur_nom,
                "version": groupe.version,
            }
            for _, groupe in newest.values()
        ],
    )
    await repository.replace_membres(
        tx.connection, [(id_, newest[id_][0], newest[id_][1].membres) for id_ in sorted(accepted)]
    )


async def record_dissolved_groupes(tx: Transaction, dissous: Sequence[events.GroupeDissous]) -> None:
    await repository.mark_dissous(tx.connection, {d.groupe: d.dissous_le for d in dissous})


async def record_seances(
    tx: Transaction, seances: Sequence[events.SeancePlanifiee | events.SeanceDeplacee | events.SeanceAnnulee]
) -> None:
    """Take séances as they are now; a lower sequence never replaces a higher one."""
    newest = {seance.seance: seance for seance in sorted(seances, key=lambda seance: seance.sequence)}
    await repository.save_seances(
        tx.connection,
        [
            {
                "id": seance.seance,
                "groupe": seance.groupe,
                "campagne": seance.campagne,
                "thematique": seance.thematique,
                "rang": seance.rang,
                "debut": seance.debut,
                "fin": seance.fin,
                "sequence": seance.sequence,
                "annulee": isinstance(seance, events.SeanceAnnulee),
            }
            for seance in newest.values()
        ],
    )


async def answer_questionnaire(tx: Transaction, questionnaire: Questionnaire, reponse: Reponse) -> int | None:
    """Keep one answer of one person on one séance and publish it; return its version.

    The same answer sent twice is kept and published once: the second time gives None.
    Raises ClosedQuestionnaire outside the time in which the séance can be answered.
    """
    seance, inscription = questionnaire.seance, questionnaire.participant.inscription
    ouverture = seance.ouverture(tx.now)
    if ouverture is not Ouverture.OUVERTE:
        raise ClosedQuestionnaire(ouverture)
    identity = stable_id("retour", seance.id, inscription)
    version = await repository.save_retour(
        tx.connection, reponse, id_=identity, seance=seance.id, inscription=inscription, now=tx.now
    )
    if version is not None:
        tx.publish(_retour_collecte(identity, questionnaire, reponse, version, tx.now))
    return version


def _retour_collecte(
    identity: UUID, questionnaire: Questionnaire, reponse: Reponse, version: int, now: datetime
) -> events.RetourCollecte:
    """Leave the free answers here: only notes, codes and what may be published travel."""
    seance, said = questionnaire.seance, reponse.temoignage
    return events.RetourCollecte(
        retour=identity,
        inscription=questionnaire.participant.inscription,
        seance=seance.id,
        groupe=seance.groupe,
        campagne=seance.campagne,
        thematique=seance.thematique,
        rang=seance.rang,
        satisfaction=reponse.satisfaction,
        besoins=reponse.besoins,
        temoignage=said
        and contract.Temoignage(
            nom=said.nom,
            fonction=said.fonction,
            collectivite=said.collectivite,
            texte=said.texte,
            consenti_le=now,
        ),
        version=version,
        collecte_le=now,
    )
