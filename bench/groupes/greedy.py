"""First come, first placed: what a careful person does by hand, and how far it goes.

People are taken in order of arrival. Whoever fits in an open groupe on a créneau that they prefer, else can make, goes
in; the others wait, and as soon as those who wait for a créneau make a smallest groupe and an animateur is free, it
opens.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from scheduling.solver.problem import Accord, Candidat, GroupeForme, GroupingProblem, Limites, Qualite

Slot = tuple[str, str]


@dataclass(slots=True)
class _Groupe:
    id: str
    slot: Slot
    people: list[Candidat] = field(default_factory=list)

    def takes(self, one: Candidat, limites: Limites) -> bool:
        if len(self.people) >= limites.max or any(_apart(one, other) for other in self.people):
            return False
        alike = 1 + sum(other.qualite is one.qualite for other in self.people)
        others = limites.agents_min if one.qualite is Qualite.ELU else limites.elus_min
        return alike <= limites.max - others


@dataclass(slots=True)
class _Hall:
    """Where everybody stands while people arrive."""

    problem: GroupingProblem
    free: "_Animateurs"
    opened: list[_Groupe] = field(default_factory=list)
    count: dict[Slot, int] = field(default_factory=lambda: defaultdict(int))
    with_room: dict[Slot, list[_Groupe]] = field(default_factory=lambda: defaultdict(list))
    waiting: dict[Slot, list[Candidat]] = field(default_factory=lambda: defaultdict(list))
    placed: set[str] = field(default_factory=set)
    places: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def can_have(self, one: Candidat) -> bool:
        return one.id not in self.placed and self.places[one.personne] < self.problem.limites.places_par_personne

    def put(self, one: Candidat, groupe: _Groupe) -> None:
        groupe.people.append(one)
        self.placed.add(one.id)
        self.places[one.personne] += 1
        if len(groupe.people) == self.problem.limites.max:
            self.with_room[groupe.slot].remove(groupe)


class _Animateurs:
    """Who can still run a groupe; the first found takes it."""

    def __init__(self, problem: GroupingProblem) -> None:
        self._by_slot: dict[Slot, list[str]] = defaultdict(list)
        self._left = {a.id: a.groupes_max for a in problem.animateurs or ()}
        self._sets: dict[tuple[str, str], int] = {}
        for animateur in problem.animateurs or ():
            for creneau in sorted(animateur.creneaux):
                self._sets[animateur.id, creneau] = problem.capacites.get(animateur.id, {}).get(creneau, 1)
                for thematique in animateur.thematiques:
                    self._by_slot[thematique, creneau].append(animateur.id)

    def exists(self, slot: Slot) -> bool:
        able = self._by_slot[slot]
        while able and not (self._left[able[0]] and self._sets[able[0], slot[1]]):
            able.pop(0)
        return bool(able)

    def take(self, slot: Slot) -> None:
        who = self._by_slot[slot][0]
        self._left[who] -= 1
        self._sets[who, slot[1]] -= 1


def first_come_first_placed(problem: GroupingProblem) -> tuple[GroupeForme, ...]:
    """Return groupes that keep the rules."""
    hall = _Hall(problem, _Animateurs(problem))
    for one in sorted(problem.candidats, key=lambda c: (c.recue_le, c.id)):
        slots = _slots(problem, one)
        if hall.can_have(one) and not _join(hall, one, slots):
            _wait(hall, one, slots)
    return tuple(
        GroupeForme(id=g.id, thematique=g.slot[0], creneau=g.slot[1], membres=tuple(sorted(c.id for c in g.people)))
        for g in hall.opened
    )


def _slots(problem: GroupingProblem, one: Candidat) -> list[Slot]:
    """Return the créneaux that this person can make, the preferred ones first."""
    able = [c for c in problem.creneaux if c in one.creneaux and (one.departement, c) not in problem.hors_horaires]
    return [(one.thematique, c) for c in sorted(able, key=lambda c: one.creneaux[c] is not Accord.PREFERE)]


def _join(hall: _Hall, one: Candidat, slots: Iterable[Slot]) -> bool:
    for slot in slots:
        for groupe in hall.with_room[slot]:
            if groupe.takes(one, hall.problem.limites):
                hall.put(one, groupe)
                return True
    return False


def _wait(hall: _Hall, one: Candidat, slots: Sequence[Slot]) -> None:
    """Queue up; open a groupe if those who wait can now make one."""
    for slot in slots:
        if not hall.free.exists(slot):
            continue
        hall.waiting[slot].append(one)
        first = _smallest(hall, slot)
        if first:
            hall.free.take(slot)
            hall.count[slot] += 1
            groupe = _Groupe(f"{slot[0]}/{slot[1]}-{hall.count[slot]}", slot)
            hall.opened.append(groupe)
            hall.with_room[slot].append(groupe)
            for member in first:
                hall.put(member, groupe)
            return


def _smallest(hall: _Hall, slot: Slot) -> list[Candidat]:
    """Return the first people in the queue who make a smallest groupe, nobody if they don't."""
    limites = hall.problem.limites
    queue = hall.waiting[slot] = [c for c in hall.waiting[slot] if hall.can_have(c)]
    chosen: list[Candidat] = []
    needed = {Qualite.ELU: limites.elus_min, Qualite.AGENT: limites.agents_min}
    spare = max(0, limites.min - limites.elus_min - limites.agents_min)
    if any(sum(c.qualite is q for c in queue) < least for q, least in needed.items()):
        return []
    for one in queue:
        if any(_apart(one, other) for other in chosen):
            continue
        if needed[one.qualite]:
            needed[one.qualite] -= 1
        elif spare:
            spare -= 1
        else:
            continue
        chosen.append(one)
    return [] if spare or any(needed.values()) else chosen


def _apart(one: Candidat, other: Candidat) -> bool:
    same = one.collectivite == other.collectivite or one.personne == other.personne
    return same or other.id in one.sans or one.id in other.sans
