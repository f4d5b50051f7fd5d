"""How good the season is, in all and for each thématique and créneau.

Invariant: `poids_place` counts who stands in groupes.csv, and `borne` is above what any season could place: of a part,
what it could place if it had all its animateurs and people for itself.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scheduling.solver.problem import GroupeForme, GroupingProblem, Preuve, Qualite, Taille

Class = tuple[Qualite, Taille]
_CLOSE = 0.5


@dataclass(frozen=True, slots=True)
class _Part:
    """The inscriptions that could be placed there, by class, and the groupes that its animateurs can run."""

    people: Counter[Class]
    groupes: int


def report(problem: GroupingProblem, groupes: Iterable[GroupeForme], borne: float) -> dict[str, Any]:
    """Return `poids_place`, `borne` and `preuve`, then the same per thématique, and within it per créneau."""
    weights: Counter[tuple[str, str]] = Counter()
    people: Counter[tuple[str, str]] = Counter()
    opened: Counter[tuple[str, str]] = Counter()
    known, poids = problem.by_id, problem.limites.poids
    for groupe in groupes:
        where = groupe.thematique, groupe.creneau
        opened[where] += 1
        people[where] += len(groupe.membres)
        weights[where] += sum(poids[known[m].taille] for m in groupe.membres)
    parts = _parts(problem)

    def entry(where: tuple[str, str] | None, thematique: str = "") -> dict[str, Any]:
        chosen = [where] if where else [key for key in opened if key[0] == thematique]
        poids = sum(weights[key] for key in chosen)
        bound = min(borne, _bound(problem, parts[where or (thematique, "")]))
        return {
            "groupes": sum(opened[key] for key in chosen),
            "places": sum(people[key] for key in chosen),
            **_quality(poids, bound),
        }

    return {
        **_quality(weights.total(), borne),
        "groupes": opened.total(),
        "places": people.total(),
        "inscriptions": len(problem.candidats),
        "thematiques": {
            t: entry(None, t) | {"creneaux": {c: entry((t, c)) for c in problem.creneaux}}
            for t in sorted({c.thematique for c in problem.candidats})
        },
    }


def _quality(poids: int, borne: float) -> Mapping[str, Any]:
    preuve: Preuve = "optimal" if poids >= borne - _CLOSE else "borne"
    return {"poids_place": poids, "borne": max(round(borne, 3), poids), "preuve": preuve}


def _parts(problem: GroupingProblem) -> dict[tuple[str, str], _Part]:
    """Return the part of each (thématique, créneau), and of each thématique as a whole under (thématique, "")."""
    thematiques = sorted({c.thematique for c in problem.candidats})
    counts: dict[tuple[str, str], Counter[Class]] = {
        (t, c): Counter() for t in thematiques for c in (*problem.creneaux, "")
    }
    alike = Counter((c.thematique, c.qualite, c.taille, tuple(c.creneaux)) for c in problem.candidats)
    for (thematique, qualite, taille, creneaux), count in alike.items():
        open_to = [c for c in creneaux if (thematique, c) in counts]
        for creneau in (*open_to, *([""] if open_to else [])):
            counts[thematique, creneau][qualite, taille] += count
    found: dict[tuple[str, str], _Part] = {}
    for t in thematiques:
        found |= {(t, c): _Part(counts[t, c], _room(problem, t, (c,))) for c in problem.creneaux}
        found[t, ""] = _Part(counts[t, ""], _room(problem, t, problem.creneaux))
    return found


def _room(problem: GroupingProblem, thematique: str, creneaux: Sequence[str]) -> int:
    """Count the groupes that those who know the thématique could run in these créneaux with nothing else to do."""
    cap = sum(problem.limites.par_creneau.get(c, len(problem.candidats)) for c in creneaux)
    if problem.animateurs is None:
        return cap
    able = [a for a in problem.animateurs if thematique in a.thematiques]
    sets = {a.id: sum(problem.capacites.get(a.id, {}).get(c, 1) for c in creneaux if c in a.creneaux) for a in able}
    return min(cap, sum(min(a.groupes_max, sets[a.id]) for a in able))


def _bound(problem: GroupingProblem, part: _Part) -> float:
    """Weigh the heaviest people who could fill that many groupes; taking them in order is optimal (a matroid)."""
    limites = problem.limites
    have = {q: sum(part.people[q, t] for t in Taille) for q in Qualite}
    groupes = min([part.groupes, *(have[q] // least for q in Qualite if (least := limites.minimum_of(q)))])
    other = {Qualite.ELU: Qualite.AGENT, Qualite.AGENT: Qualite.ELU}
    room = {q: groupes * (limites.max - limites.minimum_of(other[q])) for q in Qualite}
    left, total = groupes * limites.max, 0
    for qualite, taille in sorted(part.people, key=lambda kind: (-limites.poids[kind[1]], kind)):
        taken = min(part.people[qualite, taille], room[qualite], left)
        room[qualite] -= taken
        left -= taken
        total += taken * limites.poids[taille]
    return float(total)
