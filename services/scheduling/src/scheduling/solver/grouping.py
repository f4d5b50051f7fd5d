"""Forming the groupes of a campagne: who is placed where, then which groupe of the slot.

Invariant: a proposition leaves only after every rule has been checked on it.
"""

from collections.abc import Sequence
from dataclasses import replace

from scheduling.solver.place_reasons import place_reasons
from scheduling.solver.placement import Cut, Placement
from scheduling.solver.placing import place
from scheduling.solver.problem import (
    DEMI_JOURNEES,
    Candidat,
    GroupeForme,
    GroupingProblem,
    InfeasibleInput,
    Proposition,
    Qualite,
    Slot,
    creneau_en_francais,
    fixed_place,
    groupe_id,
    half_day_of,
    weekday_of,
)
from scheduling.solver.profiles import apart_pairs
from scheduling.solver.reasons import explain
from scheduling.solver.rules import check_proposition
from scheduling.solver.splitting import split
from scheduling.solver.watch import Watch
from scheduling.solver.whole import constats
from scheduling.solver.wishes import Arranging


def form_groupes(problem: GroupingProblem, watch: Watch | None = None) -> Proposition:
    """Find the best groupes for these candidats, checked.

    Raises InfeasibleInput, with a French sentence, when the input contradicts itself; BrokenRules on a solver bug.
    """
    watch = watch or Watch()
    problem = _sorted(problem)
    _refuse_contradictions(problem)
    watch.tell("Choix des créneaux et des personnes")
    first = placement = place(problem, watch)
    watch.tell("Répartition en groupes", placement.weight, first.bound)
    cuts: set[Cut] = set()
    while True:
        groupes, cut = _split_all(problem, placement)
        if cut is None:
            break
        cuts.add(cut)
        placement = place(problem, watch, sorted(cuts))
    watch.tell("Raisons et vérification", placement.weight, first.bound)
    en_attente, non_retenus, whole, waiting = explain(problem, groupes)
    proposition = Proposition(
        groupes=groupes,
        places=place_reasons(problem, groupes),
        en_attente=en_attente,
        non_retenus=non_retenus,
        poids_place=placement.weight,
        borne=first.bound,
        preuve="optimal" if placement.weight >= first.bound else "borne",
        constats=constats(whole, waiting, placement.with_one_more),
    )
    check_proposition(problem, proposition)
    return proposition


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
    """Every slot's groupes, or the pair of people that one slot can't hold apart."""
    groupes = []
    arranging = Arranging(problem)
    for slot, count in placement.groupes.items():
        people = placement.people[slot]
        parts, kept = arranging.arrange(slot, split(people, count))
        if not kept:
            return (), _pair_to_part(problem, slot, people)
        groupes += [
            GroupeForme(groupe_id(*slot, number), *slot, tuple(c.id for c in part))
            for number, part in enumerate(parts, 1)
        ]
    return tuple(groupes), None


def _pair_to_part(problem: GroupingProblem, slot: Slot, people: Sequence[Candidat]) -> Cut:
    """Return the first pair to be kept apart of whom at least one is free to go elsewhere."""
    here = {c.id for c in people}
    for a, b in apart_pairs(problem):
        if a in here and b in here and not {a, b} <= problem.places_fixees.keys():
            return a, b, slot
    raise InfeasibleInput(
        f"Les places fixées le {creneau_en_francais(slot[1])} ne peuvent pas toutes être respectées : "
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
    if len(problem.by_id) != len(problem.candidats):
        raise InfeasibleInput("Une même inscription figure deux fois : retirez l'une des deux.")
    for candidat in problem.candidats:
        if candidat.avec and (both := sorted(candidat.avec & candidat.sans)):
            raise InfeasibleInput(
                f"L'inscription {candidat.id} demande à être avec et sans {both[0]} : retirez l'un des deux souhaits."
            )
    _refuse_impossible_places(problem)


def _refuse_impossible_places(problem: GroupingProblem) -> None:
    known = problem.by_id
    seated: dict[str, list[Candidat]] = {}
    for person, place_ in problem.places_fixees.items():
        try:
            thematique, creneau, number = fixed_place(place_, problem.creneaux)
        except KeyError:
            raise InfeasibleInput(f"La place fixée pour {person}, {place_}, n'est pas proposée.") from None
        if person not in known:
            raise InfeasibleInput(f"Une place est fixée pour {person}, qui n'est pas inscrit : libérez-la.")
        if known[person].thematique != thematique:
            raise InfeasibleInput(
                f"La place fixée pour {person}, {place_}, est dans une thématique que cette personne "
                "n'a pas demandée : libérez cette place."
            )
        if creneau not in known[person].creneaux or (known[person].departement, creneau) in problem.hors_horaires:
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
