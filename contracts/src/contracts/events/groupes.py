"""Groupes: who meets with whom. Members are inscription ids: names stay on `ateliers.inscriptions`."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from contracts.model import Code, EventData, Line, Moment


class _Groupe(EventData):
    key_field: ClassVar[str] = "groupe"

    groupe: UUID
    campagne: Code
    thematique: Code
    nom: Line
    creneau: Code
    animateur: Code
    animateur_nom: Line
    membres: tuple[UUID, ...]
    version: int = Field(ge=1, description="Rises by one with each change of this groupe.")


class GroupeForme(_Groupe):
    event_type: ClassVar[str] = "fr.anct.ateliers.groupe.forme.v1"


class GroupeModifie(_Groupe):
    """The whole groupe as it is now: members, animateur or name have changed."""

    event_type: ClassVar[str] = "fr.anct.ateliers.groupe.modifie.v1"


class GroupeDissous(EventData):
    event_type: ClassVar[str] = "fr.anct.ateliers.groupe.dissous.v1"
    key_field: ClassVar[str] = "groupe"

    groupe: UUID
    campagne: Code
    thematique: Code
    cause: Line
    dissous_le: Moment
