"""What a campagne is, and the rules that an inscription keeps. No I/O: the moment is an argument.

Every rule is checked in one order and the first that is broken is the answer, so that the same inscription always
gets the same answer.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

from email_validator import EmailNotValidError, validate_email

from registration.collectivites import Collectivite

_LENGTH, _LOCAL_LENGTH = 254, 64
_PLAIN_LOCAL: Final = re.compile(r"[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*")

DELAI_DE_GRACE: Final = timedelta(days=1)
"""How late an inscription that was sent in time may arrive: a portal may hold it back while it is out of order."""

CRENEAUX: Final = tuple(
    f"{jour}-{moment}"
    for jour in ("lundi", "mardi", "mercredi", "jeudi", "vendredi")
    for moment in ("matin", "apres-midi")
)


class EtatCampagne(StrEnum):
    BROUILLON = "brouillon"
    OUVERTE = "ouverte"
    CLOSE = "close"


class EtatInscription(StrEnum):
    VALIDEE = "validee"
    REFUSEE = "refusee"
    ANNULEE = "annulee"


class Regle(StrEnum):
    """The rules of an inscription; the contract's refusal codes are these, after `refus.`."""

    CAMPAGNE_INCONNUE = "campagne_inconnue"
    CAMPAGNE_FERMEE = "campagne_fermee"
    THEMATIQUE_INCONNUE = "thematique_inconnue"
    COLLECTIVITE_INCONNUE = "collectivite_inconnue"
    ADRESSE_INVALIDE = "adresse_invalide"
    AUCUN_CRENEAU = "aucun_creneau"
    ENGAGEMENTS_MANQUANTS = "engagements_manquants"
    DEJA_INSCRIT = "deja_inscrit"
    EQUIPE = "equipe"


CHAMPS: Final[dict[Regle, tuple[str, ...]]] = {
    Regle.THEMATIQUE_INCONNUE: ("thematique",),
    Regle.COLLECTIVITE_INCONNUE: ("collectivite",),
    Regle.ADRESSE_INVALIDE: ("email",),
    Regle.AUCUN_CRENEAU: ("disponibilites",),
    Regle.ENGAGEMENTS_MANQUANTS: ("engagements",),
    Regle.DEJA_INSCRIT: ("email", "thematique"),
}
"""The fields that a person corrects when a rule is broken."""


@dataclass(frozen=True, slots=True)
class Thematique:
    code: str
    titre: str


@dataclass(frozen=True, slots=True)
class Animateur:
    id: str
    nom: str
    thematiques: tuple[str, ...]
    creneaux: tuple[str, ...]
    groupes_max: int = 2
    indisponible: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class TailleGroupe:
    min: int = 12
    max: int = 15
    elus_min: int = 5
    agents_min: int = 5


@dataclass(frozen=True, slots=True)
class Poids:
    """What placing one person counts for, by the size class of the collectivité."""

    petite: int = 3
    moyenne: int = 2
    grande: int = 1


@dataclass(frozen=True, slots=True)
class Heures:
    """When a séance begins, in the time of Paris."""

    matin: time = time(8, 30)
    apres_midi: time = time(13, 30)


@dataclass(frozen=True, slots=True)
class Campagne:
    """One season. The inscription window is inclusive at both ends, in aware UTC.

    `places_par_collectivite` of 0 sets no limit in the season; a place that a withdrawal frees may be filled until
    séance `remplacement_jusqu_a_la_seance` begins.
    """

    code: str
    nom: str
    inscriptions_du: datetime
    inscriptions_au: datetime
    seances_du: date
    seances_au: date
    thematiques: tuple[Thematique, ...]
    creneaux: tuple[str, ...]
    animateurs: tuple[Animateur, ...]
    groupe: TailleGroupe = TailleGroupe()
    heures: Heures = Heures()
    jours_exclus: tuple[date, ...] = ()
    former_a_la_cloture: bool = False
    places_par_personne: int = 1
    places_par_collectivite: int = 0
    poids: Poids = Poids()
    remplacement_automatique: bool = False
    remplacement_jusqu_a_la_seance: int = 1
    etat: EtatCampagne = EtatCampagne.BROUILLON
    close_le: datetime | None = None

    def receives(self, now: datetime) -> bool:
        """Whether the public form takes inscriptions at this moment."""
        return self.etat is EtatCampagne.OUVERTE and self.inscriptions_du <= now <= self.inscriptions_au

    def accepts(self, recue_le: datetime, now: datetime) -> bool:
        """Whether an inscription sent at `recue_le` and seen at `now` is in time.

        One that was sent before the close counts for DELAI_DE_GRACE after it: the portal's delay, or ours, is not
        the person's.
        """
        if self.receives(now):
            return True
        if self.etat is EtatCampagne.BROUILLON:
            return False
        end = min(self.inscriptions_au, self.close_le or self.inscriptions_au)
        return self.inscriptions_du <= recue_le <= end and now <= end + DELAI_DE_GRACE

    def titre(self, thematique: str) -> str:
        """Return the title of a thématique, or its code when the campagne doesn't have it."""
        return next((t.titre for t in self.thematiques if t.code == thematique), thematique)


class Demande(NamedTuple):
    """What the rules look at in one inscription.

    `campagne` and `collectivite` are None when they are not known, `adresse` (see adresse_cle) when it can't be one.
    """

    campagne: Campagne | None
    thematique: str
    collectivite: Collectivite | None
    adresse: str | None
    creneaux: frozenset[str]
    engagements: bool
    recue_le: datetime


def campagne_is_known(demande: Demande, _now: datetime) -> bool:
    return demande.campagne is not None and demande.campagne.etat is not EtatCampagne.BROUILLON


def campagne_is_open(demande: Demande, now: datetime) -> bool:
    return demande.campagne is not None and demande.campagne.accepts(demande.recue_le, now)


def thematique_is_offered(demande: Demande, _now: datetime) -> bool:
    return demande.campagne is not None and demande.thematique in {t.code for t in demande.campagne.thematiques}


def collectivite_is_known(demande: Demande, _now: datetime) -> bool:
    return demande.collectivite is not None


def adresse_is_plausible(demande: Demande, _now: datetime) -> bool:
    return demande.adresse is not None


def some_creneau_is_offered(demande: Demande, _now: datetime) -> bool:
    return demande.campagne is not None and not demande.creneaux.isdisjoint(demande.campagne.creneaux)


def engagements_are_taken(demande: Demande, _now: datetime) -> bool:
    return demande.engagements


RULES: Final[Sequence[tuple[Regle, Callable[[Demande, datetime], bool]]]] = (
    (Regle.CAMPAGNE_INCONNUE, campagne_is_known),
    (Regle.CAMPAGNE_FERMEE, campagne_is_open),
    (Regle.THEMATIQUE_INCONNUE, thematique_is_offered),
    (Regle.COLLECTIVITE_INCONNUE, collectivite_is_known),
    (Regle.ADRESSE_INVALIDE, adresse_is_plausible),
    (Regle.AUCUN_CRENEAU, some_creneau_is_offered),
    (Regle.ENGAGEMENTS_MANQUANTS, engagements_are_taken),
)
"""All but DEJA_INSCRIT, which the unique index of the store decides, and EQUIPE, which people decide."""


def broken_rule(demande: Demande, now: datetime) -> Regle | None:
    """Return the first rule that the inscription breaks, or None if it keeps them all."""
    return next((regle for regle, keeps in RULES if not keeps(demande, now)), None)


def adresse_cle(email: str) -> str | None:
    """Return the form by which two addresses are the same, or None if it can't be an address.

    Nothing is asked of the network. Letter case makes no difference, in the local part neither (stricter than
    RFC 5321, 2.4, which no mail provider of today follows).
    """
    local, _, domain = email.partition("@")
    if email.isascii() and len(email) <= _LENGTH and len(local) <= _LOCAL_LENGTH and _PLAIN_LOCAL.fullmatch(local):
        known = _domain(domain)
        return None if known is None else f"{local}@{known}".casefold()
    return _normalised(email)


@lru_cache(maxsize=20_000)
def _domain(domain: str) -> str | None:
    """Domains come again and again, and take nearly all of an address's time."""
    whole = _normalised(f"a@{domain}")
    return None if whole is None else whole.removeprefix("a@")


def _normalised(email: str) -> str | None:
    try:
        return validate_email(email, check_deliverability=False).normalized.casefold()
    except EmailNotValidError:
        return None


def may_be_sent_again(etat: EtatInscription, code: str | None) -> bool:
    """Whether a new sending of an inscription is looked at: only a refusal that the person can correct."""
    return etat is EtatInscription.REFUSEE and code != f"refus.{Regle.EQUIPE}"


def lost_by_change(before: Campagne, after: Campagne) -> tuple[str, ...]:
    """Return the thématiques and créneaux that a change of an open campagne would take from people who chose them."""
    themes = {t.code for t in after.thematiques}
    gone = [t.titre for t in before.thematiques if t.code not in themes]
    return (*gone, *(creneau for creneau in before.creneaux if creneau not in after.creneaux))
