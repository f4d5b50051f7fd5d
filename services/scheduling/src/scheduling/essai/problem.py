"""The problem of a whole campagne, from what the two files say."""

from collections.abc import Sequence

from scheduling.essai.parametres import Parametres
from scheduling.solver.problem import Candidat, GroupingProblem


def make_problem(candidats: Sequence[Candidat], parametres: Parametres) -> GroupingProblem:
    """Put both files together; dates and animateurs are in `parametres.horaire`."""
    return GroupingProblem(
        candidats=tuple(candidats),
        creneaux=parametres.creneaux,
        limites=parametres.limites,
        titres={t: t for t in sorted({c.thematique for c in candidats})},
        graine=parametres.horaire.graine,
    )
