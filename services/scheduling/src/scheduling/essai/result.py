"""What a season comes to for whoever reads the files: a groupe without animateur or dates is none."""

from dataclasses import dataclass

from scheduling.solver.problem import Attente, GroupeForme, GroupingProblem, Raison
from scheduling.solver.season import Saison
from scheduling.solver.timetable_problem import SeancePlanifiee

UNPLANNED = Raison(
    "attente.groupe_non_ouvert",
    "Un groupe existe sur vos créneaux, mais aucun animateur n'a quatre dates pour lui : vous êtes en attente.",
)


@dataclass(frozen=True, slots=True)
class Result:
    """`places` are the rows of groupes.csv; `without` everybody else, the waiting list in its order first."""

    groupes: tuple[GroupeForme, ...]
    places: tuple[tuple[str, str, str, str, str, str], ...]
    seances: tuple[SeancePlanifiee, ...]
    without: tuple[Attente, ...]
    borne: float
    constats: tuple[str, ...]


def read_result(problem: GroupingProblem, saison: Saison) -> Result:
    proposition, horaire = saison.proposition, saison.horaire
    animateur = {s.groupe: s.animateur for s in horaire.seances}
    planned = tuple(sorted((g for g in proposition.groupes if g.id in animateur), key=lambda g: g.id))
    unplanned = sorted(m for g in proposition.groupes if g.id not in animateur for m in g.membres)
    personnes = {c.id: c.personne for c in problem.candidats}
    return Result(
        groupes=planned,
        places=tuple(
            (membre, personnes[membre], g.thematique, g.id, g.creneau, animateur[g.id])
            for g in planned
            for membre in g.membres
        ),
        seances=tuple(sorted(horaire.seances, key=lambda s: (s.groupe, s.rang))),
        without=(
            *proposition.en_attente,
            *(Attente(m, n, UNPLANNED) for n, m in enumerate(unplanned, len(proposition.en_attente) + 1)),
            *proposition.non_retenus,
        ),
        borne=proposition.borne,
        constats=(
            *(
                f"{problem.titres.get(t, t)} : {phrase}"
                for t, found in proposition.constats.items()
                for phrase in found
            ),
            *horaire.constats,
            *(n.phrase for n in horaire.non_planifies),
        ),
    )
