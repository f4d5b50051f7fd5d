"""Why: the closed list of reasons for refusals and decisions, each with the French sentence that people read.

An event carries the code, for machines, and a sentence, for people: this one, or one that adds facts to it.
"""

from enum import StrEnum
from typing import Final


class Refus(StrEnum):
    CAMPAGNE_INCONNUE = "refus.campagne_inconnue"
    CAMPAGNE_FERMEE = "refus.campagne_fermee"
    THEMATIQUE_INCONNUE = "refus.thematique_inconnue"
    COLLECTIVITE_INCONNUE = "refus.collectivite_inconnue"
    ADRESSE_INVALIDE = "refus.adresse_invalide"
    AUCUN_CRENEAU = "refus.aucun_creneau"
    ENGAGEMENTS_MANQUANTS = "refus.engagements_manquants"
    DEJA_INSCRIT = "refus.deja_inscrit"
    EQUIPE = "refus.equipe"


class Decision(StrEnum):
    RETENUE = "retenue"
    LISTE_ATTENTE = "liste_attente"
    NON_RETENUE = "non_retenue"


class Motif(StrEnum):
    """Why an affectation was decided so."""

    PLACE = "retenue.place"
    PLACE_LIBEREE = "retenue.place_liberee"
    CRENEAUX_COMPLETS = "attente.creneaux_complets"
    QUOTA_QUALITE = "attente.quota_qualite"
    GROUPE_NON_OUVERT = "attente.groupe_non_ouvert"
    COLLECTIVITE = "attente.collectivite"
    ARRIVEE_TARDIVE = "attente.arrivee_tardive"
    CHOIX_EQUIPE = "attente.equipe"
    COLLECTIVITE_SAISON = "attente.collectivite_saison"
    AUCUN_CRENEAU = "non_retenue.aucun_creneau"
    HORS_HORAIRES = "non_retenue.hors_horaires"
    AUTRE_PLACE = "non_retenue.autre_place"
    RETRAIT = "non_retenue.retrait"


PHRASES: Final[dict[Refus | Motif, str]] = {
    Refus.CAMPAGNE_INCONNUE: "Cette campagne n’existe pas.",
    Refus.CAMPAGNE_FERMEE: "Les inscriptions à cette campagne ne sont pas ouvertes.",
    Refus.THEMATIQUE_INCONNUE: "Cette thématique n’est pas proposée dans cette campagne.",
    Refus.COLLECTIVITE_INCONNUE: "Nous n’avons pas trouvé votre collectivité.",
    Refus.ADRESSE_INVALIDE: "Votre adresse électronique ne semble pas valide.",
    Refus.AUCUN_CRENEAU: "Vous n’avez choisi aucun des créneaux proposés.",
    Refus.ENGAGEMENTS_MANQUANTS: "Les trois engagements sont nécessaires pour participer.",
    Refus.DEJA_INSCRIT: "Vous êtes déjà inscrit à cette thématique avec cette adresse électronique.",
    Refus.EQUIPE: "L’équipe du programme n’a pas pu accepter votre inscription.",
    Motif.PLACE: "Vous avez une place dans un groupe qui se réunit sur un de vos créneaux.",
    Motif.PLACE_LIBEREE: "Une place s’est libérée dans un groupe qui se réunit sur un de vos créneaux.",
    Motif.CRENEAUX_COMPLETS: "Tous les groupes compatibles avec vos créneaux sont complets.",
    Motif.QUOTA_QUALITE: "Il manque des participants de l’autre qualité (élus ou agents) pour ouvrir un groupe.",
    Motif.GROUPE_NON_OUVERT: "Trop peu de personnes sont disponibles sur vos créneaux pour ouvrir un groupe.",
    Motif.COLLECTIVITE: "Une autre personne de votre collectivité participe déjà à ce groupe.",
    Motif.ARRIVEE_TARDIVE: "Les groupes étaient déjà formés quand votre inscription est arrivée.",
    Motif.CHOIX_EQUIPE: "L’équipe du programme a composé autrement les groupes de vos créneaux.",
    Motif.COLLECTIVITE_SAISON: "Votre collectivité a déjà toutes ses places de la saison.",
    Motif.HORS_HORAIRES: "Aux heures de vos créneaux, il serait trop tôt ou trop tard chez vous.",
    Motif.AUTRE_PLACE: "Vous avez déjà une place dans une autre thématique de cette campagne.",
    Motif.AUCUN_CRENEAU: "Aucun des créneaux proposés ne vous convient.",
    Motif.RETRAIT: "Vous avez retiré votre inscription.",
}
