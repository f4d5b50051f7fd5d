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
    departement, collectivite, klass, role = labels
    people = klass.size
    _, first, coll, in_coll = np.unique(collectivite, return_index=True, return_inverse=True, return_counts=True)
    in_dept, in_class, in_role = (np.bincount(row) for row in (departement, klass, role))
    role_of = np.zeros(in_class.size, dtype=np.int64)
    role_of[klass] = role
    source, sink = 0, 1
    depts, colls, classes, roles, nodes = 2 + np.cumsum([0, in_dept.size, in_coll.size, in_class.size, in_role.size])
    # One arc a person, then the sides of the network with how many people each carries.
    sides = (
        (np.full(in_dept.size, source), depts + np.arange(in_dept.size), in_dept),
        (depts + departement[first], colls + np.arange(in_coll.size), in_coll),
        (classes + np.arange(in_class.size), roles + role_of, in_class),
        (roles + np.arange(in_role.size), np.full(in_role.size, sink), in_role),
        (np.array([sink]), np.array([source]), np.array([people])),
    )
    flows = _flow(
        (
            np.concatenate([colls + coll.ravel(), *(tails for tails, _, _ in sides)]),
            np.concatenate([classes + klass, *(heads for _, heads, _ in sides)]),
            np.concatenate([np.zeros(people, np.int64), *(count * part // whole for _, _, count in sides)]),
            np.concatenate([np.ones(people, np.int64), *(-(-count * part // whole) for _, _, count in sides)]),
        ),
        int(nodes),
    )
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
