"""Whether animateurs can run a set of groupes together: an integral flow from groupes to animateurs.

Invariant: at most one groupe per animateur and créneau, and at most `groupes_max` per animateur. One a créneau is
enough for the four dates of each to exist whatever the others are given.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Hashable, Iterable, Sequence

from scheduling.solver.problem import Animateur, Equipe

_SOURCE, _SINK = ("source",), ("sink",)


def equipe_can_run(animateurs: Sequence[Animateur], groupes: Iterable[tuple[str, str]]) -> bool:
    """Tell whether these animateurs can run all these (thématique, créneau) at once."""
    demands = Counter(groupes)
    residual: dict[Hashable, dict[Hashable, int]] = defaultdict(lambda: defaultdict(int))
    for (thematique, creneau), count in sorted(demands.items()):
        demand = ("demand", thematique, creneau)
        residual[_SOURCE][demand] = count
        for animateur in sorted(animateurs, key=lambda a: a.id):
            if thematique in animateur.thematiques and creneau in animateur.creneaux:
                slot = ("slot", animateur.id, creneau)
                residual[demand][slot] = 1
                residual[slot]["animateur", animateur.id] = 1
                residual["animateur", animateur.id][_SINK] = animateur.groupes_max
    return all(_augment(residual) for _ in range(demands.total()))


def _augment(residual: dict[Hashable, dict[Hashable, int]]) -> bool:
    """Send one more unit along a shortest path, if there is one."""
    before: dict[Hashable, Hashable] = {_SOURCE: _SOURCE}
    queue: deque[Hashable] = deque([_SOURCE])
    while queue and _SINK not in before:
        node = queue.popleft()
        for other, capacity in residual[node].items():
            if capacity > 0 and other not in before:
                before[other] = node
                queue.append(other)
    if _SINK not in before:
        return False
    node = _SINK
    while node != _SOURCE:
        residual[before[node]][node] -= 1
        residual[node][before[node]] += 1
        node = before[node]
    return True


def animateur_capacity(
    animateurs: Sequence[Animateur],
    thematique: str,
    creneaux: Sequence[str],
    engages: Sequence[tuple[str, str]] = (),
) -> tuple[dict[str, int], int]:
    """How many groupes of a thématique these animateurs can run in each créneau alone, and in all.

    `engages` are the (thématique, créneau) of groupes that they already have to run. The créneaux' numbers can't always
    be reached together: give the problem an `Equipe` for groupes that can.
    """
    par_creneau, together = {}, list(engages)
    for creneau in sorted(creneaux):
        alone = list(engages)
        while equipe_can_run(animateurs, [*alone, (thematique, creneau)]):
            alone.append((thematique, creneau))
        par_creneau[creneau] = len(alone) - len(engages)
        # Sets of groupes that can be run form a gammoid, so taking what fits reaches the largest.
        while equipe_can_run(animateurs, [*together, (thematique, creneau)]):
            together.append((thematique, creneau))
    return par_creneau, len(together) - len(engages)


def one_more_can_run(equipe: Equipe | None, creneaux: Iterable[str], creneau: str) -> bool:
    """Tell whether the équipe could run a groupe in `creneau` beside those it has in `creneaux`."""
    if equipe is None:
        return True
    mine = [(equipe.thematique, c) for c in (*creneaux, creneau)]
    return equipe_can_run(equipe.animateurs, [*equipe.engages, *mine])
