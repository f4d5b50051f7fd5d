"""The topic table: who publishes what, under which key, for whom, and how long it is kept.

Everything about topics is read from here: provisioning, access rules, schemas, examples and documents.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from contracts import events
from contracts.model import EventData


class Principal(StrEnum):
    """Who speaks on Kafka: each has a login of its own and reads and writes only what the table says."""

    PORTAL = "portal"
    REGISTRATION = "registration"
    SCHEDULING = "scheduling"
    NOTIFICATION = "notification"
    FEEDBACK = "feedback"
    CRM = "crm"


SERVICES: Final = (
    Principal.REGISTRATION,
    Principal.SCHEDULING,
    Principal.NOTIFICATION,
    Principal.FEEDBACK,
)
YEAR: Final = 365 * 24 * 3600 * 1000
MONTH: Final = 30 * 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. `retention_ms` is -1 on a compacted topic, which keeps the last event of each key for ever."""

    name: str
    key: str
    events: tuple[type[EventData], ...]
    producers: tuple[Principal, ...]
    consumers: tuple[Principal, ...]
    partitions: int = 6
    retention_ms: int = YEAR
    compacted: bool = False


_P = Principal
_TOLD = (_P.NOTIFICATION, _P.FEEDBACK, _P.CRM)

INSCRIPTIONS_RECUES: Final = Topic(
    "ateliers.inscriptions.recues",
    "inscription",
    (events.InscriptionRecue, events.InscriptionRetiree),
    (_P.PORTAL, _P.REGISTRATION),
    (_P.REGISTRATION,),
    partitions=12,
    retention_ms=MONTH,
)
CAMPAGNES: Final = Topic(
    "ateliers.campagnes",
    "campagne",
    (events.CampagneOuverte, events.CampagneClose),
    (_P.REGISTRATION,),
    (_P.SCHEDULING, *_TOLD, _P.PORTAL),
    partitions=1,
    retention_ms=-1,
    compacted=True,
)
INSCRIPTIONS: Final = Topic(
    "ateliers.inscriptions",
    "inscription",
    (events.InscriptionValidee, events.InscriptionRefusee, events.InscriptionAnnulee),
    (_P.REGISTRATION,),
    (_P.SCHEDULING, *_TOLD, _P.PORTAL),
    partitions=12,
)
AFFECTATIONS: Final = Topic(
    "ateliers.affectations",
    "inscription",
    (events.AffectationDecidee,),
    (_P.SCHEDULING,),
    (_P.REGISTRATION, _P.NOTIFICATION, _P.CRM),
)
GROUPES: Final = Topic(
    "ateliers.groupes",
    "groupe",
    (events.GroupeForme, events.GroupeModifie, events.GroupeDissous),
    (_P.SCHEDULING,),
    (_P.REGISTRATION, *_TOLD),
)
SEANCES: Final = Topic(
    "ateliers.seances",
    "groupe",
    (events.SeancePlanifiee, events.SeanceDeplacee, events.SeanceAnnulee),
    (_P.SCHEDULING,),
    (_P.REGISTRATION, *_TOLD),
)
RETOURS: Final = Topic("ateliers.retours", "inscription", (events.RetourCollecte,), (_P.FEEDBACK,), (_P.CRM,))
NOTIFICATIONS: Final = Topic(
    "ateliers.notifications",
    "inscription",
    (events.NotificationEnvoyee, events.NotificationEchouee),
    (_P.NOTIFICATION,),
    (_P.CRM,),
)


def dlq(service: str) -> str:
    """Name of the topic that receives what `service` could not accept, whole, with the reason."""
    return f"ateliers.{service}.dlq"


DLQS: Final = tuple(Topic(dlq(service), "original key", (), (service,), (), partitions=1) for service in SERVICES)
EVENT_TOPICS: Final = (
    INSCRIPTIONS_RECUES,
    CAMPAGNES,
    INSCRIPTIONS,
    AFFECTATIONS,
    GROUPES,
    SEANCES,
    RETOURS,
    NOTIFICATIONS,
)
TOPICS: Final = (*EVENT_TOPICS, *DLQS)
_BY_EVENT: Final = {event: topic for topic in EVENT_TOPICS for event in topic.events}


def topic_of(event: type[EventData]) -> Topic:
    return _BY_EVENT[event]


def topics_read_by(principal: Principal) -> tuple[Topic, ...]:
    return tuple(topic for topic in EVENT_TOPICS if principal in topic.consumers)
