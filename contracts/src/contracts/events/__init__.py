"""Every event, by topic; `EVENTS` finds a model by its `ce_type`."""

from typing import Final

from contracts.events.affectations import AffectationDecidee
from contracts.events.campagnes import CampagneClose, CampagneOuverte
from contracts.events.groupes import GroupeDissous, GroupeForme, GroupeModifie
from contracts.events.inscriptions import (
    InscriptionAnnulee,
    InscriptionRecue,
    InscriptionRefusee,
    InscriptionRetiree,
    InscriptionValidee,
)
from contracts.events.notifications import NotificationEchouee, NotificationEnvoyee
from contracts.events.retours import RetourCollecte
from contracts.events.seances import SeanceAnnulee, SeanceDeplacee, SeancePlanifiee
from contracts.model import EventData

ALL: Final[tuple[type[EventData], ...]] = (
    InscriptionRecue,
    InscriptionRetiree,
    CampagneOuverte,
    CampagneClose,
    InscriptionValidee,
    InscriptionRefusee,
    InscriptionAnnulee,
    AffectationDecidee,
    GroupeForme,
    GroupeModifie,
    GroupeDissous,
    SeancePlanifiee,
    SeanceDeplacee,
    SeanceAnnulee,
    RetourCollecte,
    NotificationEnvoyee,
    NotificationEchouee,
)
EVENTS: Final[dict[str, type[EventData]]] = {event.event_type: event for event in ALL}

__all__ = [
    "ALL",
    "EVENTS",
    "AffectationDecidee",
    "CampagneClose",
    "CampagneOuverte",
    "GroupeDissous",
    "GroupeForme",
    "GroupeModifie",
    "InscriptionAnnulee",
    "InscriptionRecue",
    "InscriptionRefusee",
    "InscriptionRetiree",
    "InscriptionValidee",
    "NotificationEchouee",
    "NotificationEnvoyee",
    "RetourCollecte",
    "SeanceAnnulee",
    "SeanceDeplacee",
    "SeancePlanifiee",
]
