"""The hard rules of groupes, each apart from any solver.

Invariant: a rule returns every violation with its name, an empty list when it holds; it never repairs anything.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scheduling.solver.animateurs import equipe_can_run
from scheduling.solver.problem import (
    Candidat,
    GroupeForme,
    GroupingProblem,
    Proposition,
    Qualite,
    creneau_en_francais,
    fixed_creneau,
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
    known = {c.id for c in problem.candidats}
    seats = Counter(m for groupe in groupes for m in groupe.membres)
    return [
        _violation(person_is_in_at_most_one_groupe, person, f"{person} a {count} places, ou n'est pas inscrit.")
        for person, count in sorted(seats.items())
        if count > 1 or person not in known
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


def groupe_has_enough_of_each_qualite(problem: GroupingProblem, groupes: Sequence[GroupeForme]) -> list[Violation]:
    found = []
    for groupe, people in _people(problem, groupes):
        counts = Counter(c.qualite for c in people)
        for qualite in Qualite:
            least = problem.limites.minimum_of(qualite)
            if counts[qualite] < least:
                noun = "élus" if qualite is Qualite.ELU else "agents"
                phrase = f"{groupe.id} compte {counts[qualite]} {noun} ; il en faut au moins {least}."
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
    equipe = problem.equipe
    if equipe is not None:
        mine = [(equipe.thematique, g.creneau) for g in groupes]
        if not equipe_can_run(equipe.animateurs, [*equipe.engages, *mine]):
            found.append(_violation(rule, "", "Les animateurs ne peuvent pas animer tous ces groupes."))
    return found


def apart_wishes_are_kept(problem: GroupingProblem, groupes: Sequence[GroupeForme]) -> list[Violation]:
    where = {m: g.id for g in groupes for m in g.membres}
    return [
        _violation(apart_wishes_are_kept, where[a], f"{a} et {b} sont ensemble, contre le souhait exprimé.")
        for a, b in apart_pairs(problem)
        if a in where and where[a] == where.get(b)
    ]


def fixed_places_are_kept(problem: GroupingProblem, groupes: Sequence[GroupeForme]) -> list[Violation]:
    where = {m: g for g in groupes for m in g.membres}
    found = []
    for person, place in sorted(problem.places_fixees.items()):
        creneau, number = fixed_creneau(place, problem.creneaux)
        groupe = where.get(person)
        if groupe is None or groupe.creneau != creneau or (number is not None and groupe.id != place):
            found.append(_violation(fixed_places_are_kept, person, f"{person} n'est pas à la place fixée, {place}."))
    return found


def everyone_has_one_decision(problem: GroupingProblem, proposition: Proposition) -> list[Violation]:
    """Each candidat has exactly one of: a place, a rank on the waiting list, a refusal."""
    decided = Counter(m for g in proposition.groupes for m in g.membres)
    decided.update(a.candidat for a in (*proposition.en_attente, *proposition.non_retenus))
    everyone = {c.id for c in problem.candidats}
    return [
        _violation(everyone_has_one_decision, person, f"{person} a {decided[person]} décisions.")
        for person in sorted(everyone | set(decided))
        if decided[person] != 1 or person not in everyone
    ]


GROUPE_RULES: tuple[Callable[[GroupingProblem, Sequence[GroupeForme]], list[Violation]], ...] = (
    person_is_in_at_most_one_groupe,
    groupe_has_allowed_size,
    groupe_holds_one_person_per_collectivite,
    members_can_make_the_creneau,
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
    known = {c.id: c for c in problem.candidats}
    return [(g, [known[m] for m in g.membres if m in known]) for g in groupes]


def _violation(rule: Callable[..., list[Violation]], subject: str, phrase: str) -> Violation:
    return Violation(rule.__name__, subject, phrase)
