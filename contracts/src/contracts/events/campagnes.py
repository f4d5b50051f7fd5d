"""Campagnes: one season of ateliers. The topic is compacted, so each event carries the whole campagne."""

from datetime import date, time
from typing import ClassVar

from pydantic import Field

from contracts.model import Code, EventData, Line, Moment, Part


class Thematique(Part):
    code: Code
    titre: Line


class Animateur(Part):
    """An animateur in their public role: an id, a name and what they can run. No address travels here."""

    id: Code
    nom: Line
    thematiques: tuple[Code, ...]
    creneaux: tuple[Code, ...]
    groupes_max: int = Field(default=2, ge=1, le=50)
    indisponible: tuple[date, ...] = ()


class TailleGroupe(Part):
    min: int = Field(default=12, ge=2)
    max: int = Field(default=15, le=40)
    elus_min: int = Field(default=5, ge=0)
    agents_min: int = Field(default=5, ge=0)


class Heures(Part):
    """When a séance begins, in the time of Paris."""

    matin: time = time(8, 30)
    apres_midi: time = time(13, 30)


class Poids(Part):
    """What placing one person counts for in the forming of groupes, by the size class of the collectivité."""

    petite: int = Field(default=3, ge=1, le=100)
    moyenne: int = Field(default=2, ge=1, le=100)
    grande: int = Field(default=1, ge=1, le=100)


class _Campagne(EventData):
    key_field: ClassVar[str] = "campagne"

    campagne: Code
    nom: Line
    inscriptions_du: Moment
    inscriptions_au: Moment
    seances_du: date
    seances_au: date
    thematiques: tuple[Thematique, ...]
    creneaux: tuple[Code, ...] = Field(description="Weekday and half-day: `lundi-matin` … `vendredi-apres-midi`.")
    heures: Heures = Heures()
    animateurs: tuple[Animateur, ...]
    groupe: TailleGroupe = TailleGroupe()
    jours_exclus: tuple[date, ...] = ()
    former_a_la_cloture: bool = Field(
        default=False, description="Groupes are formed and published by themselves when the campagne closes."
    )
    places_par_personne: int = Field(default=1, ge=1, le=20, description="Thématiques in which one person may meet.")
    places_par_collectivite: int = Field(
        default=0, ge=0, le=1000, description="Places in the season, one in a groupe at most; 0: no other limit."
    )
    poids: Poids = Poids()
    remplacement_automatique: bool = Field(
        default=False, description="A place that a withdrawal frees goes by itself to the person proposed for it."
    )
    remplacement_jusqu_a_la_seance: int = Field(
        default=1, ge=1, le=4, description="Such a place may be filled until this séance begins; 1: the first."
    )


class CampagneOuverte(_Campagne):
    """Inscriptions are open, or what was open has changed."""

    event_type: ClassVar[str] = "fr.anct.ateliers.campagne.ouverte.v1"


class CampagneClose(_Campagne):
    """No more inscriptions; groupes can be formed."""

    event_type: ClassVar[str] = "fr.anct.ateliers.campagne.close.v1"
    close_le: Moment
