"""The problem of a whole campagne, from what the two files say."""

from collections.abc import Sequence

from scheduling.essai.parametres import Parametres
from scheduling.solver.problem import Candidat, GroupingProblem, InfeasibleInput
from scheduling.solver.season import bound_to
from scheduling.solver.timetable_reasons import check_horaire, why_nothing_fits


def make_problem(candidats: Sequence[Candidat], parametres: Parametres) -> GroupingProblem:
    """Put both files together. Raises InfeasibleInput when no groupe at all could have its four séances."""
    check_horaire(parametres.horaire)
    if why := why_nothing_fits(parametres.horaire):
        raise InfeasibleInput(why)
    problem = GroupingProblem(
        candidats=tuple(candidats),
        creneaux=parametres.creneaux,
        limites=parametres.limites,
        titres={t: t for t in sorted({c.thematique for c in candidats})},
        graine=parametres.horaire.graine,
    )
    return bound_to(problem, parametres.horaire)
