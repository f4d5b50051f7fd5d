"""The problem of a whole campagne, from what the two files say."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from scheduling.essai.parametres import Parametres
from scheduling.solver.capacities import groupe_capacities
from scheduling.solver.hours import unbearable
from scheduling.solver.problem import Candidat, GroupingProblem
from scheduling.solver.timetable_problem import TimetableProblem


def make_problem(candidats: Sequence[Candidat], parametres: Parametres) -> GroupingProblem:
    horaire = parametres.horaire
    return GroupingProblem(
        candidats=tuple(candidats),
        creneaux=parametres.creneaux,
        limites=parametres.limites,
        animateurs=horaire.animateurs,
        capacites=_capacites(horaire),
        hors_horaires=unbearable(
            {c.departement for c in candidats},
            parametres.creneaux,
            horaire.heures,
            horaire.seances_du,
            horaire.seances_au,
        ),
        titres={t: t for t in sorted({c.thematique for c in candidats})},
        graine=horaire.graine,
    )


def _capacites(horaire: TimetableProblem) -> Mapping[str, Mapping[str, int]]:
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for (animateur, creneau), groupes in groupe_capacities(horaire).items():
        found[animateur][creneau] = groupes
    return dict(found)
