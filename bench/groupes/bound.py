"""A bound on the weight that any season can place: a linear relaxation, written apart from the solver.

People who can be the same things are one kind, groupes are fractions, and wishes, dates and arrival are left out: what
is left is above every season that keeps the rules. Where fractions of groupes are worth something, `whole_bound` has
them whole, which is still a relaxation.
"""

from dataclasses import dataclass

import numpy as np

from bench.groupes.files import Season
from bench.groupes.linear import NO_LIMIT, Ints, Linear, Rows, assemble


@dataclass(frozen=True, slots=True)
class _Seats:
    """One entry per kind, thématique and créneau: what a person of the kind may be given."""

    kind: Ints
    cell: Ints
    row: Ints
    elu: Ints
    weight: Ints


def bound(season: Season) -> float:
    """Return a number that no season's weight exceeds."""
    return _relaxation(season)[0].bound()


def whole_bound(season: Season, seconds: float) -> float:
    """Return a tighter one, the best that is proven in that time."""
    relaxation, groupes = _relaxation(season)
    return relaxation.whole_bound(groupes, seconds)


def _relaxation(season: Season) -> tuple[Linear, Ints]:
    """Return the program and its columns of groupes: first come those of people, last who runs what."""
    seats = _seats(season)
    cells = len(season.thematiques) * len(season.creneaux)
    g = seats.kind.size + np.arange(cells)
    rows = Rows()
    _add_people(season, seats, rows)
    _add_groupes(season, seats, rows, g)
    takers = _add_animateurs(season, rows, g)
    cost = np.concatenate((seats.weight, np.zeros(cells + takers.size, dtype=np.int64)))
    upper = np.concatenate((season.counts[seats.kind], np.full(cells, season.sets.sum()), takers))
    return assemble(rows, cost, upper), g


def _seats(season: Season) -> _Seats:
    entries = [
        (kind, t * len(season.creneaux) + c, n, elu, weight)
        for kind, choices in enumerate(season.kinds)
        for n, (t, mask, elu, weight) in enumerate(choices)
        for c in range(len(season.creneaux))
        if mask >> c & 1
    ]
    return _Seats(*np.array(entries, dtype=np.int64).reshape(-1, 5).T)


def _add_people(season: Season, seats: _Seats, rows: Rows) -> None:
    """Each person has at most their places, and one in a thématique."""
    columns = np.arange(seats.kind.size)
    rows.add_grouped(season.counts * season.per_person, seats.kind, columns)
    if season.per_person > 1:
        asked, which = np.unique(np.stack((seats.kind, seats.row)), axis=1, return_inverse=True)
        rows.add_grouped(season.counts[asked[0]], which, columns)


def _add_groupes(season: Season, seats: _Seats, rows: Rows, g: Ints) -> None:
    """Sizes and minima of each (thématique, créneau); of a body kept apart, one person a groupe."""
    limits = season.groupe
    order = np.argsort(seats.cell, kind="stable")
    starts = np.searchsorted(seats.cell[order], np.arange(g.size + 1))
    for cell in range(g.size):
        here = order[starts[cell] : starts[cell + 1]]
        elus, agents = here[seats.elu[here] == 1], here[seats.elu[here] == 0]
        for cols, least in ((elus, limits["elus_min"]), (agents, limits["agents_min"]), (here, limits["min"])):
            rows.add(0, NO_LIMIT, *_per_groupe(cols, g[cell], least))
        rows.add(-NO_LIMIT, 0, *_per_groupe(here, g[cell], limits["max"]))
        bodies = season.apart[seats.kind[here]]
        for body in np.unique(bodies[bodies >= 0]):
            cols = here[bodies == body]
            if season.counts[seats.kind[cols]].sum() > 1:
                rows.add(-NO_LIMIT, 0, *_per_groupe(cols, g[cell], 1))


def _per_groupe(people: Ints, groupes: int, each: int) -> tuple[Ints, Ints]:
    """People, minus so many for each groupe."""
    return np.append(people, groupes), np.append(np.ones_like(people), -each)


def _add_animateurs(season: Season, rows: Rows, g: Ints) -> Ints:
    """Add who runs how many groupes of what; return the upper bounds of these columns."""
    creneaux = len(season.creneaux)
    knows = season.runs[:, 0, None] >> np.arange(len(season.thematiques)) & 1
    who, t, c = np.nonzero(knows[:, :, None] * season.sets[:, None, :])
    columns = g[-1] + 1 + np.arange(who.size)
    rows.add_grouped(season.runs[:, 1], who, columns)
    rows.add_grouped(season.sets.ravel(), who * creneaux + c, columns)
    for cell in range(g.size):
        runs = columns[t * creneaux + c == cell]
        rows.add(-NO_LIMIT, 0, np.append(runs, g[cell]), np.append(-np.ones_like(runs), 1))
    return season.sets[who, c]
