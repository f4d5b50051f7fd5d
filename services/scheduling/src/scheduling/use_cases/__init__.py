"""What scheduling can do."""

from scheduling.use_cases.collect import record_annulations, record_campagnes, record_inscriptions
from scheduling.use_cases.propose import request_groupes, save_proposition
from scheduling.use_cases.publish import publish_proposition
from scheduling.use_cases.reschedule import cancel_seance, move_seance

__all__ = [
    "cancel_seance",
    "move_seance",
    "publish_proposition",
    "record_annulations",
    "record_campagnes",
    "record_inscriptions",
    "request_groupes",
    "save_proposition",
]
