"""Messages in: each event is turned into the domain's words and handed to one use case."""

from collections.abc import Sequence
from uuid import UUID

from chassis.handlers import Handlers, Received
from chassis.store import Transaction
from contracts.events import (
    AffectationDecidee,
    CampagneClose,
    CampagneOuverte,
    GroupeDissous,
    GroupeForme,
    GroupeModifie,
    InscriptionAnnulee,
    InscriptionRefusee,
    InscriptionValidee,
    SeanceAnnulee,
    SeanceDeplacee,
    SeancePlanifiee,
)

from notification import use_cases
from notification.domain import Campagne, EtatInscription, Groupe, Intent, Modele, Participant, Seance


def handlers() -> Handlers:
    taken = Handlers()
    _inscriptions(taken)
    _groupes(taken)
    _seances(taken)

    @taken.on(CampagneOuverte)
    async def campagne_ouverte(tx: Transaction, events: Sequence[Received[CampagneOuverte]]) -> None:
        await use_cases.learn_campagnes(tx, [_campagne(event.data) for event in events])

    @taken.on(CampagneClose)
    async def campagne_close(tx: Transaction, events: Sequence[Received[CampagneClose]]) -> None:
        await use_cases.learn_campagnes(tx, [_campagne(event.data) for event in events])

    return taken


def _inscriptions(taken: Handlers) -> None:
    @taken.on(InscriptionValidee)
    async def validee(tx: Transaction, events: Sequence[Received[InscriptionValidee]]) -> None:
        await use_cases.welcome_people(tx, [_person(event.data, EtatInscription.VALIDEE) for event in events])

    @taken.on(InscriptionRefusee)
    async def refusee(tx: Transaction, events: Sequence[Received[InscriptionRefusee]]) -> None:
        await use_cases.tell_refusals(
            tx, [(_person(event.data, EtatInscription.REFUSEE), _refusal(event)) for event in events]
        )

    @taken.on(InscriptionAnnulee)
    async def annulee(tx: Transaction, events: Sequence[Received[InscriptionAnnulee]]) -> None:
        await use_cases.end_inscriptions(tx, [(event.data.inscription, event.data.cause.value) for event in events])

    @taken.on(AffectationDecidee)
    async def decidee(tx: Transaction, events: Sequence[Received[AffectationDecidee]]) -> None:
        await use_cases.learn_decisions(tx, [_decision(event.data) for event in events])


def _groupes(taken: Handlers) -> None:
    @taken.on(GroupeForme)
    async def forme(tx: Transaction, events: Sequence[Received[GroupeForme]]) -> None:
        await use_cases.learn_groupes(tx, [_groupe(event.data) for event in events])

    @taken.on(GroupeModifie)
    async def modifie(tx: Transaction, events: Sequence[Received[GroupeModifie]]) -> None:
        await use_cases.learn_groupes(tx, [_groupe(event.data) for event in events])

    @taken.on(GroupeDissous)
    async def dissous(tx: Transaction, events: Sequence[Received[GroupeDissous]]) -> None:
        await use_cases.dissolve_groupes(tx, [event.data.groupe for event in events])


def _seances(taken: Handlers) -> None:
    @taken.on(SeancePlanifiee)
    async def planifiee(tx: Transaction, events: Sequence[Received[SeancePlanifiee]]) -> None:
        await use_cases.learn_seances(tx, [_seance(event.data) for event in events])

    @taken.on(SeanceDeplacee)
    async def deplacee(tx: Transaction, events: Sequence[Received[SeanceDeplacee]]) -> None:
        await use_cases.learn_seances(tx, [_seance(event.data) for event in events])

    @taken.on(SeanceAnnulee)
    async def annulee(tx: Transaction, events: Sequence[Received[SeanceAnnulee]]) -> None:
        await use_cases.learn_seances(tx, [_seance(event.data) for event in events])


def _campagne(data: CampagneOuverte | CampagneClose) -> Campagne:
    return Campagne(data.campagne, data.nom, {theme.code: theme.titre for theme in data.thematiques})


def _person(data: InscriptionValidee | InscriptionRefusee, etat: EtatInscription) -> Participant:
    personne = data.personne
    return Participant(
        inscription=data.inscription,
        campagne=data.campagne,
        thematique=data.thematique,
        prenom=personne.prenom,
        nom=personne.nom,
        email=personne.email,
        etat=etat,
    )


def _refusal(event: Received[InscriptionRefusee]) -> Intent:
    data = event.data
    contexte = {"code": data.code.value, "phrase": data.phrase, "champs": list(data.champs)}
    return Intent(f"{Modele.REFUSEE}:{data.inscription}:{event.id}", Modele.REFUSEE, data.inscription, contexte)


def _decision(data: AffectationDecidee) -> Participant:
    """The decision alone: who the person is, the projection knows already."""
    return Participant(
        inscription=data.inscription,
        campagne=data.campagne,
        thematique=data.thematique,
        prenom="",
        nom="",
        email="",
        etat=EtatInscription.VALIDEE,
        decision=data.decision.value,
        motif=data.code.value,
        phrase=data.phrase,
        groupe=data.groupe,
        rang_attente=data.rang_attente,
        decidee_le=data.decidee_le,
    )


def _groupe(data: GroupeForme | GroupeModifie) -> tuple[Groupe, str, int, Sequence[UUID]]:
    groupe = Groupe(data.groupe, data.thematique, data.nom, data.creneau, data.animateur_nom)
    return groupe, data.campagne, data.version, data.membres


def _seance(data: SeancePlanifiee | SeanceDeplacee | SeanceAnnulee) -> Seance:
    return Seance(
        seance=data.seance,
        groupe=data.groupe,
        rang=data.rang,
        debut=data.debut,
        fin=data.fin,
        sequence=data.sequence,
        visio_url="" if isinstance(data, SeanceAnnulee) else data.visio_url,
        annulee=isinstance(data, SeanceAnnulee),
        cause=data.cause if isinstance(data, SeanceAnnulee) else None,
    )
