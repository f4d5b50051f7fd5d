"""Inscriptions: what a portal asks for, and what registration answers.

These are the only events that carry personal data: names, addresses, telephone numbers and situations.
"""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from contracts.model import Code, Email, EventData, Line, Moment, Part, Text
from contracts.reasons import Refus


class Qualite(StrEnum):
    ELU = "elu"
    AGENT = "agent"


class Taille(StrEnum):
    PETITE = "petite"
    MOYENNE = "moyenne"
    GRANDE = "grande"


class TypeCollectivite(StrEnum):
    COMMUNE = "commune"
    EPCI = "epci"
    DEPARTEMENT = "departement"
    REGION = "region"
    AUTRE = "autre"


class Accord(StrEnum):
    PREFERE = "prefere"
    POSSIBLE = "possible"


class Annulation(StrEnum):
    RETRAIT = "retrait"
    EQUIPE = "equipe"


class Personne(Part):
    prenom: Line
    nom: Line
    email: Email
    telephone: Line | None = None


class CollectiviteDemandee(Part):
    type: TypeCollectivite
    code: Line = Field(description="INSEE code, SIREN of an EPCI, code of a département or région; for `autre`, any.")
    nom: Line | None = Field(default=None, description="Needed for `autre` only: the others are known by their code.")


class Collectivite(Part):
    type: TypeCollectivite
    code: Line
    nom: Line
    departement: str = Field(default="", description="Code of the département; empty for a région.")
    taille: Taille


class Disponibilite(Part):
    creneau: Code
    accord: Accord


class Engagements(Part):
    """The three conditions to take part."""

    quatre_seances: bool = False
    situation_concrete: bool = False
    camera_et_micro: bool = False

    @property
    def tous(self) -> bool:
        return self.quatre_seances and self.situation_concrete and self.camera_et_micro


class _Demande(EventData):
    key_field: ClassVar[str] = "inscription"

    inscription: UUID = Field(description="Chosen by the portal; the same for every event of this inscription.")
    campagne: Code
    thematique: Code
    personne: Personne
    qualite: Qualite
    fonction: Line
    disponibilites: tuple[Disponibilite, ...] = Field(max_length=20)
    situation: Text = Field(description="The concrete situation that the person brings.")
    engagements: Engagements
    avec: tuple[Email, ...] = Field(default=(), max_length=5, description="Wishes to be with: e-mail addresses.")
    sans: tuple[Email, ...] = Field(default=(), max_length=5, description="Wishes to be apart from.")
    recue_le: Moment = Field(description="When the person sent the form.")
    rang: int | None = Field(
        default=None,
        ge=1,
        le=20,
        description="1 for the thématique that the person wants most; without it, the order of asking decides.",
    )


class InscriptionRecue(_Demande):
    """A person asks to take part."""

    event_type: ClassVar[str] = "fr.anct.ateliers.inscription.recue.v1"
    collectivite: CollectiviteDemandee


class InscriptionRetiree(EventData):
    """A person withdraws, at any time."""

    event_type: ClassVar[str] = "fr.anct.ateliers.inscription.retiree.v1"
    key_field: ClassVar[str] = "inscription"
    inscription: UUID
    retiree_le: Moment


class InscriptionValidee(_Demande):
    """The inscription keeps every rule: the person will take part in the forming of groupes."""

    event_type: ClassVar[str] = "fr.anct.ateliers.inscription.validee.v1"
    collectivite: Collectivite


class InscriptionRefusee(EventData):
    """A rule is broken: `code` says which one, `champs` names the fields to correct."""

    event_type: ClassVar[str] = "fr.anct.ateliers.inscription.refusee.v1"
    key_field: ClassVar[str] = "inscription"
    inscription: UUID
    campagne: Code
    thematique: Code
    personne: Personne
    code: Refus
    phrase: Line
    champs: tuple[Code, ...] = ()
    refusee_le: Moment


class InscriptionAnnulee(EventData):
    """A validated inscription ends: the person withdrew, or the team took it back."""

    event_type: ClassVar[str] = "fr.anct.ateliers.inscription.annulee.v1"
    key_field: ClassVar[str] = "inscription"
    inscription: UUID
    campagne: Code
    thematique: Code
    cause: Annulation
    annulee_le: Moment
