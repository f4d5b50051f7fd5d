"""What a season comes to for whoever reads the files."""

from dataclasses import dataclass

from scheduling.solver.problem import Attente, GroupeForme
from scheduling.solver.season import Saison
from scheduling.solver.timetable_problem import SeancePlanifiee


@dataclass(frozen=True, slots=True)
class Result:
    """`places` are the rows of groupes.csv; `without` everybody else, the waiting list in its order first."""

    groupes: tuple[GroupeForme, ...]
    places: tuple[tuple[str, str, str, str, str, str], ...]
    seances: tuple[SeancePlanifiee, ...]
    without: tuple[Attente, ...]
    borne: float
    constats: tuple[str, ...]


def read_result(saison: Saison) -> Result:
    problem, proposition, horaire = saison.probleme, saison.proposition, saison.horaire
    animateur = {s.groupe: s.animateur for s in horaire.seances}
    groupes = tuple(sorted(proposition.groupes, key=lambda g: (g.thematique, g.creneau, len(g.id), g.id)))
    return Result(
        groupes=groupes,
        places=tuple(
            (membre, problem.by_id[membre].personne, g.thematique, g.id, g.creneau, animateur[g.id])
            for g in groupes
            for membre in g.membres
        ),
        seances=tuple(sorted(horaire.seances, key=lambda s: (s.groupe, s.rang))),
        without=(*proposition.en_attente, *proposition.non_retenus),
        borne=proposition.borne,
        constats=(
            *(f"{problem.titres.get(t, t)} : {c}" for t, constats in proposition.constats.items() for c in constats),
            *horaire.constats,
            *(n.phrase for n in horaire.non_planifies),
        ),
    )
