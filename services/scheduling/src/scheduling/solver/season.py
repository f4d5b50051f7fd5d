"""A whole season: the groupes of every thématique, then their animateurs and dates.

Invariant: a groupe leaves only with an animateur and four dates; the people of one that can have none wait, and know
why. Both halves have been checked by their rules.
"""

from collections import Counter
from dataclasses import dataclass, replace

from scheduling.solver.capacities import groupe_capacities
from scheduling.solver.grouping import form_groupes
from scheduling.solver.hours import unbearable
from scheduling.solver.problem import Attente, GroupingProblem, InfeasibleInput, Proposition, Raison
from scheduling.solver.timetable import plan_seances
from scheduling.solver.timetable_problem import GroupeAPlanifier, Timetable, TimetableProblem
from scheduling.solver.timetable_reasons import check_horaire, why_nothing_fits
from scheduling.solver.watch import Watch

_UNPLANNED = (
    "Un groupe était possible sur vos créneaux, mais aucun animateur n'est disponible pour ses quatre séances. "
    "Vous êtes en {} position sur la liste d'attente."
)


@dataclass(frozen=True, slots=True)
class Saison:
    """Groupes with their reasons, and the séances of each; the ids of groupes are the same in both.

    `probleme` is what was asked, bound to its dates.
    """

    probleme: GroupingProblem
    proposition: Proposition
    horaire: Timetable


def solve_season(problem: GroupingProblem, horaire: TimetableProblem, watch: Watch | None = None) -> Saison:
    """Form the groupes, then plan them all together; `horaire` has everything but its groupes.

    Raises InfeasibleInput, with a French sentence, when the input contradicts itself.
    """
    watch = watch or Watch()
    check_horaire(horaire)
    if told := why_nothing_fits(horaire):
        raise InfeasibleInput(told)
    problem = bound_to(problem, horaire)
    proposition = form_groupes(problem, watch)
    watch.tell(f"Animateurs et dates de {len(proposition.groupes)} groupes", proposition.poids_place, proposition.borne)
    groupes = tuple(
        GroupeAPlanifier(g.id, g.thematique, g.creneau, tuple(problem.by_id[m].departement for m in g.membres))
        for g in proposition.groupes
    )
    planned = plan_seances(replace(horaire, groupes=groupes))
    return Saison(problem, _only_planned(problem, proposition, planned), planned)


def bound_to(problem: GroupingProblem, horaire: TimetableProblem) -> GroupingProblem:
    """Give the problem what follows from the dates: what animateurs can run, and hours that nobody can be asked."""
    capacites: dict[str, dict[str, int]] = {}
    for (animateur, creneau), count in groupe_capacities(horaire).items():
        capacites.setdefault(animateur, {})[creneau] = count
    departements = {c.departement for c in problem.candidats}
    return replace(
        problem,
        animateurs=horaire.animateurs,
        capacites=capacites,
        hors_horaires=unbearable(
            departements, problem.creneaux, horaire.heures, horaire.seances_du, horaire.seances_au
        ),
    )


def _only_planned(problem: GroupingProblem, proposition: Proposition, planned: Timetable) -> Proposition:
    """Let the people of groupes without animateur or dates wait, at the end of the list."""
    left_out = {n.groupe for n in planned.non_planifies}
    if not left_out:
        return proposition
    kept = tuple(g for g in proposition.groupes if g.id not in left_out)
    known, poids = problem.by_id, problem.limites.poids
    ranks = Counter(known[a.candidat].thematique for a in proposition.en_attente)
    waiting = list(proposition.en_attente)
    for groupe in sorted((g for g in proposition.groupes if g.id in left_out), key=lambda g: g.id):
        for membre in groupe.membres:
            rang = ranks[groupe.thematique] = ranks[groupe.thematique] + 1
            phrase = _UNPLANNED.format("1re" if rang == 1 else f"{rang}e")
            waiting.append(Attente(membre, rang, Raison("attente.groupe_non_ouvert", phrase)))
    weight = sum(poids[known[m].taille] for g in kept for m in g.membres)
    return replace(
        proposition,
        groupes=kept,
        places={m: proposition.places[m] for g in kept for m in g.membres},
        en_attente=tuple(waiting),
        poids_place=weight,
        preuve="optimal" if weight >= proposition.borne else "borne",
    )
