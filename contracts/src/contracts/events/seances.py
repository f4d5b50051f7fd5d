"""Séances: four meetings of two hours per groupe.

`sequence` is the iCalendar SEQUENCE of the meeting (RFC 5545, 3.8.7.4): it rises with each change.
"""

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from contracts.model import Code, EventData, Line, Moment


class _Seance(EventData):
    key_field: ClassVar[str] = "groupe"

    seance: UUID
    groupe: UUID
    campagne: Code
    thematique: Code
    rang: int = Field(ge=1, le=20, description="1 for the first meeting of the groupe.")
    debut: Moment
    fin: Moment
    sequence: int = Field(ge=0)


class SeancePlanifiee(_Seance):
    event_type: ClassVar[str] = "fr.anct.ateliers.seance.planifiee.v1"
    visio_url: Line


class SeanceDeplacee(_Seance):
    event_type: ClassVar[str] = "fr.anct.ateliers.seance.deplacee.v1"
    visio_url: Line
    ancien_debut: Moment


class SeanceAnnulee(_Seance):
    event_type: ClassVar[str] = "fr.anct.ateliers.seance.annulee.v1"
    cause: Line
