"""How the animateurs are shared between the thématiques of a campagne before each is solved alone.

Invariant: a thématique is never left without a groupe because another, larger one was solved first. Each groupe that
the animateurs can run goes in turn to the thématique with most people per groupe (the highest averages of D'Hondt),
never beyond what its people could fill.
"""

from collections.abc import Mapping, Sequence

from scheduling.solver.animateurs import animateur_capacity
from scheduling.solver.problem import Animateur, GroupingProblem


def total_capacity(animateurs: Sequence[Animateur]) -> int:
    """Count the groupes that the animateurs can run in all: at most one each in a créneau."""
    return sum(min(a.groupes_max, len(a.creneaux)) for a in animateurs if a.thematiques)


def share_groupes(problems: Mapping[str, GroupingProblem], animateurs: Sequence[Animateur]) -> dict[str, int | None]:
    """Return at most how many groupes each thématique may form; None where its own people and animateurs decide."""
    people = {t: len(p.candidats) for t, p in problems.items()}
    most = {
        t: min(people[t] // p.limites.min, animateur_capacity(animateurs, t, p.creneaux)[1])
        for t, p in problems.items()
    }
    shares = dict.fromkeys(sorted(problems), 0)
    for _ in range(total_capacity(animateurs)):
        open_to = [t for t in shares if shares[t] < most[t]]
        if not open_to:
            break
        shares[max(open_to, key=lambda t: (people[t] / (shares[t] + 1), t))] += 1
    return {t: share if share < most[t] else None for t, share in shares.items()}
