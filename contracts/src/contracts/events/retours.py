"""Retours: what participants say of a séance.

Ids, scores and consents; a name travels only in a testimonial whose author consented to its publication.
"""

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from contracts.model import Code, EventData, Line, Moment, Part, Text


class Temoignage(Part):
    """Publishable with the name of its author, who agreed to it at `consenti_le`."""

    nom: Line
    fonction: Line
    collectivite: Line
    texte: Text
    consenti_le: Moment


class RetourCollecte(EventData):
    """One person's answer on one séance; a later `version` replaces the earlier one."""

    event_type: ClassVar[str] = "fr.anct.ateliers.retour.collecte.v1"
    key_field: ClassVar[str] = "inscription"

    retour: UUID
    inscription: UUID
    seance: UUID
    groupe: UUID
    campagne: Code
    thematique: Code
    rang: int = Field(ge=1, le=20)
    satisfaction: int = Field(ge=1, le=5, description="5 is the best.")
    besoins: tuple[Code, ...] = Field(default=(), description="Thématiques wanted in the next cycles.")
    temoignage: Temoignage | None = None
    version: int = Field(ge=1)
    collecte_le: Moment
