"""People who are interchangeable to a flow are one unit; the arcs of a unit are where it can be placed.

Invariant: a person with more inscriptions than places is a unit of their own, with the arcs of all their inscriptions.
"""

from dataclasses import dataclass

import numpy as np

from scheduling.solver.crowd import Crowd
from scheduling.solver.mip import Ints


@dataclass(frozen=True, slots=True)
class Units:
    """`of` is the unit of each candidat; arcs are sorted by unit, then slot, and name one candidat that has them."""

    of: Ints
    count: Ints
    coupled: Ints
    arc_unit: Ints
    arc_slot: Ints
    arc_candidat: Ints
    arc_preferred: Ints


def group(crowd: Crowd, *keys: Ints) -> Units:
    """Group candidats who share qualité, weight, thématique and these keys."""
    alone = np.where(crowd.coupled, crowd.personne + 1, 0)
    shared = [np.where(crowd.coupled, 0, key) for key in (crowd.thematique, *keys)]
    table = np.stack([crowd.agent, np.where(crowd.coupled, 0, crowd.weight), alone, *shared])
    _, first, unit, count = np.unique(table, axis=1, return_index=True, return_inverse=True, return_counts=True)
    unit = unit.ravel()
    representative = crowd.coupled.copy()
    representative[first] = True
    arcs = np.flatnonzero(representative[crowd.arc_candidat])
    arcs = arcs[np.lexsort((crowd.arc_slot[arcs], unit[crowd.arc_candidat[arcs]]))]
    coupled = crowd.coupled[first].astype(np.int64)
    return Units(
        of=unit,
        count=np.where(coupled == 1, 1, count),
        coupled=coupled,
        arc_unit=unit[crowd.arc_candidat[arcs]],
        arc_slot=crowd.arc_slot[arcs],
        arc_candidat=crowd.arc_candidat[arcs],
        arc_preferred=crowd.arc_preferred[arcs],
    )


def starts_of(*sorted_keys: Ints) -> Ints:
    """Return where each run of equal keys begins."""
    size = sorted_keys[0].size
    if not size:
        return np.zeros(0, dtype=np.int64)
    change = np.zeros(size, dtype=bool)
    change[0] = True
    for key in sorted_keys:
        change[1:] |= key[1:] != key[:-1]
    return np.flatnonzero(change)


def reachable(crowd: Crowd, creneaux: int) -> Ints:
    """Number the sets of créneaux that people can make, whatever they prefer."""
    bits = np.zeros(len(crowd.candidats), dtype=np.int64)
    np.bitwise_or.at(bits, crowd.arc_candidat, 1 << (crowd.arc_slot % max(1, creneaux)))
    return bits
