"""A proposition seen as a whole: what each slot holds, and what is missing to open one groupe more.

Invariant: numbers are counted on the proposition itself, or found by solving again with one groupe more; nothing is
guessed.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scheduling.solver.animateurs import Capacity, kinds_of
from scheduling.solver.problem import (
    Candidat,
    GroupeForme,
    GroupingProblem,
    Qualite,
    Slot,
    creneau_en_francais,
)
from scheduling.solver.profiles import open_places, together_pairs


@dataclass(frozen=True, slots=True)
class Shortage:
    """What one more groupe in a slot lacks among the people who wait: people in all, of whom élus and agents."""

    slot: Slot
    waiting: int
    people: int
    elus: int
    agents: int

    def phrase(self) -> str:
        if self.people == self.elus:
            return counted(self.elus, "élu")
        if self.people == self.agents:
            return counted(self.agents, "agent")
        roles = [(self.elus, "élu"), (self.agents, "agent")]
        detail = " et ".join(counted(n, noun) for n, noun in roles if n)
        return counted(self.people, "personne") + (f", dont {detail}," if detail else "")


@dataclass(frozen=True, slots=True)
class Whole:
    """`not_full` are the groupes of a slot with room left; `held` in how many of its groupes a collectivité is.

    `held` and `seats` (places in all) know the collectivités of people who wait.
    """

    problem: GroupingProblem
    groupes: Mapping[Slot, Sequence[GroupeForme]]
    not_full: Mapping[Slot, Sequence[frozenset[str]]]
    held: Mapping[tuple[str, Slot], int]
    seats: Mapping[str, int]
    can_open: Mapping[Slot, bool]
    shortages: Mapping[Slot, Shortage]


def survey(problem: GroupingProblem, groupes: Sequence[GroupeForme], waiting: Sequence[Candidat]) -> Whole:
    """Look at the proposition for the people who wait."""
    known, awaited = problem.by_id, {c.collectivite for c in waiting}
    by_slot: dict[Slot, list[GroupeForme]] = defaultdict(list)
    not_full: dict[Slot, list[frozenset[str]]] = defaultdict(list)
    held: Counter[tuple[str, Slot]] = Counter()
    seats: Counter[str] = Counter()
    for groupe in groupes:
        slot = groupe.thematique, groupe.creneau
        collectivites = [home for m in groupe.membres if (home := known[m].collectivite) in awaited]
        by_slot[slot].append(groupe)
        held.update((collectivite, slot) for collectivite in collectivites)
        seats.update(collectivites)
        if len(groupe.membres) < problem.limites.max:
            not_full[slot].append(frozenset(collectivites))
    by_waiting: dict[Slot, list[Candidat]] = defaultdict(list)
    for candidat in waiting:
        for slot, _ in open_places(problem, candidat):
            by_waiting[slot].append(candidat)
    opened = Counter({slot: len(found) for slot, found in by_slot.items()})
    openable = _Openable(problem, opened, {*by_slot, *by_waiting})
    return Whole(
        problem=problem,
        groupes=by_slot,
        not_full=not_full,
        held=held,
        seats=seats,
        can_open={slot: openable.one_more(slot) for slot in by_waiting},
        shortages={slot: _shortage(problem, slot, people) for slot, people in by_waiting.items()},
    )


class _Openable:
    """Tells whether one groupe more can open beside those that are."""

    def __init__(self, problem: GroupingProblem, opened: Counter[Slot], slots: Collection[Slot]) -> None:
        self._problem, self._opened = problem, opened
        self._slots = sorted(slots)
        self._capacity = None if problem.animateurs is None else Capacity(kinds_of(problem), self._slots)

    def one_more(self, slot: Slot) -> bool:
        if not _one_more_is_allowed(self._problem, self._opened, slot):
            return False
        if self._capacity is None:
            return True
        demand = np.array([self._opened[s] + (s == slot) for s in self._slots], dtype=np.int64)
        return self._capacity.most(demand) == int(demand.sum())


def _one_more_is_allowed(problem: GroupingProblem, opened: Counter[Slot], slot: Slot) -> bool:
    limites = problem.limites
    in_creneau = sum(count for (_, creneau), count in opened.items() if creneau == slot[1])
    in_all = limites.groupes_max is None or opened.total() < limites.groupes_max
    return in_all and in_creneau < limites.par_creneau.get(slot[1], in_creneau + 1)


def _shortage(problem: GroupingProblem, slot: Slot, waiting: Sequence[Candidat]) -> Shortage:
    """Count the fewest people, from other collectivités, with whom those who wait would make a groupe."""
    limites = problem.limites
    roles: dict[str, set[Qualite]] = defaultdict(set)
    for candidat in waiting:
        roles[candidat.collectivite].add(candidat.qualite)
    elus = max(0, limites.elus_min - sum(Qualite.ELU in r for r in roles.values()))
    agents = max(0, limites.agents_min - sum(Qualite.AGENT in r for r in roles.values()))
    need = max(limites.min, limites.elus_min + limites.agents_min)
    return Shortage(slot, len(waiting), max(elus + agents, need - len(roles)), elus, agents)


def constats(
    whole: Whole, waiting: Sequence[Candidat], with_one_more: Callable[[Slot], int]
) -> dict[str, tuple[str, ...]]:
    """Return by thématique what would let more people in, as actions, and which wishes were not met."""
    placed = sum(len(g.membres) for groupes in whole.groupes.values() for g in groupes)
    asked = {c.thematique for c in whole.problem.candidats}
    found: dict[str, list[str]] = defaultdict(list)
    for thematique in whole.problem.thematiques:
        if thematique not in asked:
            found[thematique].append("Aucune inscription pour cette thématique : il n'y a pas de groupe à former.")
    for slot in _where_an_animateur_would_help(whole):
        more = with_one_more(slot) - placed
        if more > 0:
            who = counted(more, "personne")
            found[slot[0]].append(f"Un animateur de plus le {creneau_en_francais(slot[1])} ferait entrer {who}.")
    for shortage in sorted(whole.shortages.values(), key=lambda s: (s.people, s.slot)):
        if whole.can_open[shortage.slot] and shortage.people:
            when, number = creneau_en_francais(shortage.slot[1]), len(whole.groupes.get(shortage.slot, ())) + 1
            article = "un groupe" if number == 1 else f"un {number}e groupe"
            found[shortage.slot[0]].append(f"Il manque {shortage.phrase()} pour ouvrir {article} le {when}.")
    for thematique, count in _unmet_wishes(whole, {c.id for c in waiting}).items():
        noun = "souhait d'être ensemble n'a" if count == 1 else "souhaits d'être ensemble n'ont"
        found[thematique].append(f"{count} {noun} pas pu être respecté{'s' if count > 1 else ''}.")
    return {thematique: tuple(sentences) for thematique, sentences in found.items()}


def _where_an_animateur_would_help(whole: Whole) -> list[Slot]:
    """Return one slot per créneau: the thématique for which most people wait there without an animateur."""
    opened = Counter({slot: len(found) for slot, found in whole.groupes.items()})
    best: dict[str, Shortage] = {}
    for shortage in sorted(whole.shortages.values(), key=lambda s: s.slot):
        slot, creneau = shortage.slot, shortage.slot[1]
        helps = not whole.can_open[slot] and _one_more_is_allowed(whole.problem, opened, slot)
        if helps and (creneau not in best or shortage.waiting > best[creneau].waiting):
            best[creneau] = shortage
    return [shortage.slot for shortage in best.values()]


def _unmet_wishes(whole: Whole, waiting: set[str]) -> Counter[str]:
    pairs = together_pairs(whole.problem)
    if not pairs:
        return Counter()
    where = {m: g.id for groupes in whole.groupes.values() for g in groupes for m in g.membres}
    of = {c.id: c.thematique for c in whole.problem.candidats}
    return Counter(of[a] for a, b in pairs if where.get(a) != where.get(b) or (a in waiting and b in waiting))


def counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' if count > 1 else ''}"
