"""Affectations: what was decided for each inscription, always with its reason."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from contracts.model import Code, EventData, Moment, Sentence
from contracts.reasons import Decision, Motif


class AffectationDecidee(EventData):
    event_type: ClassVar[str] = "fr.anct.ateliers.affectation.decidee.v1"
    key_field: ClassVar[str] = "inscription"

    inscription: UUID
    campagne: Code
    thematique: Code
    decision: Decision
    code: Motif
    phrase: Sentence = Field(description="The reason as the person reads it, in French.")
    groupe: UUID | None = Field(default=None, description="Set when the decision is `retenue`.")
    rang_attente: int | None = Field(
        default=None, ge=1, description="Place on the waiting list as it was told: it stays when others get a place."
    )
    decidee_le: Moment
