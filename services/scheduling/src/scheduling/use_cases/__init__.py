"""What scheduling can do."""

from scheduling.use_cases.collect import record_annulations, record_campagnes, record_inscriptions
from scheduling.use_cases.impact import measure_impact
from scheduling.use_cases.propose import request_groupes, save_proposition
from scheduling.use_cases.publish import publish_proposition
from scheduling.use_cases.reorganise import forget_absence, forget_day, read_situation, reorganise
from scheduling.use_cases.reschedule import cancel_seance, move_seance

__all__ = [
    "cancel_seance",
    "forget_absence",
    "forget_day",
    "measure_impact",
    "move_seance",
    "publish_proposition",
    "read_situation",
    "record_annulations",
    "record_campagnes",
    "record_inscriptions",
    "reorganise",
    "request_groupes",
    "save_proposition",
]
