"""Step 2: splitting the people of one créneau into its groupes, by recursive halving with flows.

Invariant: every groupe lies within floor and ceiling of its exact share of people, of each qualité, of each qualité and
size class, of each département and of each collectivité, so never two of one collectivité when there are at most as
many of them as groupes. An equitable edge colouring (D. de Werra, 1971): splitting `a` groupes off `g` is a flow with
lower bounds in which the fraction `a / g` of everyone is feasible, so a whole one exists, and floors and ceilings of
shares nest under repeated splitting.
"""

from collections.abc import Sequence

import numpy as np
from ortools.graph.python import max_flow

from scheduling.solver.mip import Ints
from scheduling.solver.problem import Candidat


def split(people: Sequence[Candidat], groupes: int) -> list[tuple[Candidat, ...]]:
    """Split into `groupes` parts these people, who include at most `groupes` people of any collectivité.

    Raises ValueError when a collectivité has more.
    """
    if groupes == 0:
        return []
    ordered = sorted(people, key=lambda c: c.id)
    labels = _labels(ordered)
    if ordered and np.bincount(labels[1]).max() > groupes:
        raise ValueError("a collectivité has more people than groupes")
    parts: list[tuple[Candidat, ...]] = []
    stack: list[tuple[Ints, int]] = [(np.arange(len(ordered)), groupes)]
    while stack:
        members, count = stack.pop()
        if count == 1:
            parts.append(tuple(ordered[i] for i in members))
            continue
        half = count // 2
        chosen = _halve(labels[:, members], half, count)
        stack += [(members[~chosen], count - half), (members[chosen], half)]
    return parts


def _labels(people: Sequence[Candidat]) -> Ints:
    """Rows: département, collectivité, qualité and size class, qualité; one column per person."""
    home: dict[str, str] = {}
    for candidat in people:
        home.setdefault(candidat.collectivite, candidat.departement)
    classes = [
        [home[c.collectivite] for c in people],
        [c.collectivite for c in people],
        [f"{c.qualite} {c.taille}" for c in people],
        [c.qualite.value for c in people],
    ]
    return np.array([np.unique(row, return_inverse=True)[1] for row in classes], dtype=np.int64)


def _halve(labels: Ints, part: int, whole: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which people go to the `part` groupes of `whole`: département, collectivité, person, class, qualité, sink."""
    people = labels.shape[1]
    compact = [np.unique(row, return_inverse=True) for row in labels]
    sizes = [len(values) for values, _ in compact]
    source, sink = 0, 1
    starts = 2 + np.concatenate(([0], np.cumsum(sizes)))
    dept, coll, klass, role = (inverse + starts[i] for i, (_, inverse) in enumerate(compact))
    tails, heads = [coll], [klass]
    lower, upper = [np.zeros(people, dtype=np.int64)], [np.ones(people, dtype=np.int64)]
    sides = (
        (np.full(people, source), dept),
        (dept, coll),
        (klass, role),
        (role, np.full(people, sink)),
        (np.full(people, sink), np.full(people, source)),
    )
    for tail, head in sides:
        arcs, counts = np.unique(np.stack((tail, head)), axis=1, return_counts=True)
        tails.append(arcs[0])
        heads.append(arcs[1])
        lower.append(counts * part // whole)
        upper.append(-(-counts * part // whole))
    flows = _flow(tuple(np.concatenate(a) for a in (tails, heads, lower, upper)), int(starts[-1]))
    return flows[:people] > 0


def _flow(arcs: tuple[Ints, ...], nodes: int) -> Ints:
    """Find a circulation within the bounds, what they force going through a source and a sink of its own."""
    tails, heads, lower, upper = arcs
    forced = np.zeros(nodes, dtype=np.int64)
    np.add.at(forced, heads, lower)
    np.subtract.at(forced, tails, lower)
    gives, takes = np.flatnonzero(forced > 0), np.flatnonzero(forced < 0)
    solver = max_flow.SimpleMaxFlow()
    solver.add_arcs_with_capacity(
        np.concatenate((tails, np.full(gives.size, nodes), takes)),
        np.concatenate((heads, gives, np.full(takes.size, nodes + 1))),
        np.concatenate((upper - lower, forced[gives], -forced[takes])),
    )
    demand = int(forced[gives].sum())
    # A network without forced arcs has no node for the extra source: the empty circulation will do.
    if demand == 0:
        return lower
    status = solver.solve(nodes, nodes + 1)
    if status != solver.OPTIMAL or solver.optimal_flow() != demand:
        raise AssertionError("the fractional circulation is feasible, so a whole one is")
    return lower + np.asarray(solver.flows(np.arange(tails.size)), dtype=np.int64)
