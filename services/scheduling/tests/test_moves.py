"""Moves by hand: what each breaks is named, what is accepted keeps every rule, however one walks."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scheduling.solver.moves import Move, apply_move, consequences
from scheduling.solver.problem import Accord, Candidat, GroupeForme, GroupingProblem, Limites, Qualite, Taille
from scheduling.solver.rules import broken_rules

MARDI, JEUDI = "mardi-matin", "jeudi-matin"
LIMITES = Limites(min=3, max=5, elus_min=1, agents_min=1)
GROUPES = (f"eau/{MARDI}-1", f"eau/{MARDI}-2", f"eau/{JEUDI}-1")


def candidat(number: int, **changes: object) -> Candidat:
    values: dict[str, object] = {
        "id": f"i{number}",
        "personne": f"p{number}",
        "thematique": "eau",
        "collectivite": f"c{number}",
        "departement": f"{number % 5:02}",
        "qualite": Qualite.ELU if number % 2 else Qualite.AGENT,
        "taille": Taille.PETITE,
        "creneaux": {MARDI: Accord.PREFERE, JEUDI: Accord.POSSIBLE},
        "recue_le": datetime(2027, 1, 1, tzinfo=UTC) + timedelta(minutes=number),
    }
    return Candidat(**(values | changes))  # type: ignore[arg-type]


def two_groupes(*people: Candidat, waiting: int = 1) -> tuple[GroupingProblem, tuple[GroupeForme, ...]]:
    """Return the people in two groupes of one size, but for the last ones, who wait."""
    placed = people[: len(people) - waiting]
    half = len(placed) // 2
    formed = tuple(
        GroupeForme(key, "eau", creneau, tuple(sorted(c.id for c in part)))
        for key, creneau, part in ((f"eau/{MARDI}-1", MARDI, placed[:half]), (f"eau/{JEUDI}-1", JEUDI, placed[half:]))
    )
    return GroupingProblem(people, (MARDI, JEUDI), LIMITES), formed


def test_a_move_to_the_other_groupe_tells_what_it_betters_and_worsens() -> None:
    people = [candidat(n) for n in range(9)]
    found = consequences(*two_groupes(*people), Move("i0", f"eau/{JEUDI}-1"))
    assert found.refus == ()
    assert "Une personne de moins sur un créneau préféré." in found.moins_bien
    assert any(phrase.startswith(f"eau/{JEUDI}-1 : ") for phrase in (*found.mieux, *found.moins_bien))


def test_a_groupe_at_its_minimum_gives_nobody_away_but_exchanges() -> None:
    people = [candidat(n) for n in range(7)]
    problem, groupes = two_groupes(*people)
    (refused,) = consequences(problem, groupes, Move("i0", None)).refus
    assert (refused.rule, refused.subject) == ("groupe_has_allowed_size", f"eau/{MARDI}-1")
    assert consequences(problem, groupes, Move("i0", None, "i6")).refus == ()
    assert apply_move(groupes, Move("i0", f"eau/{JEUDI}-1", "i3"))[0].membres == ("i1", "i2", "i3")


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"creneaux": {JEUDI: Accord.PREFERE}}, "members_can_make_the_creneau"),
        ({"collectivite": "c1"}, "groupe_holds_one_person_per_collectivite"),
        ({"sans": frozenset({"i2"})}, "apart_wishes_are_kept"),
    ],
)
def test_who_waits_enters_no_groupe_that_would_break_a_rule(changes: dict[str, object], rule: str) -> None:
    people = [*(candidat(n) for n in range(8)), candidat(8, **changes)]
    refused = consequences(*two_groupes(*people), Move("i8", f"eau/{MARDI}-1")).refus
    assert {violation.rule for violation in refused} == {rule}


def test_who_is_fixed_stays() -> None:
    people = [candidat(n) for n in range(9)]
    problem, groupes = two_groupes(*people)
    fixed = GroupingProblem(problem.candidats, problem.creneaux, LIMITES, places_fixees={"i0": f"eau/{MARDI}"})
    assert {v.rule for v in consequences(fixed, groupes, Move("i0", f"eau/{JEUDI}-1")).refus} == {
        "fixed_places_are_kept"
    }
    assert consequences(fixed, groupes, Move("i1", f"eau/{JEUDI}-1")).refus == ()


def test_a_groupe_that_has_lost_people_may_be_filled_again_step_by_step() -> None:
    people = [candidat(n) for n in range(9)]
    problem, groupes = two_groupes(*people)
    small = (GroupeForme(f"eau/{MARDI}-1", "eau", MARDI, ("i0",)), groupes[1])
    assert consequences(problem, small, Move("i1", f"eau/{MARDI}-1")).refus == ()
    assert {v.rule for v in consequences(problem, small, Move("i0", None)).refus} >= {"groupe_has_allowed_size"}


def test_wishes_priority_and_earlier_meetings_are_told() -> None:
    people = [*(candidat(n) for n in range(8)), candidat(8, taille=Taille.GRANDE, avec=frozenset({"i1"}))]
    problem, groupes = two_groupes(*people)
    found = consequences(problem, groupes, Move("i0", None, "i8"), frozenset({("i1", "i8")}))
    assert "La place va à une collectivité moins prioritaire." in found.moins_bien
    assert "Souhaits d'être ensemble respectés : 1 de plus." in found.mieux
    assert "1 retrouvaille de plus entre personnes déjà réunies une saison précédente." in found.moins_bien
    assert f"eau/{MARDI}-1 : une grande collectivité rejoint un groupe qui n'en avait pas." in found.mieux


def test_a_person_takes_no_second_place_in_another_thematique_and_a_collectivite_none_too_many() -> None:
    people = [*(candidat(n) for n in range(8)), candidat(8, personne="p7", thematique="forets")]
    there = [candidat(n, thematique="forets") for n in range(9, 13)]
    problem, groupes = two_groupes(*people)
    forets = GroupeForme(f"forets/{MARDI}-1", "forets", MARDI, tuple(c.id for c in there))
    joint = replace(problem, candidats=(*problem.candidats, *there))
    refused = consequences(joint, (*groupes, forets), Move("i8", forets.id)).refus
    assert {v.rule for v in refused} == {"person_holds_allowed_places"}
    twice = replace(joint, limites=replace(LIMITES, places_par_personne=2))
    assert consequences(twice, (*groupes, forets), Move("i8", forets.id)).refus == ()
    capped = replace(twice, limites=replace(twice.limites, places_par_collectivite=1))
    home = tuple(replace(c, collectivite="c0") if c.id == "i8" else c for c in capped.candidats)
    refused = consequences(replace(capped, candidats=home), (*groupes, forets), Move("i8", forets.id)).refus
    assert {v.rule for v in refused} == {"collectivite_holds_allowed_places"}


@st.composite
def seasons(draw: st.DrawFn) -> tuple[GroupingProblem, tuple[GroupeForme, ...]]:
    """Twelve people in three groupes of four, six who wait; collectivités and wishes that often clash."""
    ids = [f"i{n}" for n in range(18)]
    some = st.frozensets(st.sampled_from(ids), max_size=2)
    slots = st.sampled_from([(MARDI,), (JEUDI,), (MARDI, JEUDI)])
    people = [
        candidat(
            n,
            collectivite=f"c{draw(st.integers(0, 30))}",
            creneaux=dict.fromkeys(draw(slots), draw(st.sampled_from(list(Accord)))),
            taille=draw(st.sampled_from(list(Taille))),
            avec=draw(some) - {f"i{n}"},
            sans=draw(some) - {f"i{n}"} if draw(st.booleans()) else frozenset(),
        )
        for n in range(18)
    ]
    fixed = {
        i: draw(st.sampled_from([f"eau/{MARDI}", f"eau/{JEUDI}", GROUPES[1]]))
        for i in draw(st.frozensets(st.sampled_from(ids), max_size=2))
    }
    groupes = tuple(
        GroupeForme(key, "eau", key.partition("/")[2].rpartition("-")[0], tuple(sorted(ids[4 * k : 4 * k + 4])))
        for k, key in enumerate(GROUPES)
    )
    return GroupingProblem(tuple(people), (MARDI, JEUDI), LIMITES, places_fixees=fixed), groupes


_STEP = st.tuples(st.integers(0, 17), st.sampled_from([*GROUPES, None]), st.integers(0, 17), st.booleans())


def _move(
    groupes: tuple[GroupeForme, ...], person: int, vers: str | None, other: int, *, exchange: bool
) -> Move | None:
    where = {m: g.id for g in groupes for m in g.membres}
    here = where.get(f"i{person}")
    if exchange:
        there = where.get(f"i{other}")
        return None if here == there else Move(f"i{person}", there, f"i{other}")
    return None if here == vers else Move(f"i{person}", vers)


@settings(deadline=None)
@given(seasons(), st.lists(_STEP, max_size=12))
def test_a_walk_breaks_only_what_is_named_and_can_be_walked_back(
    season: tuple[GroupingProblem, tuple[GroupeForme, ...]], steps: list[tuple[int, str | None, int, bool]]
) -> None:
    problem, groupes = season
    for person, vers, other, exchange in steps:
        move = _move(groupes, person, vers, other, exchange=exchange)
        if move is None:
            continue
        before, moved = set(broken_rules(problem, groupes)), apply_move(groupes, move)
        after = set(broken_rules(problem, moved))
        refused = consequences(problem, groupes, move).refus
        # What is said of the touched groupes alone is what the rules say of the whole.
        assert set(refused) <= after - before
        if not refused:
            assert {(v.rule, v.subject) for v in after} <= {(v.rule, v.subject) for v in before}
            back = Move(move.candidat, _home(groupes, move.candidat), move.contre)
            assert apply_move(moved, back) == groupes
            groupes = moved


def _home(groupes: tuple[GroupeForme, ...], person: str) -> str | None:
    return next((g.id for g in groupes if person in g.membres), None)
