"""Within a créneau: who is together, apart, in a groupe of their own, or among people whom they haven't met."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import permutations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scheduling.solver.grouping import form_groupes
from scheduling.solver.problem import Candidat, GroupingProblem, Limites, Qualite
from scheduling.solver.splitting import split
from scheduling.solver.testing import LUNDI, candidat, crowd
from scheduling.solver.wishes import Arranging

SLOT = "eau", LUNDI
TINY = Limites(min=2, max=4, elus_min=1, agents_min=1)


def arranged(problem: GroupingProblem, groupes: int = 2) -> tuple[list[set[str]], bool]:
    parts, kept = Arranging(problem).arrange(SLOT, split(problem.candidats, groupes))
    return [{c.id for c in part} for part in parts], kept


def ids(*numbers: int) -> frozenset[str]:
    return frozenset(f"i{n:04d}" for n in numbers)


def people_with(changes: Mapping[int, Mapping[str, object]], count: int = 28) -> tuple[Candidat, ...]:
    """Élus and agents by turns, in two groupes when there are 28."""
    return tuple(candidat(n, Qualite.AGENT if n % 2 else Qualite.ELU, **changes.get(n, {})) for n in range(count))


def test_without_wishes_the_split_is_kept_as_it_is() -> None:
    people = people_with({})
    parts, kept = arranged(GroupingProblem(people, (LUNDI,)))
    assert kept
    assert sorted(map(sorted, parts)) == sorted(sorted(c.id for c in part) for part in split(people, 2))


@pytest.mark.parametrize("other", range(1, 28))
def test_two_people_who_wish_it_are_together_whoever_they_are(other: int) -> None:
    parts, kept = arranged(GroupingProblem(people_with({0: {"avec": ids(other)}}), (LUNDI,)))
    assert kept
    assert any(ids(0, other) <= part for part in parts)
    assert [len(part) for part in parts] == [14, 14]


@pytest.mark.parametrize("other", range(1, 28))
def test_two_people_of_whom_one_wishes_it_are_apart_whoever_they_are(other: int) -> None:
    parts, kept = arranged(GroupingProblem(people_with({other: {"sans": ids(0)}}), (LUNDI,)))
    assert kept
    assert not any(ids(0, other) <= part for part in parts)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_fixed_groupe_is_that_very_one(number: int) -> None:
    problem = GroupingProblem(
        people_with({}, 42), (LUNDI,), places_fixees={"i0005": f"eau/{LUNDI}-{number}", "i0007": f"eau/{LUNDI}-1"}
    )
    parts, kept = arranged(problem, 3)
    assert kept
    assert "i0005" in parts[number - 1]
    assert "i0007" in parts[0]


def test_a_wish_of_two_people_of_one_collectivite_is_left_unmet_rather_than_a_rule() -> None:
    people = people_with({0: {"avec": ids(1)}, 1: {"collectivite": "c0"}})
    found = form_groupes(GroupingProblem(people, (LUNDI,)))
    assert not any(set(g.membres) >= ids(0, 1) for g in found.groupes)
    assert found.constats == {}


def test_people_who_have_met_meet_others() -> None:
    met = frozenset((f"p{a:04d}", f"p{b:04d}") for a, b in ((0, 2), (0, 4), (2, 4), (1, 3), (5, 7), (9, 11)))
    problem = GroupingProblem(people_with({}), (LUNDI,), deja_ensemble=met)
    parts, kept = arranged(problem)
    assert kept
    again = sum(ids(int(a[1:]), int(b[1:])) <= part for a, b in met for part in parts)
    # Three people who have all met are in two groupes: one pair of them at least is together.
    assert again == 1


def test_a_wish_to_be_together_weighs_more_than_having_met() -> None:
    people = people_with({0: {"avec": ids(2)}})
    problem = GroupingProblem(people, (LUNDI,), deja_ensemble=frozenset({("p0000", "p0002")}))
    assert any(ids(0, 2) <= part for part in arranged(problem)[0])


def test_what_cannot_be_kept_is_said() -> None:
    trio = {n: {"sans": ids(0, 2, 4) - ids(n)} for n in (0, 2, 4)}
    assert not arranged(GroupingProblem(people_with(trio), (LUNDI,)))[1]
    apart = {0: {"sans": ids(1)}}
    fixed = {"i0000": f"eau/{LUNDI}-1", "i0001": f"eau/{LUNDI}-1"}
    assert not arranged(GroupingProblem(people_with(apart), (LUNDI,), places_fixees=fixed))[1]


def drawn_with_wishes(seed: int) -> GroupingProblem:
    """Six to eight people for two groupes, with wishes of both sorts and perhaps a fixed groupe."""
    rng = random.Random(seed)  # noqa: S311 - draws test data
    half = rng.randint(3, 4)
    people = crowd(half, rng.randint(3, 4))
    for _ in range(rng.randint(1, 3)):
        one, other = rng.sample(range(len(people)), 2)
        wish = rng.choice(("avec", "sans"))
        both = getattr(people[one], wish) | {people[other].id}
        people[one] = replace(people[one], **{wish: both})
    if rng.random() < 1 / 2:
        people[1] = replace(people[1], collectivite=people[0].collectivite)
    fixed = {people[-1].id: f"eau/{LUNDI}-{rng.randint(1, 2)}"} if rng.random() < 1 / 2 else {}
    return GroupingProblem(tuple(people), (LUNDI,), TINY, places_fixees=fixed)


def most_together(problem: GroupingProblem, *, even: bool) -> int | None:
    """Try every arrangement (every even one) in two groupes; None when none keeps what is hard."""
    people = problem.candidats
    best: int | None = None
    for places in product((0, 1), repeat=len(people)):
        parts = [[c for c, k in zip(people, places, strict=True) if k == part] for part in (0, 1)]
        allowed = all(_may_meet(part) for part in parts) and _fixed_are_there(problem, parts)
        if allowed and (not even or _is_even(parts)):
            best = max(best or 0, _met(problem, [{c.id for c in part} for part in parts]))
    return best


def _may_meet(part: Sequence[Candidat]) -> bool:
    roles = Counter(c.qualite for c in part)
    return (
        TINY.min <= len(part) <= TINY.max
        and len(roles) == len(Qualite)
        and len({c.collectivite for c in part}) == len(part)
        and not any(b.id in a.sans for a, b in permutations(part, 2))
    )


def _is_even(parts: Sequence[Sequence[Candidat]]) -> bool:
    elus = [sum(c.qualite is Qualite.ELU for c in part) for part in parts]
    agents = [len(part) - e for part, e in zip(parts, elus, strict=True)]
    return all(abs(one - other) <= 1 for one, other in (elus, agents, map(len, parts)))


def _fixed_are_there(problem: GroupingProblem, parts: Sequence[Sequence[Candidat]]) -> bool:
    return all(
        any(c.id == person for c in parts[int(place[-1]) - 1]) for person, place in problem.places_fixees.items()
    )


def _met(problem: GroupingProblem, parts: Sequence[set[str]]) -> int:
    apart = {frozenset((c.id, o)) for c in problem.candidats for o in c.sans}
    wished = {frozenset((c.id, o)) for c in problem.candidats for o in c.avec} - apart
    return sum(pair <= part for pair in wished for part in parts)


@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_what_is_hard_is_kept_whenever_it_can_be_and_wishes_as_far_as_the_mix_allows(seed: int) -> None:
    problem = drawn_with_wishes(seed)
    best = most_together(problem, even=False)
    parts, kept = arranged(problem)
    assert kept == (best is not None)
    if best is not None:
        by_id = {c.id: c for c in problem.candidats}
        assert all(_may_meet([by_id[m] for m in part]) for part in parts)
        assert _fixed_are_there(problem, [[by_id[m] for m in part] for part in parts])
        assert (most_together(problem, even=True) or 0) <= _met(problem, parts) <= best
