"""What step 1 answers, and the limits on groupes that follow from the input alone."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from scheduling.solver.animateurs import kinds_of
from scheduling.solver.problem import Candidat, GroupingProblem, Qualite, Slot, fixed_place

Cut = tuple[str, str, Slot]
"""Two candidats who must not both be in a slot."""

Home = tuple[int, int]
"""A collectivité and a slot, by number, where it may have no more people than there are groupes."""


class Unfillable(Exception):
    """No choice of people fills these groupes."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Groupes opened and candidats placed per slot; `bound` limits the weight of any placement.

    `with_one_more` solves again with one more groupe in a slot and returns how many people would be placed.
    """

    groupes: Mapping[Slot, int]
    people: Mapping[Slot, tuple[Candidat, ...]]
    weight: int
    bound: float
    with_one_more: Callable[[Slot], int]


def fixed_numbers(problem: GroupingProblem) -> dict[Slot, int]:
    """Per slot with a fixed place, the highest groupe number that one needs."""
    least: dict[Slot, int] = {}
    for fixed in problem.places_fixees.values():
        thematique, creneau, number = fixed_place(fixed, problem.creneaux)
        least[thematique, creneau] = max(least.get((thematique, creneau), 0), number or 1)
    return least


def fixed_by_groupe(problem: GroupingProblem, slot: Slot) -> Mapping[int, Counter[Qualite]]:
    """Per groupe number of a slot, how many of each qualité have their place fixed there."""
    counts: dict[int, Counter[Qualite]] = defaultdict(Counter)
    if not problem.places_fixees:
        return counts
    for candidat in problem.candidats:
        if candidat.id in problem.places_fixees:
            thematique, creneau, number = fixed_place(problem.places_fixees[candidat.id], problem.creneaux)
            if (thematique, creneau) == slot and number is not None:
                counts[number][candidat.qualite] += 1
    return counts


def most_groupes(problem: GroupingProblem, people: Mapping[Slot, Mapping[Qualite, int]]) -> dict[Slot, int]:
    """Per slot, how many groupes its people could fill and the animateurs could run if there were no others."""
    limites = problem.limites
    capacity: Counter[Slot] = Counter()
    for kind in kinds_of(problem):
        for creneau, each in kind.creneaux:
            for thematique in kind.thematiques:
                capacity[thematique, creneau] += kind.count * min(each, kind.groupes_max)
    found = {}
    for slot, counts in people.items():
        most = sum(counts.values()) // limites.min
        for qualite in Qualite:
            if limites.minimum_of(qualite):
                most = min(most, counts.get(qualite, 0) // limites.minimum_of(qualite))
        most = min(most, limites.par_creneau.get(slot[1], most))
        if limites.groupes_max is not None:
            most = min(most, limites.groupes_max)
        found[slot] = most if problem.animateurs is None else min(most, capacity[slot])
    return found
