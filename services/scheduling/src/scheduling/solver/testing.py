"""For the tests: people and campagnes drawn at random, and by brute force the best that the rules allow.

Invariant: written from the rules as people say them, with nothing of the solver in it.
"""

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations, product

from scheduling.solver.problem import (
    Accord,
    Animateur,
    Candidat,
    GroupeForme,
    GroupingProblem,
    Limites,
    Proposition,
    Qualite,
    Slot,
    Taille,
)

START = datetime(2027, 1, 1, tzinfo=UTC)
LUNDI, MARDI = "lundi-matin", "mardi-apres-midi"
Score = tuple[int, int, int, int, int]
"""Weight, wanted thématique, pairs together, preferred créneaux, turn: what is maximised, in that order."""


def candidat(number: int, qualite: Qualite = Qualite.ELU, **changes: object) -> Candidat:
    """Someone of a small collectivité of their own who asks for `eau` on Monday morning, the later the higher."""
    base = Candidat(
        id=f"i{number:04d}",
        personne=f"p{number:04d}",
        collectivite=f"c{number}",
        departement="01",
        qualite=qualite,
        taille=Taille.PETITE,
        thematique="eau",
        creneaux={LUNDI: Accord.PREFERE},
        recue_le=START + timedelta(minutes=number),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def crowd(elus: int, agents: int, first: int = 0, **changes: object) -> list[Candidat]:
    """So many people, the élus first."""
    qualites = [Qualite.ELU] * elus + [Qualite.AGENT] * agents
    return [candidat(number, qualite, **changes) for number, qualite in enumerate(qualites, first)]


def draw_people(
    rng: random.Random,
    count: int,
    collectivites: int,
    creneaux: Sequence[str],
    thematiques: Sequence[str] = ("eau",),
    *,
    most_inscriptions: int = 1,
) -> tuple[Candidat, ...]:
    """Draw `count` inscriptions of people who ask for up to `most_inscriptions` thématiques each."""
    people: list[Candidat] = []
    while len(people) < count:
        wanted = rng.sample(thematiques, rng.randint(1, most_inscriptions))[: count - len(people)]
        home, personne = rng.randrange(collectivites), f"p{len(people):04d}"
        qualite, taille, attendu = rng.choice(list(Qualite)), rng.choice(list(Taille)), rng.random() < 1 / 5
        for rang, thematique in enumerate(wanted, 1):
            offered = sorted(rng.sample(creneaux, rng.randint(1, len(creneaux))))
            people.append(
                Candidat(
                    id=f"i{len(people):04d}",
                    personne=personne,
                    collectivite=f"c{home}",
                    departement=f"{home % 7:02d}",
                    qualite=qualite,
                    taille=taille,
                    thematique=thematique,
                    creneaux={c: rng.choice(list(Accord)) for c in offered},
                    recue_le=START + timedelta(minutes=rng.randrange(100)),
                    rang=rang,
                    attendu=attendu,
                )
            )
    return tuple(people)


def draw_campagne(rng: random.Random, *, alone: bool = False) -> GroupingProblem:
    """Draw a tiny campagne of two thématiques; `alone`: no two people of one collectivité."""
    count = rng.randint(3, 9)
    people = draw_people(rng, count, rng.randint(3, 8), (LUNDI, MARDI), ("eau", "forets"), most_inscriptions=2)
    if alone:
        people = tuple(replace(c, collectivite=c.personne) for c in people)
    low = rng.randint(1, 3)
    limites = Limites(
        min=low,
        max=low + rng.randint(1, 2),
        elus_min=rng.randint(0, 1),
        agents_min=rng.randint(0, 1),
        groupes_max=rng.choice((None, 1, 2, 3)),
        par_creneau=rng.choice(({}, {LUNDI: 1}, {LUNDI: 2, MARDI: 1})),
        places_par_personne=rng.choice((1, 1, 2)),
        places_par_collectivite=0 if alone else rng.choice((0, 0, 1, 2)),
    )
    team = tuple(
        Animateur(
            name,
            name,
            frozenset(rng.sample(("eau", "forets"), rng.randint(1, 2))),
            frozenset(rng.sample((LUNDI, MARDI), rng.randint(1, 2))),
            rng.randint(1, 3),
        )
        for name in ("a", "b", "c")[: rng.randint(1, 3)]
    )
    return GroupingProblem(
        people,
        (LUNDI, MARDI),
        limites,
        animateurs=rng.choice((None, team, team)),
        capacites={"a": {LUNDI: rng.randint(0, 2)}},
        hors_horaires=frozenset({("03", LUNDI)}) if rng.random() < 1 / 4 else frozenset(),
    )


def draw_wishes(rng: random.Random, problem: GroupingProblem, *, apart: bool) -> GroupingProblem:
    """Add a few wishes between people of one thématique, to be together or, if so asked, apart."""
    people = {c.id: c for c in problem.candidats}
    for one, other in combinations(sorted(people), 2):
        if people[one].thematique == people[other].thematique and rng.random() < 1 / 6:
            wishing, wished = rng.sample((one, other), 2)
            if apart and rng.random() < 1 / 2:
                people[wishing] = replace(people[wishing], sans=people[wishing].sans | {wished})
            else:
                people[wishing] = replace(people[wishing], avec=people[wishing].avec | {wished})
    return replace(problem, candidats=tuple(people.values()))


Choice = Mapping[Slot, tuple[frozenset[str], int]]
"""Who meets in each slot, in how many groupes."""


def every_choice(problem: GroupingProblem) -> Iterator[Choice]:
    """Yield every way to fill groupes that keeps every rule; places may be fixed to a créneau, not to a groupe."""
    slots = [(t, c) for t in problem.thematiques for c in problem.creneaux]
    fillings = [_fillings(problem, slot) for slot in slots]
    fixed = set(problem.places_fixees)

    def visit(index: int, chosen: dict[Slot, tuple[frozenset[str], int]], taken: frozenset[str]) -> Iterator[Choice]:
        if index == len(slots):
            if fixed <= taken and _groupes_can_run(problem, {slot: g for slot, (_, g) in chosen.items()}):
                yield dict(chosen)
            return
        for members, groupes in fillings[index]:
            if _may_join(problem, members, taken):
                chosen[slots[index]] = members, groupes
                yield from visit(index + 1, chosen, taken | members)

    return visit(0, {}, frozenset())


def score_of(problem: GroupingProblem, where: Mapping[str, Slot]) -> Score:
    """Return what these places are worth."""
    able = [c for c in problem.candidats if any(_can_meet(problem, c, creneau) for creneau in problem.creneaux)]
    order = sorted(able, key=lambda c: (not c.attendu, c.recue_le, c.id))
    placed = [(n, c) for n, c in enumerate(order) if c.id in where]
    last = max((c.rang for c in able), default=1)
    homes = {c.id: c.collectivite for c in problem.candidats}
    apart = {frozenset((c.id, other)) for c in problem.candidats for other in c.sans}
    wished = {frozenset((c.id, other)) for c in problem.candidats for other in c.avec} - apart
    return (
        sum(problem.limites.poids[c.taille] for _, c in placed),
        sum(last - c.rang for _, c in placed),
        sum(
            pair <= where.keys() and len({where[c] for c in pair}) == 1 and len({homes[c] for c in pair}) > 1
            for pair in wished
        ),
        sum(c.creneaux[where[c.id][1]] is Accord.PREFERE for _, c in placed),
        sum(len(order) - n for n, _ in placed),
    )


def score_of_choice(problem: GroupingProblem, choice: Choice) -> Score:
    return score_of(problem, {c: slot for slot, (members, _) in choice.items() for c in members})


def score_of_proposition(problem: GroupingProblem, proposition: Proposition) -> Score:
    return score_of(problem, {m: (g.thematique, g.creneau) for g in proposition.groupes for m in g.membres})


def groupe(number: int, membres: Sequence[Candidat], thematique: str = "eau", creneau: str = LUNDI) -> GroupeForme:
    return GroupeForme(f"{thematique}/{creneau}-{number}", thematique, creneau, tuple(sorted(c.id for c in membres)))


def team_can_run(problem: GroupingProblem, slots: Sequence[Slot]) -> bool:
    """Try everybody for everything."""
    team = problem.animateurs or ()
    able = [[a for a in team if thematique in a.thematiques and creneau in a.creneaux] for thematique, creneau in slots]
    for chosen in product(*able):
        load = Counter(a.id for a in chosen)
        at = Counter((a.id, creneau) for a, (_, creneau) in zip(chosen, slots, strict=True))
        if all(load[a.id] <= a.groupes_max for a in team) and all(
            count <= problem.capacites.get(who, {}).get(creneau, 1) for (who, creneau), count in at.items()
        ):
            return True
    return False


def _can_meet(problem: GroupingProblem, person: Candidat, creneau: str) -> bool:
    place = problem.places_fixees.get(person.id)
    return (
        creneau in person.creneaux
        and (person.departement, creneau) not in problem.hors_horaires
        and place in {None, f"{person.thematique}/{creneau}"}
    )


def _fillings(problem: GroupingProblem, slot: Slot) -> list[tuple[frozenset[str], int]]:
    """Return each set of people who can meet in this slot, with each number of groupes that they can make there."""
    able = [c for c in problem.candidats if c.thematique == slot[0] and _can_meet(problem, c, slot[1])]
    found: list[tuple[frozenset[str], int]] = [(frozenset(), 0)]
    for size in range(1, len(able) + 1):
        for people in combinations(able, size):
            members = frozenset(c.id for c in people)
            found += [(members, groupes) for groupes in range(1, size + 1) if _can_split(problem, people, groupes)]
    return found


def _can_split(problem: GroupingProblem, people: Sequence[Candidat], groupes: int) -> bool:
    """Tell whether these people can make so many groupes, each of which keeps the rules; tried one after the other."""
    if not problem.limites.min * groupes <= len(people) <= problem.limites.max * groupes:
        return False
    parts: list[list[Candidat]] = [[] for _ in range(groupes)]

    def seat(rest: Sequence[Candidat]) -> bool:
        if not rest:
            return all(_is_complete(problem.limites, part) for part in parts)
        person = rest[0]
        for part in parts:
            if len(part) < problem.limites.max and all(_can_be_together(person, other) for other in part):
                part.append(person)
                if seat(rest[1:]):
                    return True
                part.pop()
            if not part:
                break
        return False

    return seat(people)


def _is_complete(limites: Limites, part: Sequence[Candidat]) -> bool:
    roles = Counter(c.qualite for c in part)
    enough = roles[Qualite.ELU] >= limites.elus_min and roles[Qualite.AGENT] >= limites.agents_min
    return enough and limites.min <= len(part) <= limites.max


def _can_be_together(one: Candidat, other: Candidat) -> bool:
    return one.collectivite != other.collectivite and one.id not in other.sans and other.id not in one.sans


def _may_join(problem: GroupingProblem, members: frozenset[str], taken: frozenset[str]) -> bool:
    if members & taken:
        return False
    seated = [c for c in problem.candidats if c.id in members or c.id in taken]
    season = problem.limites.places_par_collectivite
    return (
        max(Counter(c.personne for c in seated).values(), default=0) <= problem.limites.places_par_personne
        and max(Counter((c.personne, c.thematique) for c in seated).values(), default=0) <= 1
        and (not season or max(Counter(c.collectivite for c in seated).values(), default=0) <= season)
    )


def _groupes_can_run(problem: GroupingProblem, groupes: Mapping[Slot, int]) -> bool:
    slots = [slot for slot, count in groupes.items() for _ in range(count)]
    limites, per_creneau = problem.limites, Counter(creneau for _, creneau in slots)
    return (
        (limites.groupes_max is None or len(slots) <= limites.groupes_max)
        and all(per_creneau[creneau] <= most for creneau, most in limites.par_creneau.items())
        and (problem.animateurs is None or team_can_run(problem, slots))
    )
