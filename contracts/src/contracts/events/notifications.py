"""Notifications: which message went to whom. Ids only: no address, no text."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from contracts.model import Code, EventData, Line, Moment


class _Notification(EventData):
    key_field: ClassVar[str] = "inscription"

    notification: UUID
    inscription: UUID
    modele: Code = Field(description="What the message says: `inscription-validee`, `invitation`, `rappel`…")


class NotificationEnvoyee(_Notification):
    """The mail server has accepted the message."""

    event_type: ClassVar[str] = "fr.anct.ateliers.notification.envoyee.v1"
    envoyee_le: Moment


class NotificationEchouee(_Notification):
    """The message will not be sent again by itself."""

    event_type: ClassVar[str] = "fr.anct.ateliers.notification.echouee.v1"
    cause: Line
    echouee_le: Moment
