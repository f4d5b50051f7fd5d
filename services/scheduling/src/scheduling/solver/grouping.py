"""Forming the groupes of one thématique, or of all thématiques of a campagne one after the other.

Invariant: a proposition leaves only after every rule has been checked on it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from scheduling.solver.animateurs import animateur_capacity
from scheduling.solver.assignment import Cut, Placement, place
from scheduling.solver.problem import (
    DEMI_JOURNEES,
    Animateur,
    Candidat,
    Equipe,
    GroupeForme,
    GroupingProblem,
    InfeasibleInput,
    Proposition,
    Qualite,
    creneau_en_francais,
    fixed_creneau,
    half_day_of,
    weekday_of,
)
from scheduling.solver.profiles import apart_pairs
from scheduling.solver.reasons import explain, place_reasons
from scheduling.solver.rules import check_proposition
from scheduling.solver.splitting import split
from scheduling.solver.wishes import arrange

__all__ = ["animateur_capacity", "form_campagne", "form_groupes"]


def form_groupes(problem: GroupingProblem) -> Proposition:
    """Find the best groupes for these candidats, checked.

    Raises InfeasibleInput, with a French sentence, when the input contradicts itself; BrokenRules on a solver bug.
    """
    problem = _sorted(problem)
    _refuse_contradictions(problem)
    first = placement = place(problem)
    cuts: set[Cut] = set()
    while True:
        groupes, cut = _split_all(problem, placement)
        if cut is None:
            break
        cuts.add(cut)
        placement = place(problem, sorted(cuts))
    en_attente, non_retenus, constats = explain(problem, groupes)
    proposition = Proposition(
        groupes=groupes,
        places=place_reasons(problem, groupes),
        en_attente=en_attente,
        non_retenus=non_retenus,
        poids_place=placement.weight,
        borne=first.bound,
        preuve="optimal" if placement.weight >= first.bound - 0.5 else "borne",
        constats=constats,
    )
    check_proposition(problem, proposition)
    return proposition


def form_campagne(problems: Mapping[str, GroupingProblem], animateurs: Sequence[Animateur]) -> dict[str, Proposition]:
    """Propositions per thématique; animateurs go to the thématiques with most candidats first.

    Each thématique keeps enough animateurs for the groupes that earlier ones have formed.
    """
    engages: list[tuple[str, str]] = []
    found = {}
    for thematique in sorted(problems, key=lambda t: (-len(problems[t].candidats), t)):
        equipe = Equipe(tuple(animateurs), thematique, tuple(engages))
        found[thematique] = form_groupes(replace(problems[thematique], equipe=equipe))
        engages += [(thematique, g.creneau) for g in found[thematique].groupes]
    return {thematique: found[thematique] for thematique in problems}


def _sorted(problem: GroupingProblem) -> GroupingProblem:
    return replace(
        problem,
        candidats=tuple(sorted(problem.candidats, key=lambda c: c.id)),
        creneaux=tuple(sorted(set(problem.creneaux), key=_in_the_week)),
        places_fixees=dict(sorted(problem.places_fixees.items())),
    )


def _in_the_week(creneau: str) -> tuple[int, int]:
    return weekday_of(creneau), DEMI_JOURNEES.index(half_day_of(creneau))


def _split_all(problem: GroupingProblem, placement: Placement) -> tuple[tuple[GroupeForme, ...], Cut | None]:
    """Every créneau's groupes, or the pair of people that one créneau can't hold apart."""
    groupes = []
    for creneau, count in placement.groupes.items():
        people = placement.people[creneau]
        parts, kept = arrange(problem, creneau, split(people, count))
        if not kept:
            return (), _pair_to_part(problem, creneau, people)
        groupes += [
            GroupeForme(f"{creneau}-{number}", creneau, tuple(c.id for c in part))
            for number, part in enumerate(parts, 1)
        ]
    return tuple(groupes), None


def _pair_to_part(problem: GroupingProblem, creneau: str, people: Sequence[Candidat]) -> Cut:
    """Return the first pair to be kept apart of whom at least one is free to go elsewhere."""
    here = {c.id for c in people}
    for a, b in apart_pairs(problem):
        if a in here and b in here and not {a, b} <= problem.places_fixees.keys():
            return a, b, creneau
    raise InfeasibleInput(
        f"Les places fixées le {creneau_en_francais(creneau)} ne peuvent pas toutes être respectées : "
        "libérez l'une d'elles."
    )


def _refuse_contradictions(problem: GroupingProblem) -> None:
    limites = problem.limites
    if not 1 <= limites.min <= limites.max:
        raise InfeasibleInput(f"La taille d'un groupe ne peut pas aller de {limites.min} à {limites.max}.")
    if limites.elus_min + limites.agents_min > limites.max:
        raise InfeasibleInput(
            f"Un groupe de {limites.max} personnes ne peut pas compter à la fois {limites.elus_min} élus et "
            f"{limites.agents_min} agents : augmentez la taille ou baissez ces minimums."
        )
    ids = [c.id for c in problem.candidats]
    if len(ids) != len(set(ids)):
        raise InfeasibleInput("Une même inscription figure deux fois : retirez l'une des deux.")
    for candidat in problem.candidats:
        if both := sorted(candidat.avec & candidat.sans):
            raise InfeasibleInput(
                f"L'inscription {candidat.id} demande à être avec et sans {both[0]} : retirez l'un des deux souhaits."
            )
    _refuse_impossible_places(problem)


def _refuse_impossible_places(problem: GroupingProblem) -> None:
    known = {c.id: c for c in problem.candidats}
    seated: dict[str, list[Candidat]] = {}
    for person, place_ in problem.places_fixees.items():
        try:
            creneau, number = fixed_creneau(place_, problem.creneaux)
        except KeyError:
            raise InfeasibleInput(f"La place fixée pour {person}, {place_}, n'est pas proposée.") from None
        if person not in known:
            raise InfeasibleInput(f"Une place est fixée pour {person}, qui n'est pas inscrit : libérez-la.")
        if creneau not in known[person].creneaux:
            raise InfeasibleInput(
                f"La place fixée pour {person} est le {creneau_en_francais(creneau)}, "
                "où cette personne n'est pas disponible : libérez cette place."
            )
        if number is not None:
            seated.setdefault(place_, []).append(known[person])
    apart = apart_pairs(problem)
    for groupe, people in sorted(seated.items()):
        _refuse_impossible_groupe(problem, groupe, people, apart)


def _refuse_impossible_groupe(
    problem: GroupingProblem, groupe: str, people: Sequence[Candidat], apart: Sequence[tuple[str, str]]
) -> None:
    limites, ids = problem.limites, {c.id for c in people}
    elus = sum(c.qualite is Qualite.ELU for c in people)
    too_many = (
        len(people) > limites.max
        or elus > limites.max - limites.agents_min
        or len(people) - elus > limites.max - limites.elus_min
    )
    if too_many:
        raise InfeasibleInput(
            f"Trop de places sont fixées dans le groupe {groupe} pour sa taille ou sa mixité : libérez-en une."
        )
    if len({c.collectivite for c in people}) < len(people):
        raise InfeasibleInput(
            f"Deux personnes d'une même collectivité ont leur place fixée dans le groupe {groupe} : libérez-en une."
        )
    for a, b in apart:
        if a in ids and b in ids:
            raise InfeasibleInput(
                f"{a} et {b} ont leur place fixée dans le groupe {groupe}, mais l'un demande à ne pas y être avec "
                "l'autre : libérez l'une des deux places."
            )
