"""The events that tell what scheduling holds, made from what is stored."""

from datetime import datetime
from uuid import UUID

from chassis.web.french import typographie
from contracts.events import (
    AffectationDecidee,
    GroupeForme,
    GroupeModifie,
    SeanceAnnulee,
    SeanceDeplacee,
    SeancePlanifiee,
)
from contracts.reasons import Decision, Motif

from scheduling.domain import Seance
from scheduling.repository.groupes import Affectation, Depart, Groupe


def in_french(phrase: str) -> str:
    """Put a sentence of the solver into proper typography."""
    return typographie(phrase.replace("'", "’"))


def affectation_decidee(affectation: Affectation, campagne: str, now: datetime) -> AffectationDecidee:
    return AffectationDecidee(
        inscription=affectation.inscription,
        campagne=campagne,
        thematique=affectation.thematique,
        decision=Decision(affectation.decision),
        code=Motif(affectation.code),
        phrase=affectation.phrase,
        groupe=affectation.groupe,
        rang_attente=affectation.rang_attente,
        decidee_le=now,
    )


def retrait_decide(depart: Depart, now: datetime) -> AffectationDecidee:
    return AffectationDecidee(
        inscription=depart.inscription,
        campagne=depart.campagne,
        thematique=depart.thematique,
        decision=Decision.NON_RETENUE,
        code=Motif.RETRAIT,
        phrase=depart.phrase,
        decidee_le=now,
    )


def groupe_forme(groupe: Groupe) -> GroupeForme:
    return GroupeForme.model_validate(_groupe(groupe))


def groupe_modifie(groupe: Groupe) -> GroupeModifie:
    return GroupeModifie.model_validate(_groupe(groupe))


def _groupe(groupe: Groupe) -> dict[str, object]:
    return {
        "groupe": groupe.id,
        "campagne": groupe.campagne,
        "thematique": groupe.thematique,
        "nom": groupe.nom,
        "creneau": groupe.creneau,
        "animateur": groupe.animateur,
        "animateur_nom": groupe.animateur_nom,
        "membres": groupe.membres,
        "version": groupe.version,
    }


def seance_planifiee(groupe: Groupe, seance: Seance) -> SeancePlanifiee:
    return SeancePlanifiee.model_validate(_seance(groupe, seance) | {"visio_url": seance.visio_url})


def seance_deplacee(groupe: Groupe, seance: Seance, ancien_debut: datetime) -> SeanceDeplacee:
    moved = {"visio_url": seance.visio_url, "ancien_debut": ancien_debut}
    return SeanceDeplacee.model_validate(_seance(groupe, seance) | moved)


def seance_annulee(groupe: Groupe, seance: Seance, cause: str) -> SeanceAnnulee:
    return SeanceAnnulee.model_validate(_seance(groupe, seance) | {"cause": cause})


def _seance(groupe: Groupe, seance: Seance) -> dict[str, object]:
    identity: dict[str, UUID | str] = {
        "seance": seance.id,
        "groupe": groupe.id,
        "campagne": groupe.campagne,
        "thematique": groupe.thematique,
    }
    times = {"rang": seance.rang, "debut": seance.debut, "fin": seance.fin, "sequence": seance.sequence}
    return {**identity, **times}
