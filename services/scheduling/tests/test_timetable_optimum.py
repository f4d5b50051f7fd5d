"""The timetable against brute force, and its bound against the optimum, on every small season that is drawn."""

import random
from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scheduling.solver.capacities import Presences, count_disjoint, groupe_capacities
from scheduling.solver.dates import Pattern, choices, patterns
from scheduling.solver.grid import make_grids
from scheduling.solver.problem import Animateur
from scheduling.solver.timetable import plan_seances
from scheduling.solver.timetable_bound import Bound
from scheduling.solver.timetable_exchange import exchange
from scheduling.solver.timetable_flow import LEFT_OUT, LOAD, assign
from scheduling.solver.timetable_problem import GroupeAPlanifier, TimetableProblem

FIRST = date(2027, 3, 1)
CRENEAUX = ("lundi-matin", "lundi-apres-midi")
DAYS = [FIRST + timedelta(days=7 * n) for n in range(9)]


@st.composite
def seasons(draw: st.DrawFn) -> TimetableProblem:
    """Up to three groupes and two animateurs in a spring with school holidays; Alsace has holidays of its own."""
    team = tuple(
        Animateur(
            name,
            name,
            frozenset(draw(st.sets(st.sampled_from(("eau", "forets")), min_size=1))),
            frozenset(draw(st.sets(st.sampled_from(CRENEAUX), min_size=1))),
            draw(st.integers(1, 3)),
            frozenset(draw(st.sets(st.sampled_from(DAYS), max_size=2))),
        )
        for name in "ab"[: draw(st.integers(1, 2))]
    )
    groupes = tuple(
        GroupeAPlanifier(
            f"g{n}",
            draw(st.sampled_from(("eau", "forets"))),
            draw(st.sampled_from(CRENEAUX)),
            tuple(draw(st.lists(st.sampled_from(("75", "69", "59", "974", "67")), min_size=1, max_size=4))),
        )
        for n in range(draw(st.integers(1, 3)))
    )
    weeks = draw(st.integers(7, 8))
    return TimetableProblem(groupes, team, FIRST, FIRST + timedelta(days=7 * weeks))


def cheapest_apart(choices_of: list[list[Pattern]]) -> int | None:
    """The lowest cost of one pattern each, no day used twice."""
    costs = [
        sum(p.cost for p in chosen)
        for chosen in product(*choices_of)
        if len({d for p in chosen for d in p.days}) == 4 * len(chosen)
    ]
    return min(costs, default=None)


def brute_force(problem: TimetableProblem) -> int:
    presences, best = Presences(problem), LEFT_OUT * len(problem.groupes)
    for chosen in product((None, *problem.animateurs), repeat=len(problem.groupes)):
        cost = LEFT_OUT * chosen.count(None)
        for animateur in problem.animateurs:
            mine = [g for g, a in zip(problem.groupes, chosen, strict=True) if a is animateur]
            able = all(g.thematique in animateur.thematiques and g.creneau in animateur.creneaux for g in mine)
            if not able or len(mine) > animateur.groupes_max:
                break
            cost += LOAD * len(mine) ** 2
            for creneau in {g.creneau for g in mine}:
                free = presences.free(animateur, creneau)
                dates = cheapest_apart([patterns(problem, g, free) for g in mine if g.creneau == creneau])
                if dates is None:
                    break
                cost += dates
            else:
                continue
            break
        else:
            best = min(best, cost)
    return best


@settings(max_examples=60, deadline=None)
@given(seasons())
def test_the_timetable_costs_what_brute_force_finds_and_the_bounds_stay_below(problem: TimetableProblem) -> None:
    best = brute_force(problem)
    found = plan_seances(problem)
    assert (found.cout, found.borne, found.preuve) == (best, best, "optimal")
    grids = make_grids(problem)
    flow = assign(grids, problem.animateurs)
    assert flow.bound <= best
    assert Bound(grids, problem.animateurs, flow.prices).raise_to(best, 0, 50) <= best


def large_season(groupes: int, animateurs: int) -> TimetableProblem:
    """A crowded spring: every animateur has to run several groupes in some créneau, and zones differ."""
    rng = random.Random(7)  # noqa: S311 - draws test data
    zones = ("75", "69", "59", "13", "33", "67")
    creneaux = tuple(f"{jour}-{demi}" for jour in ("lundi", "mardi", "jeudi") for demi in ("matin", "apres-midi"))
    team = tuple(
        Animateur(
            f"a{n:03}",
            f"Animatrice {n}",
            frozenset({("eau", "forets", "sols")[n % 3], ("eau", "forets", "sols")[(n // 3) % 3]}),
            frozenset(creneaux[(n + k) % 6] for k in range(3)),
            5,
            frozenset({FIRST + timedelta(days=(7 * n) % 61)}),
        )
        for n in range(animateurs)
    )
    asked = tuple(
        GroupeAPlanifier(
            f"g{n:04}",
            ("eau", "forets", "sols")[n % 3],
            rng.choice(creneaux),
            tuple(rng.choices(zones, k=12)),
        )
        for n in range(groupes)
    )
    return TimetableProblem(asked, team, date(2027, 2, 22), date(2027, 4, 30))


def test_a_crowded_season_is_planned_within_one_percent_of_its_bound() -> None:
    found = plan_seances(large_season(160, 45))
    assert found.cout - found.borne <= 0.01 * (found.cout % LEFT_OUT)


def test_large_seasons_do_not_depend_on_the_order_of_their_rows() -> None:
    problem = large_season(90, 30)
    turned = replace(problem, groupes=problem.groupes[::-1], animateurs=problem.animateurs[::-1])
    assert plan_seances(problem) == plan_seances(turned)


def test_an_exchange_never_makes_a_plan_dearer() -> None:
    problem = large_season(90, 20)
    grids = make_grids(problem)
    runs = exchange(grids, assign(grids, problem.animateurs).runs, 0)
    costs = []
    for seed in range(4):
        loads: dict[str, int] = {}
        total = 0
        for (g, c), kinds in runs.items():
            who = grids[g].cells[c].animateur.id
            loads[who] = loads.get(who, 0) + len(kinds)
            total += grids[g].cost(grids[g].cells[c].days, kinds)
        costs.append(total + LOAD * sum(n * n for n in loads.values()) - LEFT_OUT * sum(loads.values()))
        runs = exchange(grids, runs, seed)
    assert costs == sorted(costs, reverse=True)


@settings(max_examples=60, deadline=None)
@given(st.sets(st.integers(0, 12), max_size=11), st.integers(0, 4))
def test_as_many_groupes_fit_as_disjoint_sets_of_dates_exist(weeks: set[int], most: int) -> None:
    days = [FIRST + timedelta(days=7 * n) for n in sorted(weeks)]
    sets = [frozenset(chosen) for chosen in choices(days)]

    def count(index: int, used: frozenset[date]) -> int:
        best = 0
        for n in range(index, len(sets)):
            if not sets[n] & used:
                best = max(best, 1 + count(n + 1, used | sets[n]))
        return best

    assert count_disjoint(days, most) == min(most, count(0, frozenset()))


@pytest.mark.parametrize(("weeks", "groupes"), [(6, 0), (7, 1), (8, 2), (10, 2), (14, 3)])
def test_a_longer_season_lets_an_animateur_run_more_groupes_in_a_creneau(weeks: int, groupes: int) -> None:
    team = (Animateur("a", "A", frozenset({"eau"}), frozenset({"mardi-matin"}), 5),)
    problem = TimetableProblem((), team, date(2027, 9, 7), date(2027, 9, 7) + timedelta(days=7 * (weeks - 1)))
    assert groupe_capacities(problem) == {("a", "mardi-matin"): groupes}


def test_absences_excluded_days_and_standing_seances_leave_room_for_fewer() -> None:
    team = (Animateur("a", "A", frozenset({"eau"}), frozenset({"mardi-matin"}), 5),)
    free = TimetableProblem((), team, date(2027, 9, 7), date(2027, 10, 26))
    taken = plan_seances(replace(free, groupes=(GroupeAPlanifier("g", "eau", "mardi-matin"),)))
    once = frozenset({("a", taken.seances[0].debut)})
    away = (replace(team[0], indisponible=frozenset({date(2027, 9, 14)})),)
    for less in (
        replace(free, occupe=once),
        replace(free, animateurs=away),
        replace(free, jours_exclus=frozenset({date(2027, 9, 14)})),
    ):
        assert groupe_capacities(free)["a", "mardi-matin"] == 2
        assert groupe_capacities(less)["a", "mardi-matin"] == 1
