"""What animateurs can run together, against brute force on every small team that is drawn."""

import random
from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scheduling.solver.animateurs import Capacity, animateurs_can_run, kinds_of
from scheduling.solver.mip import Floats, Ints
from scheduling.solver.problem import Animateur, GroupingProblem, Slot
from scheduling.solver.testing import LUNDI, MARDI, team_can_run

SLOTS: tuple[Slot, ...] = tuple(product(("eau", "forets"), (LUNDI, MARDI)))
seeds = st.integers(0, 10**9)


def drawing(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - draws test data


def draw_team(rng: random.Random) -> GroupingProblem:
    """Two to four animateurs, some of whom are the same, or can run two groupes in a créneau, or none."""
    team: list[Animateur] = []
    capacites: dict[str, dict[str, int]] = {}
    for name in "abcd"[: rng.randint(1, 4)]:
        if team and rng.random() < 1 / 3:
            twin = rng.choice(team)
            team.append(Animateur(name, name, twin.thematiques, twin.creneaux, twin.groupes_max))
            capacites[name] = capacites[twin.id]
            continue
        creneaux = frozenset(rng.sample((LUNDI, MARDI), rng.randint(0, 2)))
        thematiques = frozenset(rng.sample(("eau", "forets"), rng.randint(1, 2)))
        team.append(Animateur(name, name, thematiques, creneaux, rng.randint(0, 3)))
        capacites[name] = {c: rng.randint(0, 2) for c in creneaux if rng.random() < 1 / 2}
    return GroupingProblem((), (LUNDI, MARDI), animateurs=tuple(team), capacites=capacites)


def repeated(demand: Ints) -> list[Slot]:
    return [slot for slot, count in zip(SLOTS, demand.tolist(), strict=True) for _ in range(count)]


def every_part(demand: Ints) -> list[Ints]:
    return [np.array(part, dtype=np.int64) for part in product(*(range(n + 1) for n in demand.tolist()))]


def most_by_brute_force(problem: GroupingProblem, demand: Ints) -> int:
    return max(int(part.sum()) for part in every_part(demand) if team_can_run(problem, repeated(part)))


def draw_demand(rng: random.Random, most: int) -> Ints:
    return np.array([rng.randint(0, most) for _ in SLOTS], dtype=np.int64)


@settings(max_examples=150, deadline=None)
@given(seed=seeds)
def test_the_most_that_a_team_can_run_is_what_brute_force_finds(seed: int) -> None:
    rng = drawing(seed)
    problem, demand = draw_team(rng), draw_demand(rng, 1 + (seed % 2))
    most = most_by_brute_force(problem, demand)
    assert Capacity(kinds_of(problem), SLOTS).most(demand) == most
    assert animateurs_can_run(kinds_of(problem), repeated(demand)) == (most == demand.sum())


@settings(max_examples=150, deadline=None)
@given(seed=seeds)
def test_what_exceeds_a_team_is_named_with_the_number_that_it_can_run_there(seed: int) -> None:
    rng = drawing(seed)
    problem, wanted = draw_team(rng), draw_demand(rng, 4) / 2
    found = Capacity(kinds_of(problem), SLOTS).exceeded(wanted)
    # A fraction of what can be run is one too: halves are tried as whole numbers on a team twice as able.
    doubled = GroupingProblem(
        (),
        problem.creneaux,
        animateurs=tuple(
            Animateur(a.id, a.nom, a.thematiques, a.creneaux, 2 * a.groupes_max) for a in problem.animateurs or ()
        ),
        capacites={
            a.id: {c: 2 * problem.capacites[a.id].get(c, 1) for c in a.creneaux} for a in problem.animateurs or ()
        },
    )
    twice = (2 * wanted).astype(np.int64)
    possible = animateurs_can_run(kinds_of(doubled), repeated(twice))
    assert (found is None) == possible
    if found is not None:
        slots, most = found
        assert wanted[slots].sum() > most
        there = np.zeros(len(SLOTS), dtype=np.int64)
        there[slots] = 3
        assert most == Capacity(kinds_of(problem), SLOTS).most(10 * there)
        assert most >= most_by_brute_force(problem, np.minimum(there, 1))


@settings(max_examples=150, deadline=None)
@given(seed=seeds)
def test_rounding_keeps_the_sum_or_as_many_groupes_as_any_rounding_that_the_team_can_run(seed: int) -> None:
    rng = drawing(seed)
    problem = draw_team(rng)
    groupes: Floats = draw_demand(rng, 4) / 2
    capacity = Capacity(kinds_of(problem), SLOTS)
    if capacity.exceeded(groupes):
        return
    low, high = np.floor(groupes).astype(np.int64), np.ceil(groupes).astype(np.int64)
    whole = capacity.whole(groupes)
    assert (low <= whole).all()
    assert (whole <= high).all()
    assert team_can_run(problem, repeated(whole))
    roundings = [low + part for part in every_part(high - low) if team_can_run(problem, repeated(low + part))]
    assert whole.sum() == min(np.rint(groupes.sum()), max(part.sum() for part in roundings))


def test_rounding_goes_up_first_where_the_fraction_is_large() -> None:
    one = Animateur("a", "A", frozenset({"eau", "forets"}), frozenset({LUNDI}), 1)
    capacity = Capacity(kinds_of(GroupingProblem((), (LUNDI, MARDI), animateurs=(one,))), SLOTS)
    for groupes in ([0.3, 0, 0.7, 0], [0.7, 0, 0.3, 0]):
        whole = capacity.whole(np.array(groupes))
        assert whole.tolist() == np.round(groupes).tolist()
