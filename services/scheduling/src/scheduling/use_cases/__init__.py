"""What scheduling can do."""

from scheduling.use_cases.arrange import fix_place, free_place, move_person, redo_move, undo_move
from scheduling.use_cases.collect import record_annulations, record_campagnes, record_inscriptions
from scheduling.use_cases.propose import request_groupes, save_proposition, stop_solver
from scheduling.use_cases.publish import publish_proposition
from scheduling.use_cases.replace import accept_replacement, leave_place_empty
from scheduling.use_cases.reschedule import cancel_seance, move_seance

__all__ = [
    "accept_replacement",
    "cancel_seance",
    "fix_place",
    "free_place",
    "leave_place_empty",
    "move_person",
    "move_seance",
    "publish_proposition",
    "record_annulations",
    "record_campagnes",
    "record_inscriptions",
    "redo_move",
    "request_groupes",
    "save_proposition",
    "stop_solver",
    "undo_move",
]
