"""People who are the same to the program are one profile: qualité, size class, rang, places with their preference.

Invariant: members of a profile stand in the order in which places are offered: who waited in vain, arrival, id. People
with several inscriptions, of a collectivité that binds, with a wish or with a fixed place stand apart from the rest so
that rules about them can be written.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from scheduling.solver.problem import Accord, Candidat, GroupingProblem, Qualite, Slot, Taille, fixed_place

_Key = tuple[Qualite, Taille, int, tuple[tuple[Slot, bool], ...], str, str]


@dataclass(frozen=True, slots=True)
class Profile:
    """`places` pairs a thématique and créneau with whether the créneau is preferred; `candidat` only when alone."""

    qualite: Qualite
    taille: Taille
    rang: int
    places: tuple[tuple[Slot, bool], ...]
    collectivite: str
    candidat: str
    fixed: bool
    membres: tuple[Candidat, ...]


def turn(candidat: Candidat) -> tuple[bool, object, str]:
    """Order in which places are offered to people who weigh the same."""
    return not candidat.attendu, candidat.recue_le, candidat.id


def open_places(problem: GroupingProblem, candidat: Candidat) -> tuple[tuple[Slot, bool], ...]:
    """Return where this person can be placed, a fixed place leaving only its own."""
    place = problem.places_fixees.get(candidat.id)
    only = None if place is None else fixed_place(place, problem.creneaux)[1]
    return tuple(
        ((candidat.thematique, creneau), candidat.creneaux[creneau] is Accord.PREFERE)
        for creneau in problem.creneaux
        if creneau in candidat.creneaux
        and only in (None, creneau)
        and (candidat.departement, creneau) not in problem.hors_horaires
    )


def together_pairs(problem: GroupingProblem) -> list[tuple[str, str]]:
    """Pairs of which one asked for the other, that the rules let be in one groupe; sorted."""
    by_id = problem.by_id
    apart = set(apart_pairs(problem))
    asked = [(c.id, o) for c in problem.candidats if c.avec for o in c.avec]
    wished = {(min(a, b), max(a, b)) for a, b in asked if b in by_id and a != b}
    return sorted(
        (a, b)
        for a, b in wished - apart
        if by_id[a].collectivite != by_id[b].collectivite and by_id[a].thematique == by_id[b].thematique
    )


def apart_pairs(problem: GroupingProblem) -> list[tuple[str, str]]:
    """Pairs of which one asked not to be with the other; sorted."""
    asked = [(c.id, o) for c in problem.candidats if c.sans for o in c.sans]
    return sorted({(min(a, b), max(a, b)) for a, b in asked if b in problem.by_id and a != b})


def coupled_people(problem: GroupingProblem) -> frozenset[str]:
    """Persons with more inscriptions than places that they can have."""
    counts = Counter(c.personne for c in problem.candidats)
    return frozenset(p for p, count in counts.items() if count > problem.limites.places_par_personne)


def build_profiles(problem: GroupingProblem, bound_collectivites: Collection[str]) -> tuple[Profile, ...]:
    """Profiles of everyone who can be placed at least somewhere, sorted by their key."""
    alone = {candidat for pair in (*apart_pairs(problem), *together_pairs(problem)) for candidat in pair}
    alone |= set(problem.places_fixees)
    coupled = coupled_people(problem)
    members: Mapping[_Key, list[Candidat]] = defaultdict(list)
    for candidat in problem.candidats:
        places = open_places(problem, candidat)
        if not places:
            continue
        name = candidat.id if candidat.id in alone or candidat.personne in coupled else ""
        bound = name or candidat.collectivite in bound_collectivites
        home = candidat.collectivite if bound else ""
        key = (candidat.qualite, candidat.taille, candidat.rang, places, home, name)
        members[key].append(candidat)
    return tuple(
        Profile(*key, key[-1] in problem.places_fixees, tuple(sorted(members[key], key=turn)))
        for key in sorted(members)
    )
