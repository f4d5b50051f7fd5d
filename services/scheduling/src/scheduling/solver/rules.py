"""The hard rules of groupes, each apart from any solver.

Invariant: a rule returns every violation with its name, an empty list when it holds; it never repairs anything.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scheduling.solver.problem import (
    Candidat,
    GroupeForme,
    GroupingProblem,
    Proposition,
    Qualite,
    creneau_en_francais,
    fixed_place,
)
from scheduling.solver.profiles import apart_pairs


@dataclass(frozen=True, slots=True)
class Violation:
    """`rule` is the name of the function, `subject` a groupe, candidat, créneau or animateur."""

    rule: str
    subject: str
    phrase: str


class BrokenRules(RuntimeError):
    """The solver produced something that breaks a rule: it must not leave."""


def person_is_in_at_most_one_groupe(problem: GroupingProblem, groupes: Sequence[GroupeForme]) -> list[Violation]:
    """Of a thématique; every member is a candidat."""
    known = problem.by_id
    members = [m for groupe in groupes for m in groupe.membres]
    whose = {m: (known[m].personne, known[m].thematique) for m in members if m in known}
    seats = Counter(whose[m] for m in members if m in whose)
    return [
        _violation(person_is_in_at_most_one_groupe, m, f"{m} a {seats[whose[m]]} places.")
        for m in sorted(m for m, who in whose.items() if seats[who] > 1)
    ] + [
        _violation(person_is_in_at_most_one_groupe, m, f"{m} n'est pas inscrit.")
        for m in sorted({m for m in members if m not in whose})
    ]


def person_holds_allowed_places(problem: GroupingProblem, groupes: Sequence[GroupeForme]) -> list[Violation]:
    most = problem.limites.places_par_personne
    seats = Counter(c.personne for _, people in _people(problem, groupes) for c in people)
    return [
        _violation(person_holds_allowed_places, who, f"{who} a {count} places dans la campagne ; {most} au plus.")
        for who, count in sorted((who, count) for who, count in seats.items() if count > most)
    ]


def collectivite_holds_allowed_places(problem: GroupingProblem, groupes: Sequence[GroupeForme]) -> list[Violation]:
    most = problem.limites.places_par_collectivite
    if not most:
        return []
    seats = Counter(c.collectivite for _, people in _people(problem, groupes) for c in people)
    return [
        _violation(collectivite_holds_allowed_places, which, f"{which} a {count} places ; {most} au plus.")
        for which, count in sorted(seats.items())
        if count > most
    ]


def groupe_has_allowed_size(problem: GroupingProblem, groupes: Sequence[GroupeForme]) -> list[Violation]:
    low, high = problem.limites.min, problem.limites.max
    return [
        _violation(
            groupe_has_allowed_size, g.id, f"{g.id} compte {len(g.membres)} personnes ; il en faut de {low} à {high}."
        )
        for g in groupes
        if not low <= len(g.membres) <= high
    ]


def groupe_holds_one_person_per_collectivite(
    problem: GroupingProblem, groupes: Sequence[GroupeForme]
) -> list[Violation]:
    found = []
    for groupe, people in _people(problem, groupes):
        if len({c.collectivite for c in people}) == len(people):
            continue
        seats = Counter(c.collectivite for c in people)
        found += [
            _violation(
                groupe_holds_one_person_per_collectivite,
                groupe.id,
                f"{groupe.id} compte {count} personnes de la collectivité {collectivite}.",
            )
            for collectivite, count in sorted(seats.items())
            if count > 1
        ]
    return found


def members_can_make_the_creneau(problem: GroupingProblem, groupes: Sequence[GroupeForme]) -> list[Violation]:
    return [
        _violation(
            members_can_make_the_creneau,
            c.id,
            f"{c.id} n'est pas disponible le {creneau_en_francais(groupe.creneau)}.",
        )
        for groupe, people in _people(problem, groupes)
        for c in people
        if groupe.creneau not in c.creneaux or groupe.creneau not in problem.creneaux
    ]


def members_asked_for_the_thematique(problem: GroupingProblem, groupes: Sequence[GroupeForme]) -> list[Violation]:
    return [
        _violation(members_asked_for_the_thematique, c.id, f"{c.id} n'a pas demandé la thématique de {groupe.id}.")
        for groupe, people in _people(problem, groupes)
        for c in people
        if c.thematique != groupe.thematique
    ]


def members_meet_at_bearable_hours(problem: GroupingProblem, groupes: Sequence[GroupeForme]) -> list[Violation]:
    return [
        _violation(
            members_meet_at_bearable_hours,
            c.id,
            f"Le {creneau_en_francais(groupe.creneau)} tombe avant 7 heures ou après 20 heures chez {c.id}.",
        )
        for groupe, people in _people(problem, groupes)
        for c in people
        if (c.departement, groupe.creneau) in problem.hors_horaires
    ]


def groupe_has_enough_of_each_qualite(problem: GroupingProblem, groupes: Sequence[GroupeForme]) -> list[Violation]:
    found = []
    for groupe, people in _people(problem, groupes):
        for qualite in Qualite:
            least, count = problem.limites.minimum_of(qualite), sum(c.qualite is qualite for c in people)
            if count < least:
                noun = "élus" if qualite is Qualite.ELU else "agents"
                phrase = f"{groupe.id} compte {count} {noun} ; il en faut au moins {least}."
                found.append(_violation(groupe_has_enough_of_each_qualite, groupe.id, phrase))
    return found


def groupes_fit_the_animateurs(problem: GroupingProblem, groupes: Sequence[GroupeForme]) -> list[Violation]:
    rule = groupes_fit_the_animateurs
    limites, per_creneau = problem.limites, Counter(g.creneau for g in groupes)
    found = [
        _violation(rule, creneau, f"{count} groupes le {creneau_en_francais(creneau)} ; {cap} au plus.")
        for creneau, count in sorted(per_creneau.items())
        if (cap := limites.par_creneau.get(creneau, count)) < count
    ]
    if limites.groupes_max is not None and len(groupes) > limites.groupes_max:
        found.append(_violation(rule, "", f"{len(groupes)} groupes ; {limites.groupes_max} au plus."))
    if problem.animateurs is not None and not _animateurs_can_run(problem, groupes):
        found.append(_violation(rule, "", "Les animateurs ne peuvent pas animer tous ces groupes."))
    return found


def _animateurs_can_run(problem: GroupingProblem, groupes: Sequence[GroupeForme]) -> bool:
    # A flow decides; the pages judge moves by these rules, which close no groupe, without the library that finds it.
    from scheduling.solver.animateurs import animateurs_can_run, kinds_of  # noqa: PLC0415

    return animateurs_can_run(kinds_of(problem), [(g.thematique, g.creneau) for g in groupes])


def apart_wishes_are_kept(problem: GroupingProblem, groupes: Sequence[GroupeForme]) -> list[Violation]:
    pairs = apart_pairs(problem)
    concerned = {person for pair in pairs for person in pair}
    where = {m: g.id for g in groupes for m in g.membres if m in concerned}
    return [
        _violation(apart_wishes_are_kept, where[a], f"{a} et {b} sont ensemble, contre le souhait exprimé.")
        for a, b in pairs
        if a in where and where[a] == where.get(b)
    ]


def fixed_places_are_kept(problem: GroupingProblem, groupes: Sequence[GroupeForme]) -> list[Violation]:
    where = {m: g for g in groupes for m in g.membres if m in problem.places_fixees}
    found = []
    for person, place in sorted(problem.places_fixees.items()):
        thematique, creneau, number = fixed_place(place, problem.creneaux)
        groupe = where.get(person)
        kept = groupe is not None and (groupe.thematique, groupe.creneau) == (thematique, creneau)
        if groupe is None or not kept or (number is not None and groupe.id != place):
            found.append(_violation(fixed_places_are_kept, person, f"{person} n'est pas à la place fixée, {place}."))
    return found


def everyone_has_one_decision(problem: GroupingProblem, proposition: Proposition) -> list[Violation]:
    """Each candidat has exactly one of: a place, a rank on the waiting list, a refusal."""
    decided = Counter(m for g in proposition.groupes for m in g.membres)
    decided.update(a.candidat for a in (*proposition.en_attente, *proposition.non_retenus))
    everyone = problem.by_id.keys()
    wrong = {person for person, count in decided.items() if count != 1 or person not in everyone}
    return [
        _violation(everyone_has_one_decision, person, f"{person} a {decided[person]} décisions.")
        for person in sorted(wrong | (everyone - decided.keys()))
    ]


GROUPE_RULES: tuple[Callable[[GroupingProblem, Sequence[GroupeForme]], list[Violation]], ...] = (
    person_is_in_at_most_one_groupe,
    person_holds_allowed_places,
    collectivite_holds_allowed_places,
    groupe_has_allowed_size,
    groupe_holds_one_person_per_collectivite,
    members_can_make_the_creneau,
    members_asked_for_the_thematique,
    members_meet_at_bearable_hours,
    groupe_has_enough_of_each_qualite,
    groupes_fit_the_animateurs,
    apart_wishes_are_kept,
    fixed_places_are_kept,
)


def broken_rules(problem: GroupingProblem, groupes: Sequence[GroupeForme]) -> list[Violation]:
    """Every violation of every hard rule."""
    return [violation for rule in GROUPE_RULES for violation in rule(problem, groupes)]


def check_proposition(problem: GroupingProblem, proposition: Proposition) -> None:
    """Raise BrokenRules, naming them, unless every rule holds."""
    found = broken_rules(problem, proposition.groupes) + everyone_has_one_decision(problem, proposition)
    if found:
        raise BrokenRules("; ".join(f"{v.rule}: {v.phrase}" for v in found))


def _people(problem: GroupingProblem, groupes: Sequence[GroupeForme]) -> list[tuple[GroupeForme, list[Candidat]]]:
    """Each groupe with those of its members who are candidats; the others are reported by their own rule."""
    known = problem.by_id
    return [(g, [known[m] for m in g.membres if m in known]) for g in groupes]


def _violation(rule: Callable[..., list[Violation]], subject: str, phrase: str) -> Violation:
    return Violation(rule.__name__, subject, phrase)
