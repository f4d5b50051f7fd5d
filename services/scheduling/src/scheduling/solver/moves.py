"""Moves made by hand in a proposition: what each would break, better or worsen.

Invariant: only the groupes that a move touches are looked at, so that it is told at once however many people there
are. A sentence names candidats and groupes by their ids, as those of the rules do; whoever shows it puts their names.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from scheduling.solver.problem import Accord, Candidat, GroupeForme, GroupingProblem, Qualite, Taille
from scheduling.solver.profiles import together_pairs
from scheduling.solver.rules import (
    Violation,
    broken_rules,
    groupe_has_allowed_size,
    groupe_has_enough_of_each_qualite,
)

_GRADED = (groupe_has_allowed_size.__name__, groupe_has_enough_of_each_qualite.__name__)
_TAILLES = {
    Taille.PETITE: "petite collectivité",
    Taille.MOYENNE: "collectivité moyenne",
    Taille.GRANDE: "grande collectivité",
}


@dataclass(frozen=True, slots=True)
class Move:
    """`candidat` goes to the groupe `vers` (None: the waiting list); `contre`, who is there, takes the place left."""

    candidat: str
    vers: str | None
    contre: str | None = None


@dataclass(frozen=True, slots=True)
class Consequences:
    """`refus` forbid the move; the others are told as it is made."""

    refus: tuple[Violation, ...] = ()
    mieux: tuple[str, ...] = ()
    moins_bien: tuple[str, ...] = ()


def apply_move(groupes: Iterable[GroupeForme], move: Move) -> tuple[GroupeForme, ...]:
    """Return the groupes after the move; those that it doesn't touch are the same."""
    groupes = tuple(groupes)
    left = _groupe_of(groupes, move.candidat)
    joins = {move.candidat: move.vers, move.contre: left} if move.contre else {move.candidat: move.vers}
    after = []
    for groupe in groupes:
        stay = {m for m in groupe.membres if m not in joins}
        come = {person for person, to in joins.items() if to == groupe.id}
        membres = tuple(sorted(stay | come))
        after.append(groupe if membres == groupe.membres else replace(groupe, membres=membres))
    return tuple(after)


def consequences(
    problem: GroupingProblem,
    groupes: Sequence[GroupeForme],
    move: Move,
    deja_ensemble: frozenset[tuple[str, str]] = frozenset(),
) -> Consequences:
    """Say what the move would do; `groupes` hold at least those that it touches, as they are before it.

    `deja_ensemble` are pairs of candidats, each pair sorted, who were in one groupe in an earlier season.
    """
    moving = {move.candidat, *([move.contre] if move.contre else [])}
    bound = moving | _bound_with(problem, moving)
    before = tuple(g for g in groupes if g.id == move.vers or bound & set(g.membres))
    after = apply_move(before, move)
    part = _part(problem, {m for g in (*before, *after) for m in g.membres} | moving)
    told = [*_gains(part, before, after, deja_ensemble)]
    return Consequences(
        refus=_new_violations(part, before, after),
        mieux=tuple(phrase for better, phrase in told if better),
        moins_bien=tuple(phrase for better, phrase in told if not better),
    )


def _groupe_of(groupes: Iterable[GroupeForme], person: str) -> str | None:
    return next((g.id for g in groupes if person in g.membres), None)


def _bound_with(problem: GroupingProblem, moving: set[str]) -> set[str]:
    """Return the other candidats whose places count with those of these: the same person, the same collectivité."""
    movers = [c for c in problem.candidats if c.id in moving]
    people = {c.personne for c in movers}
    homes = {c.collectivite for c in movers} if problem.limites.places_par_collectivite else set()
    return {c.id for c in problem.candidats if c.personne in people or c.collectivite in homes}


def _part(problem: GroupingProblem, people: set[str]) -> GroupingProblem:
    """Keep these people only; how many groupes there are, and who runs them, doesn't change with a move."""
    return replace(
        problem,
        candidats=tuple(c for c in problem.candidats if c.id in people),
        places_fixees={person: place for person, place in problem.places_fixees.items() if person in people},
        animateurs=None,
    )


def _new_violations(
    problem: GroupingProblem, before: Sequence[GroupeForme], after: Sequence[GroupeForme]
) -> tuple[Violation, ...]:
    """Return what the move breaks, or breaks more than it was."""
    already = set(broken_rules(problem, before))
    gaps = {g.id: _gap(problem, g) for g in before}
    found = []
    for violation in broken_rules(problem, after):
        if violation in already:
            continue
        if violation.rule in _GRADED:
            groupe = next(g for g in after if g.id == violation.subject)
            if _gap(problem, groupe)[violation.rule] <= gaps[groupe.id][violation.rule]:
                continue
        found.append(violation)
    return tuple(found)


def _gap(problem: GroupingProblem, groupe: GroupeForme) -> Counter[str]:
    """How many people a groupe is away from its bounds, by rule."""
    limites, size = problem.limites, len(groupe.membres)
    counts = Counter(c.qualite for c in _members(problem, groupe))
    short = sum(max(0, limites.minimum_of(q) - counts[q]) for q in Qualite)
    off = max(0, limites.min - size, size - limites.max)
    return Counter({groupe_has_allowed_size.__name__: off, groupe_has_enough_of_each_qualite.__name__: short})


def _members(problem: GroupingProblem, groupe: GroupeForme) -> list[Candidat]:
    membres = set(groupe.membres)
    return [c for c in problem.candidats if c.id in membres]


_Told = Iterable[tuple[bool, str]]


def _gains(
    problem: GroupingProblem,
    before: Sequence[GroupeForme],
    after: Sequence[GroupeForme],
    deja_ensemble: frozenset[tuple[str, str]],
) -> _Told:
    """Each change with whether it is for the better."""
    yield from _places(problem, before, after)
    yield from _change(_preferred(problem, after) - _preferred(problem, before), "sur un créneau préféré")
    yield from _wishes(problem, before, after)
    known = _reunions(after, deja_ensemble) - _reunions(before, deja_ensemble)
    if known:
        word = "retrouvaille" if abs(known) == 1 else "retrouvailles"
        side = "de moins" if known < 0 else "de plus"
        yield known < 0, f"{abs(known)} {word} {side} entre personnes déjà réunies une saison précédente."
    for old, new in zip(before, after, strict=True):
        if old.membres != new.membres and new.membres:
            yield from _mix(problem, old, new)


def _places(problem: GroupingProblem, before: Sequence[GroupeForme], after: Sequence[GroupeForme]) -> _Told:
    def placed(groupes: Sequence[GroupeForme]) -> tuple[int, int]:
        people = [c for g in groupes for c in _members(problem, g)]
        return len(people), sum(problem.limites.poids[c.taille] for c in people)

    (count, weight), (new_count, new_weight) = placed(before), placed(after)
    if new_count != count:
        more = new_count > count
        yield more, f"Une personne de {'plus' if more else 'moins'} a une place."
    elif new_weight != weight:
        more = new_weight > weight
        yield more, f"La place va à une collectivité {'plus' if more else 'moins'} prioritaire."


def _change(difference: int, what: str) -> _Told:
    if difference:
        who = "personne" if abs(difference) == 1 else "personnes"
        number = "Une" if abs(difference) == 1 else str(abs(difference))
        yield difference > 0, f"{number} {who} de {'plus' if difference > 0 else 'moins'} {what}."


def _preferred(problem: GroupingProblem, groupes: Sequence[GroupeForme]) -> int:
    return sum(c.creneaux.get(g.creneau) is Accord.PREFERE for g in groupes for c in _members(problem, g))


def _wishes(problem: GroupingProblem, before: Sequence[GroupeForme], after: Sequence[GroupeForme]) -> _Told:
    pairs = together_pairs(problem)

    def met(groupes: Sequence[GroupeForme]) -> int:
        where = {m: g.id for g in groupes for m in g.membres}
        return sum(a in where and where[a] == where.get(b) for a, b in pairs)

    difference = met(after) - met(before)
    if difference:
        more = difference > 0
        yield more, f"Souhaits d'être ensemble respectés : {abs(difference)} de {'plus' if more else 'moins'}."


def _reunions(groupes: Sequence[GroupeForme], deja_ensemble: frozenset[tuple[str, str]]) -> int:
    where = {m: g.id for g in groupes for m in g.membres}
    return sum(a in where and where[a] == where.get(b) for a, b in deja_ensemble)


def _mix(problem: GroupingProblem, old: GroupeForme, new: GroupeForme) -> _Told:
    were, are = _members(problem, old), _members(problem, new)
    yield from _balance(new.id, were, are)
    yield from _departements(new.id, were, are)
    yield from _size_mix(new.id, were, are)


def _balance(groupe: str, were: Sequence[Candidat], are: Sequence[Candidat]) -> _Told:
    def uneven(people: Sequence[Candidat]) -> tuple[int, str]:
        elus = sum(c.qualite is Qualite.ELU for c in people)
        agents = len(people) - elus
        return max(1, abs(elus - agents)), f"{_counted(elus, 'élu')} et {_counted(agents, 'agent')}"

    (gap, was), (new_gap, now) = uneven(were), uneven(are)
    if gap != new_gap:
        yield new_gap < gap, f"{groupe} : {now}, {'plus' if new_gap < gap else 'moins'} équilibré ({was} avant)."


def _departements(groupe: str, were: Sequence[Candidat], are: Sequence[Candidat]) -> _Told:
    def repeats(people: Sequence[Candidat]) -> int:
        return len(people) - len({c.departement for c in people})

    difference = repeats(are) - repeats(were)
    if difference:
        number = "une personne" if abs(difference) == 1 else f"{abs(difference)} personnes"
        side = "de plus" if difference > 0 else "de moins"
        yield difference < 0, f"{groupe} : {number} {side} d'un département déjà représenté."


def _size_mix(groupe: str, were: Sequence[Candidat], are: Sequence[Candidat]) -> _Told:
    had, has = {c.taille for c in were}, {c.taille for c in are}
    for taille, name in _TAILLES.items():
        if taille in has - had:
            yield True, f"{groupe} : une {name} rejoint un groupe qui n'en avait pas."
        elif taille in had - has:
            yield False, f"{groupe} : plus aucune {name}."


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' if count > 1 else ''}"
