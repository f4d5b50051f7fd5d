"""Replanning changes the fewest diaries: held to brute force, and to what the team would expect."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scheduling.solver.problem import Animateur
from scheduling.solver.replanning import replan
from scheduling.solver.replanning_problem import (
    GroupePublie,
    GroupeReplanifie,
    Replan,
    ReplanProblem,
    SeanceTenue,
)
from scheduling.solver.replanning_rules import broken_replan_rules
from scheduling.solver.timetable_problem import PARIS, TimetableProblem

MARDI, JEUDI = "mardi-matin", "jeudi-matin"
FIRST = date(2027, 5, 4)


def at(week: int, hour: int = 8, minute: int = 30, *, day: int = 0) -> datetime:
    """Tuesday of that week of the season, in Paris."""
    return datetime.combine(FIRST + timedelta(days=7 * week + day), time(hour, minute), PARIS)


def animateur(
    name: str, *, most: int = 3, away: tuple[date, ...] = (), creneaux: tuple[str, ...] = (MARDI, JEUDI)
) -> Animateur:
    return Animateur(name, f"Nom {name}", frozenset({"eau"}), frozenset(creneaux), most, frozenset(away))


def groupe(name: str, who: str, weeks: tuple[int, ...], membres: int = 12, **changes: object) -> GroupePublie:
    seances = tuple(SeanceTenue(rang, at(week)) for rang, week in enumerate(weeks, 1))
    return replace(GroupePublie(name, "eau", MARDI, who, ("12",) * membres, seances), **changes)  # type: ignore[arg-type]


def problem_of(
    groupes: tuple[GroupePublie, ...], team: tuple[Animateur, ...], now: datetime | None = None, **changes: object
) -> ReplanProblem:
    horaire = TimetableProblem((), team, FIRST, FIRST + timedelta(weeks=9))
    maintenant = now or at(-3)
    return ReplanProblem(
        groupes,
        replace(horaire, **changes),  # type: ignore[arg-type]
        maintenant,
        maintenant + timedelta(days=3),
    )


WEEKS = (0, 2, 4, 6)


def test_another_animateur_takes_the_groupe_and_nobody_else_notices() -> None:
    away = animateur("a", away=(at(2).date(),))
    found = replan(problem_of((groupe("g", "a", WEEKS),), (away, animateur("b"))))
    assert [(c.groupe, c.animateur) for c in found.changes] == [("g", "b")]
    assert (found.agendas, found.animateurs, found.preuve) == (0, 1, "optimal")


def test_a_seance_moves_by_itself_when_nobody_else_can_take_the_groupe() -> None:
    away = animateur("a", away=(at(2).date(),))
    found = replan(problem_of((groupe("g", "a", WEEKS),), (away,)))
    (change,) = found.changes
    assert [s.debut for s in change.seances] in ([at(0), at(1), at(4), at(6)], [at(0), at(3), at(4), at(6)])
    assert (found.agendas, found.animateurs) == (12, 0)


def test_a_groupe_that_is_not_touched_gives_way_by_its_animateur_alone() -> None:
    # Only b could replace a on these dates, but has a groupe then; c can take that one and not the other.
    away = animateur("a", away=tuple(at(w).date() for w in range(10)))
    c = Animateur("c", "C", frozenset({"forets"}), frozenset({MARDI}), 3)
    b = replace(animateur("b"), thematiques=frozenset({"eau", "forets"}))
    other = replace(groupe("h", "b", WEEKS), thematique="forets")
    found = replan(problem_of((groupe("g", "a", WEEKS), other), (away, b, c)))
    assert {c.groupe: c.animateur for c in found.changes} == {"g": "b", "h": "c"}
    assert (found.agendas, found.animateurs, found.impossibles, found.preuve) == (0, 2, (), "optimal")


def test_a_struck_day_moves_only_the_groupes_that_meet_on_it() -> None:
    both = (groupe("g", "a", WEEKS), groupe("h", "b", (1, 3, 5, 7)))
    found = replan(problem_of(both, (animateur("a"), animateur("b")), jours_exclus=frozenset({at(4).date()})))
    assert [c.groupe for c in found.changes] == ["g"]
    assert found.agendas == 12


def test_what_is_over_stays_and_an_animateur_who_leaves_is_replaced_from_now_on() -> None:
    gone = animateur("a", away=tuple(at(w).date() for w in range(3, 10)))
    found = replan(problem_of((groupe("g", "a", WEEKS),), (gone, animateur("b")), now=at(2, 12)))
    (change,) = found.changes
    assert change.animateur == "b"
    assert [s.debut for s in change.seances] == [at(w) for w in WEEKS]


def test_a_groupe_that_asks_for_another_creneau_moves_all_that_is_to_come() -> None:
    asks = groupe("g", "a", WEEKS, creneau_voulu=JEUDI)
    found = replan(problem_of((asks,), (animateur("a"),), now=at(0, 12)))
    (change,) = found.changes
    assert change.creneau == JEUDI
    assert change.seances[0].debut == at(0)
    assert {s.debut.weekday() for s in change.seances[1:]} == {3}
    assert found.agendas == 36


def test_a_seance_gets_another_day_without_moving_the_others() -> None:
    asks = groupe("g", "a", WEEKS, jours_refuses=frozenset({at(4).date()}))
    (change,) = replan(problem_of((asks,), (animateur("a"),))).changes
    assert sum(s.debut != at(w) for s, w in zip(change.seances, WEEKS, strict=True)) == 1


def test_new_dates_are_told_early_enough() -> None:
    asks = groupe("g", "a", WEEKS, jours_refuses=frozenset({at(2).date()}))
    soon = at(1) - timedelta(days=2)
    (change,) = replan(problem_of((asks,), (animateur("a"),), now=soon)).changes
    assert change.seances[1].debut == at(3)


@pytest.mark.parametrize(
    ("asks", "team", "words"),
    [
        (
            groupe("g", "a", WEEKS),
            (animateur("a", away=tuple(at(w).date() for w in range(10))),),
            "Un animateur de plus pour cette thématique le mardi matin",
        ),
        (
            groupe("g", "a", WEEKS, creneau_voulu=JEUDI),
            (animateur("a", creneaux=(MARDI,)), animateur("b", creneaux=(MARDI,))),
            "aucun autre animateur de sa thématique n'a le créneau du jeudi matin",
        ),
        (
            groupe("g", "a", WEEKS),
            (animateur("a", away=tuple(at(w).date() for w in range(10))), animateur("b", most=0)),
            "sont pris aux mêmes dates ou ont déjà tous leurs groupes",
        ),
    ],
)
def test_what_cannot_be_done_is_told_with_what_would_help(
    asks: GroupePublie, team: tuple[Animateur, ...], words: str
) -> None:
    found = replan(problem_of((asks,), team))
    assert found.changes == ()
    assert words in found.impossibles[0].phrase


def test_a_longer_period_is_offered_when_it_would_do() -> None:
    asks = groupe("g", "a", (1, 3, 5, 7), jours_refuses=frozenset(at(w).date() for w in (7, 8, 9)))
    found = replan(problem_of((asks,), (animateur("a"),), now=at(6)))
    assert "Annulez les séances concernées" in found.impossibles[0].phrase
    late = groupe("g", "a", (3, 5, 7, 9), jours_refuses=frozenset({at(9).date(), at(8).date()}))
    stuck = replan(problem_of((late,), (animateur("a"),), now=at(7, 12)))
    assert stuck.impossibles[0].rangs == (4,)
    assert "En prolongeant la période jusqu'au" in stuck.impossibles[0].phrase


def moved(*weeks: int, who: str = "a", start: int = 8) -> GroupeReplanifie:
    """The groupe of the rules' tests, with its séances in these weeks at that hour."""
    kept = groupe("g", "a", WEEKS).seances
    seances = tuple(
        s if week == old and start == 8 else SeanceTenue(s.rang, at(week, start))
        for s, week, old in zip(kept, weeks, WEEKS, strict=True)
    )
    return GroupeReplanifie("g", MARDI, who, seances)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (moved(0, 3, 4, 6), None),
        (moved(0, 2, 5, 7), None),
        (moved(0, 2, 4, 8), None),
        (moved(0, 2, 4, 6, who="b"), None),
        (moved(1, 2, 4, 7), "what_is_over_stays"),
        (moved(0, 1, 4, 6), "new_date_is_open"),
        (moved(0, 4, 4, 6), "new_dates_keep_their_distance"),
        (moved(0, 2, 4, 5), "new_dates_keep_their_distance"),
        (moved(0, 2, 4, 9), "new_dates_keep_their_distance"),
        (moved(0, 2, 3, 6, start=9), "new_date_is_open"),
        (moved(0, 2, 4, 6, who="c"), "animateur_can_take_the_groupe"),
        (moved(0, 3, 5, 7, who="b"), "animateur_is_in_one_place"),
        (moved(0, 2, 4, 6, who="d"), "animateur_has_allowed_load"),
    ],
)
def test_a_change_just_outside_a_rule_is_named(change: GroupeReplanifie, rule: str | None) -> None:
    team = (animateur("a"), animateur("b"), animateur("c", creneaux=(JEUDI,)), animateur("d", most=0))
    both = (groupe("g", "a", WEEKS), groupe("h", "b", (1, 3, 5, 7)))
    # The first is over, and week 1 is too near.
    problem = problem_of(both, team, now=at(1) - timedelta(days=2))
    broken = {v.rule for v in broken_replan_rules(problem, Replan((change,), (), 0, 0, "borne"))}
    assert (rule in broken) if rule else not broken


def test_a_date_that_can_no_longer_be_held_is_named() -> None:
    struck = problem_of((groupe("g", "a", WEEKS),), (animateur("a"),), jours_exclus=frozenset({at(2).date()}))
    kept = GroupeReplanifie("g", MARDI, "a", groupe("g", "a", WEEKS).seances)
    assert {v.rule for v in broken_replan_rules(struck, Replan((kept,), (), 0, 0, "borne"))} == {
        "kept_date_can_be_held"
    }


@st.composite
def broken_seasons(draw: st.DrawFn) -> ReplanProblem:
    """Two groupes on Tuesday mornings with two séances over, and something that comes in between."""
    weeks = st.sampled_from(((0, 2, 4, 6), (1, 3, 5, 7), (0, 2, 5, 7)))
    days = st.sets(st.sampled_from([at(w).date() for w in range(4, 9)]), max_size=3)
    team = tuple(animateur(name, most=draw(st.integers(1, 2)), away=tuple(draw(days))) for name in "abc")
    first = groupe("g", "a", draw(weeks), draw(st.integers(1, 3)), jours_refuses=frozenset(draw(days)))
    second = groupe("h", "b", draw(weeks), draw(st.integers(1, 3)))
    if draw(st.booleans()):
        first = replace(first, creneau_voulu=JEUDI)
    return problem_of(
        (first, second), team, at(3, 12), jours_exclus=frozenset(draw(days)), seances_au=FIRST + timedelta(weeks=8)
    )


def every_change(problem: ReplanProblem, one: GroupePublie) -> Iterator[GroupeReplanifie | None]:
    """None: as it was."""
    yield None
    to_come = problem.future(one)
    over = one.seances[: len(one.seances) - len(to_come)]
    starts = {s.debut for s in to_come} | {at(w, day=d) for w in range(4, 10) for d in (0, 2)}
    for dates, who in product(combinations(sorted(starts), len(to_come)), "abc"):
        moved = tuple(s if s.debut == d else SeanceTenue(s.rang, d) for s, d in zip(to_come, dates, strict=True))
        change = GroupeReplanifie(one.id, one.nouveau_creneau, who, (*over, *moved))
        alone = replace(problem, groupes=(one,))
        if not broken_replan_rules(alone, Replan((change,), (), 0, 0, "borne")):
            yield change


def brute_force(problem: ReplanProblem) -> tuple[int, int, int]:
    """The fewest members of groupes that can't be held, then diaries moved, then animateurs changed."""
    best = (10**6, 0, 0)
    for chosen in product(*(list(every_change(problem, g)) for g in problem.groupes)):
        changes = tuple(c for c in chosen if c is not None)
        stuck = sum(
            g.membres for g, c in zip(problem.groupes, chosen, strict=True) if c is None and problem.is_touched(g)
        )
        moved = sum(
            problem.par_id[c.groupe].membres
            * sum(a != b for a, b in zip(problem.par_id[c.groupe].seances, c.seances, strict=True))
            for c in changes
        )
        cost = (stuck, moved, sum(c.animateur != problem.par_id[c.groupe].animateur for c in changes))
        if cost < best and not broken_replan_rules(problem, Replan(changes, (), 0, 0, "borne")):
            best = cost
    return best


@settings(max_examples=150, deadline=None)
@given(broken_seasons())
def test_never_more_diaries_move_than_brute_force_finds(problem: ReplanProblem) -> None:
    found = replan(problem)
    stuck = sum(problem.par_id[i.groupe].membres for i in found.impossibles)
    assert (stuck, found.agendas, found.animateurs) == brute_force(problem)


@settings(max_examples=20, deadline=None)
@given(broken_seasons())
def test_rows_in_any_order_give_the_same_replanning(problem: ReplanProblem) -> None:
    team = problem.horaire.animateurs[::-1]
    turned = replace(problem, groupes=problem.groupes[::-1], horaire=replace(problem.horaire, animateurs=team))
    assert replan(turned) == replan(problem)
