"""What each mail says, in French: one function per model, and no layout.

A letter says what happened in its subject, says it again with what is expected in its first line, then the details, and
has one button at most. Typography is set when it is written out.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from chassis.web.french import creneau_libelle, date_heure, date_longue, heure, jour_mois, ordinal, plage_horaire

from notification.domain import QUESTIONNAIRE_OUVERT, Campagne, Envoi, Groupe, Modele, Participant, Seance


@dataclass(frozen=True, slots=True)
class Letter:
    """The content of a mail. `details` are (label, value); `bouton` is (label, address)."""

    sujet: str
    accroche: str
    corps: Sequence[str] = ()
    details: Sequence[tuple[str, str]] = ()
    bouton: tuple[str, str] | None = None
    suite: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Adresses:
    """Where a mail leads; `questionnaire` is empty but in a mail about a séance."""

    accueil: str
    suivi: str
    preferences: str
    questionnaire: str = ""


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that is known of the person and of what the mail is about."""

    envoi: Envoi
    personne: Participant
    adresses: Adresses
    campagne: Campagne | None = None
    groupe: Groupe | None = None
    seances: Sequence[Seance] = ()
    seance: Seance | None = None

    @property
    def contexte(self) -> Mapping[str, Any]:
        return self.envoi.contexte

    @property
    def titre(self) -> str:
        """The thématique's title; its code for one that no campagne has."""
        titles = self.campagne.thematiques if self.campagne else {}
        return titles.get(self.personne.thematique, self.personne.thematique)

    @property
    def atelier(self) -> str:
        return f"l’atelier « {self.titre} »"

    @property
    def groupe_et_creneau(self) -> str:
        """`Eau, mardi matin`: scheduling may have put the créneau into the name already."""
        if self.groupe is None:
            return self.titre
        try:
            creneau = creneau_libelle(self.groupe.creneau)
        except ValueError:
            return self.groupe.nom
        return self.groupe.nom if creneau in self.groupe.nom else f"{self.groupe.nom}, {creneau}"

    @property
    def la_seance(self) -> Seance:
        """Raises LookupError for a mail that is about no séance, or one that is not known."""
        if self.seance is None:
            raise LookupError("the séance is not known")
        return self.seance


A_FAIRE: Final[Mapping[str, str]] = {
    "refus.campagne_inconnue": "Choisissez une campagne ouverte sur notre page d’accueil.",
    "refus.campagne_fermee": "La page d’accueil annonce la prochaine ouverture des inscriptions.",
    "refus.thematique_inconnue": "Choisissez une thématique de la campagne, puis envoyez de nouveau le formulaire.",
    "refus.collectivite_inconnue": "Cherchez votre collectivité par son nom et choisissez-la dans la liste, "
    "puis envoyez de nouveau le formulaire.",
    "refus.adresse_invalide": "Vérifiez votre adresse électronique, puis envoyez de nouveau le formulaire.",
    "refus.aucun_creneau": "Choisissez au moins un créneau possible pour vous, puis envoyez de nouveau le formulaire.",
    "refus.engagements_manquants": "Cochez les trois engagements si vous pouvez les tenir, "
    "puis envoyez de nouveau le formulaire.",
    "refus.deja_inscrit": "Vous n’avez rien à faire : votre première inscription reste valable.",
    "refus.equipe": "Pour en savoir plus, répondez à ce message.",
}
_RIEN_A_CORRIGER: Final = frozenset({"refus.deja_inscrit", "refus.equipe"})


def _validee(d: Dossier) -> Letter:
    return Letter(
        sujet="Votre inscription est bien enregistrée",
        accroche=f"Votre inscription à {d.atelier} est bien enregistrée : vous n’avez rien à faire pour l’instant.",
        corps=(
            "Après la clôture, nous formons des groupes d’une quinzaine de personnes, de collectivités différentes.",
            "Vous recevrez alors notre réponse et, si vous avez une place, vos quatre dates.",
        ),
        details=_campagne(d),
        bouton=("Suivre mon inscription", d.adresses.suivi),
    )


def _campagne(d: Dossier) -> list[tuple[str, str]]:
    nom = [("Campagne", d.campagne.nom)] if d.campagne else []
    return [*nom, ("Thématique", d.titre)]


def _refusee(d: Dossier) -> Letter:
    code = d.contexte["code"]
    bouton = None if code in _RIEN_A_CORRIGER else ("Corriger mon inscription", d.adresses.suivi)
    return Letter(
        sujet="Votre inscription n’a pas pu être enregistrée",
        accroche=f"Votre inscription à {d.atelier} n’est pas enregistrée.",
        corps=(d.contexte["phrase"], A_FAIRE.get(code, "Pour en savoir plus, répondez à ce message.")),
        details=_campagne(d),
        bouton=bouton,
    )


def _annulee(d: Dossier) -> Letter:
    if d.contexte["cause"] == "retrait":
        sujet = "Votre inscription est retirée"
        accroche = f"À votre demande, votre inscription à {d.atelier} est retirée : vous n’avez rien d’autre à faire."
    else:
        sujet = "Votre inscription est annulée"
        accroche = f"L’équipe du programme a annulé votre inscription à {d.atelier}."
    return Letter(
        sujet=sujet,
        accroche=accroche,
        corps=("Si des séances étaient dans votre agenda, un message à part les en retire.",),
        suite=("Vous pourrez vous inscrire de nouveau à une prochaine campagne.",),
        bouton=("Voir les ateliers", d.adresses.accueil),
    )


def _affectation(d: Dossier) -> Letter:
    return {"retenue": _retenue, "liste_attente": _attente}.get(d.personne.decision or "", _non_retenue)(d)


def _retenue(d: Dossier) -> Letter:
    """Whoever gets a place in the course of the cycle reads the dates that are left."""
    standing = sorted((s for s in d.seances if not s.annulee), key=lambda s: s.rang)
    seances = [s for s in standing if s.debut > d.envoi.cree_le] or standing
    une = len(seances) == 1
    return Letter(
        sujet=f"{'Votre date' if une else f'Vos {len(seances)} dates'} : {d.groupe_et_creneau}",
        accroche=f"Vous avez une place dans {d.atelier} : "
        f"réservez {'cette date' if une else f'ces {len(seances)} dates'} dans votre agenda.",
        corps=(d.personne.phrase or "",),
        details=[*((f"Séance {s.rang}", _quand(s)) for s in seances), *_groupe(d)],
        suite=(
            "Chaque date vous arrive aussi dans un message à part, que votre agenda reconnaît : acceptez-le.",
            "Les séances ont lieu en visioconférence, caméra et micro allumés.",
            "Pensez à la situation concrète que vous souhaitez partager.",
            "Vous ne pouvez plus venir ? Retirez-vous dès maintenant : votre place ira à une autre collectivité.",
        ),
        bouton=("Voir mon groupe et mes dates", d.adresses.suivi),
    )


def _groupe(d: Dossier) -> list[tuple[str, str]]:
    animateur = [("Animation", d.groupe.animateur_nom)] if d.groupe else []
    return [("Groupe", d.groupe_et_creneau), *animateur]


def _attente(d: Dossier) -> Letter:
    rang = d.personne.rang_attente
    return Letter(
        sujet="Vous êtes sur la liste d’attente",
        accroche=f"Il n’y a pas encore de place pour vous dans un groupe de {d.atelier} : "
        "vous êtes sur la liste d’attente, et vous n’avez rien à faire.",
        corps=(d.personne.phrase or "",),
        details=[*_campagne(d), *([("Votre rang", ordinal(rang))] if rang else [])],
        suite=("Si une place se libère, nous vous écrivons aussitôt.",),
        bouton=("Suivre mon inscription", d.adresses.suivi),
    )


def _non_retenue(d: Dossier) -> Letter:
    return Letter(
        sujet="Votre inscription n’a pas pu être retenue",
        accroche=f"Nous n’avons pas pu vous proposer de place dans {d.atelier}.",
        corps=(d.personne.phrase or "",),
        details=_campagne(d),
        suite=("D’autres campagnes suivront : votre situation nous intéresse, revenez vers nous.",),
        bouton=("Voir les ateliers", d.adresses.accueil),
    )


def _quand(s: Seance) -> str:
    return f"{date_longue(s.debut)}, {plage_horaire(s.debut, s.fin)}"


def _details_seance(d: Dossier) -> list[tuple[str, str]]:
    s = d.la_seance
    titre = [] if d.groupe_et_creneau.startswith(d.titre) else [("Thématique", d.titre)]
    return [
        ("Date", date_longue(s.debut)),
        ("Horaire", f"{plage_horaire(s.debut, s.fin)} (heure de Paris)"),
        *titre,
        *_groupe(d),
    ]


def _visio(d: Dossier) -> tuple[str, str]:
    return "Rejoindre la visioconférence", d.la_seance.visio_url


def _invitation(d: Dossier) -> Letter:
    s = d.la_seance
    return Letter(
        sujet=f"Séance {s.rang} : {jour_mois(s.debut)} à {heure(s.debut)}",
        accroche=f"Voici l’invitation à la séance {s.rang} de votre groupe : acceptez-la dans votre agenda.",
        details=_details_seance(d),
        bouton=_visio(d),
        suite=("Si la date change, votre agenda sera mis à jour par un nouveau message.",),
    )


def _deplacee(d: Dossier) -> Letter:
    s = d.la_seance
    return Letter(
        sujet=f"Séance {s.rang} déplacée : {jour_mois(s.debut)} à {heure(s.debut)}",
        accroche=f"La séance {s.rang} de votre groupe change de date : elle a lieu le {date_heure(s.debut)}.",
        corps=("Acceptez la nouvelle date : votre agenda remplacera l’ancienne.",),
        details=_details_seance(d),
        bouton=_visio(d),
    )


def _seance_annulee(d: Dossier) -> Letter:
    s = d.la_seance
    return Letter(
        sujet=f"Séance {s.rang} annulée : {jour_mois(s.debut)}",
        accroche=f"La séance {s.rang} de votre groupe, prévue le {date_heure(s.debut)}, n’aura pas lieu.",
        corps=(*([f"Raison : {s.cause}"] if s.cause else []), "Ce message la retire de votre agenda."),
        details=_details_seance(d),
    )


def _seance_retiree(d: Dossier) -> Letter:
    s = d.la_seance
    return Letter(
        sujet=f"Séance {s.rang} retirée de votre agenda : {jour_mois(s.debut)}",
        accroche=f"Vous n’êtes plus attendu à la séance {s.rang}, le {date_heure(s.debut)}.",
        corps=("Ce message la retire de votre agenda : vous n’avez rien d’autre à faire.",),
        details=_details_seance(d),
    )


def _rappel(d: Dossier) -> Letter:
    s = d.la_seance
    return Letter(
        sujet=f"Rappel : séance {s.rang}, {jour_mois(s.debut)} à {heure(s.debut)}",
        accroche=f"La séance {s.rang} de votre groupe a lieu le {date_heure(s.debut)}.",
        corps=("Prévoyez un endroit calme, une caméra et un micro. Le lien ci-dessous ouvre la visioconférence.",),
        details=_details_seance(d),
        bouton=_visio(d),
    )


def _questionnaire(d: Dossier) -> Letter:
    s = d.la_seance
    return Letter(
        sujet=f"Séance {s.rang} : votre avis en une minute",
        accroche=f"Merci d’avoir participé à la séance {s.rang} : dites-nous en une minute ce qu’elle vous a apporté.",
        corps=(
            "Cinq questions au plus, sur un seul écran. Vos réponses servent à préparer les prochains ateliers.",
            f"Vous pouvez répondre, et changer votre réponse, jusqu’au {date_longue(s.fin + QUESTIONNAIRE_OUVERT)}.",
        ),
        details=[("Séance", _quand(s)), ("Groupe", d.groupe_et_creneau)],
        bouton=("Répondre au questionnaire", d.adresses.questionnaire),
    )


_LETTERS: Final[Mapping[Modele, Callable[[Dossier], Letter]]] = {
    Modele.VALIDEE: _validee,
    Modele.REFUSEE: _refusee,
    Modele.ANNULEE: _annulee,
    Modele.AFFECTATION: _affectation,
    Modele.INVITATION: _invitation,
    Modele.SEANCE_DEPLACEE: _deplacee,
    Modele.SEANCE_ANNULEE: _seance_annulee,
    Modele.SEANCE_RETIREE: _seance_retiree,
    Modele.RAPPEL: _rappel,
    Modele.QUESTIONNAIRE: _questionnaire,
}


def letter_for(dossier: Dossier) -> Letter:
    """Raises LookupError when what the letter is about is not known."""
    return _LETTERS[dossier.envoi.modele](dossier)
