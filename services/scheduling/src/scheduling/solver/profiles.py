"""People who are the same to the program are one profile: role, size class, créneaux with their preference.

Invariant: members of a profile stand in order of arrival, then id. People of a collectivité that binds, and people
with a wish or a fixed place, stand apart from the rest so that rules about them can be written.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from scheduling.solver.problem import Accord, Candidat, GroupingProblem, Qualite, Taille, fixed_creneau

_Key = tuple[Qualite, Taille, tuple[tuple[int, bool], ...], str, str]


@dataclass(frozen=True, slots=True)
class Profile:
    """`creneaux` pairs the index of a créneau in the problem with whether it is preferred."""

    qualite: Qualite
    taille: Taille
    creneaux: tuple[tuple[int, bool], ...]
    collectivite: str
    person: str
    fixed: bool
    membres: tuple[Candidat, ...]


def arrival(candidat: Candidat) -> tuple[object, str]:
    return candidat.recue_le, candidat.id


def open_creneaux(problem: GroupingProblem, candidat: Candidat) -> tuple[tuple[int, bool], ...]:
    """Return the créneaux that this person can be placed in, a fixed place leaving only its own."""
    place = problem.places_fixees.get(candidat.id)
    only = None if place is None else fixed_creneau(place, problem.creneaux)[0]
    return tuple(
        (index, candidat.creneaux[creneau] is Accord.PREFERE)
        for index, creneau in enumerate(problem.creneaux)
        if creneau in candidat.creneaux and only in (None, creneau)
    )


def together_pairs(problem: GroupingProblem) -> list[tuple[str, str]]:
    """Pairs of which one asked for the other, that the rules let be in one groupe; sorted."""
    by_id = {c.id: c for c in problem.candidats}
    apart = set(apart_pairs(problem))
    wished = {tuple(sorted((c.id, other))) for c in problem.candidats for other in c.avec if other in by_id}
    return sorted(
        (a, b) for a, b in wished if a != b and (a, b) not in apart and by_id[a].collectivite != by_id[b].collectivite
    )


def apart_pairs(problem: GroupingProblem) -> list[tuple[str, str]]:
    """Pairs of which one asked not to be with the other; sorted."""
    known = {c.id for c in problem.candidats}
    return sorted({(min(c.id, o), max(c.id, o)) for c in problem.candidats for o in c.sans if o in known and o != c.id})


def build_profiles(problem: GroupingProblem, bound_collectivites: Collection[str]) -> tuple[Profile, ...]:
    """Profiles of everyone who can make at least one créneau, sorted by their key."""
    alone = {person for pair in (*apart_pairs(problem), *together_pairs(problem)) for person in pair}
    alone |= set(problem.places_fixees)
    members: Mapping[_Key, list[Candidat]] = defaultdict(list)
    for candidat in problem.candidats:
        creneaux = open_creneaux(problem, candidat)
        if not creneaux:
            continue
        person = candidat.id if candidat.id in alone else ""
        bound = person or candidat.collectivite in bound_collectivites
        key = (candidat.qualite, candidat.taille, creneaux, candidat.collectivite if bound else "", person)
        members[key].append(candidat)
    return tuple(
        Profile(*key, key[-1] in problem.places_fixees, tuple(sorted(members[key], key=arrival)))
        for key in sorted(members)
    )
