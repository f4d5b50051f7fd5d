"""Everyone who asks for a place, as arrays: what step 1 works on when a campagne is large.

Invariant: people stand in the order in which places are offered (`profiles.turn`), so a lower index comes first.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scheduling.solver.mip import Ints
from scheduling.solver.problem import Accord, Candidat, GroupingProblem, Qualite, Slot, fixed_place
from scheduling.solver.profiles import turn

Bools = NDArray[np.bool_]

FIXED = 1_000
"""Added to the weight of someone whose place is fixed, so that they come before everybody; taken off the totals."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """One entry a candidat; `arc_*` one a candidat and slot where they can be placed, by candidat then slot.

    `weight` includes FIXED; `coupled` are those whose person has more inscriptions than places.
    """

    candidats: tuple[Candidat, ...]
    slots: tuple[Slot, ...]
    agent: Ints
    weight: Ints
    personne: Ints
    collectivite: Ints
    thematique: Ints
    rang: Ints
    attendu: Ints
    coupled: Bools
    fixed: Bools
    pattern: Ints
    arc_candidat: Ints
    arc_slot: Ints
    arc_preferred: Ints

    @property
    def fixed_weight(self) -> int:
        return FIXED * int(self.fixed.sum())


def gather(problem: GroupingProblem, forbidden: Collection[tuple[str, Slot]] = ()) -> Crowd:
    """Turn the people of a problem into arrays; `forbidden` are a candidat and a slot that they must not have."""
    people = tuple(sorted(problem.candidats, key=turn))
    thematiques = problem.thematiques
    slots = tuple((t, c) for t in thematiques for c in problem.creneaux)
    row_of = _Patterns(problem, forbidden)
    pattern = np.array([row_of(candidat) for candidat in people], dtype=np.int64)
    accords = row_of.accords()
    position = {t: i for i, t in enumerate(thematiques)}
    thematique = np.array([position[c.thematique] for c in people], dtype=np.int64)
    candidat, creneau = np.nonzero(accords[pattern])
    poids = problem.limites.poids
    fixed = np.array([c.id in problem.places_fixees for c in people], dtype=bool)
    personne = _numbered([c.personne for c in people])
    return Crowd(
        candidats=people,
        slots=slots,
        agent=np.array([c.qualite is Qualite.AGENT for c in people], dtype=np.int64),
        weight=np.array([poids[c.taille] for c in people], dtype=np.int64) + FIXED * fixed,
        personne=personne,
        collectivite=_numbered([c.collectivite for c in people]),
        thematique=thematique,
        rang=np.array([c.rang for c in people], dtype=np.int64),
        attendu=np.array([c.attendu for c in people], dtype=np.int64),
        coupled=np.bincount(personne)[personne] > problem.limites.places_par_personne,
        fixed=fixed,
        pattern=pattern,
        arc_candidat=candidat,
        arc_slot=thematique[candidat] * len(problem.creneaux) + creneau,
        arc_preferred=(accords[pattern[candidat], creneau] > 1).astype(np.int64),
    )


def _numbered(names: list[str]) -> Ints:
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.int64)


class _Patterns:
    """Numbers the distinct rows of accords (0 no, 1 possible, 2 preferred, one a créneau)."""

    def __init__(self, problem: GroupingProblem, forbidden: Collection[tuple[str, Slot]]) -> None:
        self._problem = problem
        self._without: dict[str, set[str]] = {}
        for candidat, (_, creneau) in forbidden:
            self._without.setdefault(candidat, set()).add(creneau)
        self._closed = {departement for departement, _ in problem.hors_horaires}
        self._numbers: dict[tuple[int, ...], int] = {}
        self._by_mapping: dict[int, int] = {}

    def accords(self) -> Ints:
        return np.array(list(self._numbers), dtype=np.int64).reshape(-1, len(self._problem.creneaux))

    def __call__(self, candidat: Candidat) -> int:
        usual = (
            candidat.id not in self._without
            and candidat.id not in self._problem.places_fixees
            and candidat.departement not in self._closed
        )
        # Readers share one mapping among all who typed the same.
        known = self._by_mapping.get(id(candidat.creneaux)) if usual else None
        if known is None:
            accords = self._accords(candidat)
            known = self._numbers.setdefault(accords, len(self._numbers))
            if usual:
                self._by_mapping[id(candidat.creneaux)] = known
        return known

    def _accords(self, candidat: Candidat) -> tuple[int, ...]:
        place = self._problem.places_fixees.get(candidat.id)
        only = None if place is None else fixed_place(place, self._problem.creneaux)[1]
        without = self._without.get(candidat.id, set())
        return tuple(
            0
            if creneau not in candidat.creneaux
            or creneau in without
            or only not in (None, creneau)
            or (candidat.departement, creneau) in self._problem.hors_horaires
            else 1 + (candidat.creneaux[creneau] is Accord.PREFERE)
            for creneau in self._problem.creneaux
        )
