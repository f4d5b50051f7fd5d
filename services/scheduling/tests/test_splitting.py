"""Splitting a créneau's people into its groupes: as even as numbers allow, at every level, whoever they are."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scheduling.solver.problem import Candidat
from scheduling.solver.splitting import split
from scheduling.solver.testing import LUNDI, crowd, draw_people

LEVELS: dict[str, Callable[[Candidat], object]] = {
    "everyone": lambda _: "all",
    "collectivité": lambda c: c.collectivite,
    "département": lambda c: c.departement,
    "qualité": lambda c: c.qualite,
    "qualité and size class": lambda c: (c.qualite, c.taille),
}


@settings(max_examples=2000, deadline=None)
@given(
    seed=st.integers(0, 10**9), count=st.integers(1, 60), groupes=st.integers(1, 7), collectivites=st.integers(1, 60)
)
def test_every_groupe_lies_within_floor_and_ceiling_of_its_share(
    seed: int, count: int, groupes: int, collectivites: int
) -> None:
    drawn = draw_people(random.Random(seed), count, collectivites, (LUNDI,))  # noqa: S311 - draws test data
    seats: Counter[str] = Counter()
    kept: list[Candidat] = []
    for person in drawn:
        if seats[person.collectivite] < groupes:
            seats[person.collectivite] += 1
            kept.append(person)
    parts = split(kept, groupes)
    assert len(parts) == groupes
    assert sorted(c.id for part in parts for c in part) == [c.id for c in kept]
    for level, label in LEVELS.items():
        shares = [Counter(label(c) for c in part) for part in parts]
        for value, total in Counter(label(c) for c in kept).items():
            assert {share[value] for share in shares} <= {total // groupes, -(-total // groupes)}, (level, value)


def test_a_split_refuses_more_people_of_a_collectivite_than_groupes() -> None:
    people = [replace(c, collectivite="c") for c in crowd(2, 1)]
    with pytest.raises(ValueError, match="collectivité"):
        split(people, 2)


def test_no_groupe_is_made_of_nobody() -> None:
    assert split([], 0) == []
    assert split([], 2) == [(), ()]
