"""Why a published groupe can't be replanned, and what would make it possible.

Invariant: what is offered has been tried: with it, and all else as it is, the groupe finds its dates and animateur.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from scheduling.solver.problem import creneau_en_francais
from scheduling.solver.replanning_model import able, is_free, standing
from scheduling.solver.replanning_options import options
from scheduling.solver.replanning_problem import GroupePublie, GroupeReplanifie, ReplanProblem

_WEEKS = 8


def why_not(problem: ReplanProblem, groupe: GroupePublie, changes: Mapping[str, GroupeReplanifie]) -> str:
    """One sentence, without the groupe's name; `changes` are those of the other groupes."""
    taken = _taken(problem, groupe, changes)
    when = creneau_en_francais(groupe.nouveau_creneau)
    given = options(problem, groupe)
    longer = _longer(problem, groupe, taken)
    if not given:
        return f"Aucune date ne convient le {when} pour ses séances à venir. " + (
            f"En prolongeant la période jusqu'au {longer}, ce serait possible."
            if longer
            else "Annulez les séances concernées, ou déplacez-les une à une."
        )
    others = [a for a in able(problem, groupe) if a != groupe.animateur]
    why = (
        f"aucun autre animateur de sa thématique n'a le créneau du {when}"
        if not others
        else f"les autres animateurs du {when} sont pris aux mêmes dates ou ont déjà tous leurs groupes"
    )
    also = f", ou une période prolongée jusqu'au {longer}," if longer else ""
    return (
        f"Aucun animateur ne peut tenir ses séances : {why}. "
        f"Un animateur de plus pour cette thématique le {when}{also} le rendrait possible."
    )


def _taken(
    problem: ReplanProblem, groupe: GroupePublie, changes: Mapping[str, GroupeReplanifie]
) -> dict[str, list[datetime]]:
    taken = standing(problem, {groupe.id, *changes})
    for key, change in changes.items():
        if key != groupe.id:
            taken[change.animateur] += [s.debut for s in change.seances]
    return taken


def _longer(problem: ReplanProblem, groupe: GroupePublie, taken: Mapping[str, list[datetime]]) -> str | None:
    """The nearest end of the period with which it could be done."""
    for weeks in range(1, _WEEKS + 1):
        end = problem.horaire.seances_au + timedelta(weeks=weeks)
        wider = replace(problem, horaire=replace(problem.horaire, seances_au=end))
        loads = _loads(problem, groupe)
        if any(
            all(is_free(wider, who, s.debut, taken) for s in option.seances)
            for option in options(wider, groupe)
            for who in able(wider, groupe)
            if who == groupe.animateur or loads.get(who, 0) > 0
        ):
            return f"{end:%d/%m/%Y}"
    return None


def _loads(problem: ReplanProblem, groupe: GroupePublie) -> dict[str, int]:
    """How many groupes more each animateur may take."""
    mine = [g.animateur for g in problem.groupes if g.id != groupe.id]
    return {a.id: a.groupes_max - mine.count(a.id) for a in problem.horaire.animateurs}
