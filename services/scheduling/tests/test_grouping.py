"""Forming groupes: the optimum against brute force, even splits, wishes, reasons, bad input."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scheduling.solver import assignment
from scheduling.solver.grouping import form_campagne, form_groupes
from scheduling.solver.problem import (
    Accord,
    Animateur,
    Candidat,
    GroupingProblem,
    InfeasibleInput,
    Limites,
    Qualite,
    Taille,
)
from scheduling.solver.rules import broken_rules
from scheduling.solver.splitting import split

LUNDI, MARDI = "lundi-matin", "mardi-apres-midi"
SMALL = Limites(min=2, max=3, elus_min=1, agents_min=1, groupes_max=3, par_creneau={LUNDI: 2, MARDI: 2})
START = datetime(2027, 1, 1, tzinfo=UTC)


def drawing(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - draws test data


def draw_people(rng: random.Random, count: int, collectivites: int, creneaux: Sequence[str]) -> tuple[Candidat, ...]:
    people = []
    for n in range(count):
        collectivite = rng.randrange(collectivites)
        offered = rng.sample(creneaux, rng.randint(1, len(creneaux)))
        people.append(
            Candidat(
                id=f"i{n:04d}",
                collectivite=f"c{collectivite}",
                departement=f"{collectivite % 7:02d}",
                qualite=rng.choice(list(Qualite)),
                taille=rng.choice(list(Taille)),
                creneaux={c: rng.choice(list(Accord)) for c in offered},
                recue_le=START + timedelta(minutes=rng.randrange(100)),
            )
        )
    return tuple(people)


def score(problem: GroupingProblem, where: dict[str, str]) -> tuple[int, int, int, int]:
    """Weight, pairs together, preferred créneaux, arrival: what the solver maximises in that order, from its spec."""
    order = sorted(problem.candidats, key=lambda c: (c.recue_le, c.id))
    placed = [c for c in problem.candidats if c.id in where]
    wished = {frozenset((c.id, other)) for c in problem.candidats for other in c.avec}
    return (
        sum(problem.limites.poids[c.taille] for c in placed),
        sum(len({where.get(person, person) for person in pair}) == 1 for pair in wished),
        sum(c.creneaux[where[c.id]] is Accord.PREFERE for c in placed),
        sum(len(order) - order.index(c) for c in placed),
    )


def every_valid_choice(problem: GroupingProblem) -> Iterator[dict[str, str]]:
    """Every way to fill up to two groupes in each créneau, written from the rules and nothing else."""
    slots = [(c, k) for c in problem.creneaux for k in range(2)]
    seats: dict[tuple[str, int], list[Candidat]] = {slot: [] for slot in slots}

    def complete() -> bool:
        used = [people for people in seats.values() if people]
        return len(used) <= (problem.limites.groupes_max or 0) and all(
            len(people) >= problem.limites.min and len({c.qualite for c in people}) == len(Qualite) for people in used
        )

    def visit(rest: tuple[Candidat, ...]) -> Iterator[dict[str, str]]:
        if not rest:
            if complete():
                yield {c.id: slot[0] for slot, people in seats.items() for c in people}
            return
        person, *others = rest
        yield from visit(tuple(others))
        for slot in slots:
            mates = seats[slot]
            allowed = (
                slot[0] in person.creneaux
                and len(mates) < problem.limites.max
                and all(m.collectivite != person.collectivite for m in mates)
                and all(m.id not in person.sans and person.id not in m.sans for m in mates)
            )
            if allowed:
                mates.append(person)
                yield from visit(tuple(others))
                mates.pop()

    return visit(problem.candidats)


@pytest.mark.parametrize("seed", range(30))
def test_the_placement_is_the_optimum_that_brute_force_finds(seed: int) -> None:
    rng = drawing(seed)
    people = draw_people(rng, rng.randint(4, 7), rng.randint(3, 7), (LUNDI, MARDI))
    problem = GroupingProblem(people, (LUNDI, MARDI), SMALL)
    found = form_groupes(problem)
    where = {m: g.creneau for g in found.groupes for m in g.membres}
    best = max(score(problem, choice) for choice in every_valid_choice(problem))
    assert score(problem, where) == best
    assert (found.poids_place, found.preuve) == (best[0], "optimal")
    assert found.borne == pytest.approx(best[0], abs=0.5)


@pytest.mark.parametrize("seed", range(15))
def test_collectivites_set_apart_only_once_they_bind_give_the_same_optimum(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = drawing(seed)
    people = draw_people(rng, 40, 9, (LUNDI, MARDI))
    problem = GroupingProblem(people, (LUNDI, MARDI), Limites(min=5, max=8, elus_min=2, agents_min=2))

    def found() -> tuple[int, int, int, int]:
        return score(problem, {m: g.creneau for g in form_groupes(problem).groupes for m in g.membres})

    at_once = found()
    monkeypatch.setattr(assignment, "_SMALL", 0)
    assert found() == at_once


@pytest.mark.parametrize("seed", range(12))
def test_with_wishes_the_weight_is_still_the_optimum(seed: int) -> None:
    rng = drawing(100 + seed)
    people = list(draw_people(rng, 7, 7, (LUNDI, MARDI)))
    people[0] = replace(people[0], sans=frozenset({people[1].id}))
    people[2] = replace(people[2], sans=frozenset({people[3].id}))
    people[4] = replace(people[4], avec=frozenset({people[5].id}))
    problem = GroupingProblem(tuple(people), (LUNDI, MARDI), SMALL)
    found = form_groupes(problem)
    assert not broken_rules(problem, found.groupes)
    assert found.poids_place == max(score(problem, choice)[0] for choice in every_valid_choice(problem))


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(1, 90), groupes=st.integers(1, 7))
def test_every_groupe_lies_within_floor_and_ceiling_of_its_share(seed: int, count: int, groupes: int) -> None:
    drawn = draw_people(drawing(seed), count, 30, (LUNDI,))
    kept: list[Candidat] = []
    for person in drawn:
        if sum(k.collectivite == person.collectivite for k in kept) < groupes:
            kept.append(person)
    parts = split(kept, groupes)
    assert sorted(c.id for part in parts for c in part) == [c.id for c in kept]
    for attribute in ("collectivite", "departement", "qualite", "taille_and_qualite", "everyone"):
        label = {
            "taille_and_qualite": lambda c: (c.taille, c.qualite),
            "everyone": lambda _: "all",
        }.get(attribute, lambda c, a=attribute: getattr(c, a))
        for value, total in Counter(label(c) for c in kept).items():
            shares = {sum(label(c) == value for c in part) for part in parts}
            assert shares <= {total // groupes, -(-total // groupes)}


def test_a_split_refuses_more_people_of_a_collectivite_than_groupes() -> None:
    people = [replace(c, collectivite="c") for c in draw_people(drawing(1), 3, 3, (LUNDI,))]
    with pytest.raises(ValueError, match="collectivité"):
        split(people, 2)


def test_rows_in_any_order_give_the_same_answer() -> None:
    people = list(draw_people(drawing(4), 120, 70, (LUNDI, MARDI, "jeudi-matin")))
    problem = GroupingProblem(tuple(people), (LUNDI, MARDI, "jeudi-matin"))
    drawing(9).shuffle(people)
    shuffled = GroupingProblem(tuple(people), ("jeudi-matin", MARDI, LUNDI))
    assert form_groupes(problem) == form_groupes(shuffled)


def crowd(elus: int, agents: int, creneau: str = LUNDI, first: int = 0) -> list[Candidat]:
    return [
        Candidat(
            id=f"i{n:04d}",
            collectivite=f"c{n}",
            departement="01",
            qualite=Qualite.ELU if n - first < elus else Qualite.AGENT,
            taille=Taille.PETITE,
            creneaux={creneau: Accord.PREFERE},
            recue_le=START + timedelta(minutes=n),
        )
        for n in range(first, first + elus + agents)
    ]


def test_wishes_and_fixed_places_are_met_by_exchanges() -> None:
    people = crowd(14, 14)
    people[0] = replace(people[0], avec=frozenset({"i0001", "i0020"}), sans=frozenset({"i0002", "i0021"}))
    fixed = {"i0003": f"{LUNDI}-2", "i0004": f"{LUNDI}-2", "i0022": f"{LUNDI}-1", "i0000": f"{LUNDI}-1"}
    found = form_groupes(GroupingProblem(tuple(people), (LUNDI, MARDI), places_fixees=fixed))
    first, second = (set(g.membres) for g in found.groupes)
    assert {"i0000", "i0001", "i0020", "i0022"} <= first
    assert {"i0002", "i0021", "i0003", "i0004"} <= second
    assert (found.poids_place, found.preuve, found.constats) == (28 * 3, "optimal", ())


def test_three_people_kept_apart_by_pairs_do_not_share_two_groupes() -> None:
    people = crowd(14, 14)
    trio = {"i0000", "i0001", "i0002"}
    people[:3] = [replace(c, sans=frozenset(trio - {c.id})) for c in people[:3]]
    found = form_groupes(GroupingProblem(tuple(people), (LUNDI,)))
    assert [len(trio & set(g.membres)) for g in found.groupes] == [1, 1]
    assert (found.poids_place, found.preuve) == (27 * 3, "borne")
    assert found.borne == pytest.approx(28 * 3)


def reasons(problem: GroupingProblem) -> dict[str, tuple[str, str]]:
    found = form_groupes(problem)
    return {a.candidat: (a.raison.code, a.raison.phrase) for a in (*found.en_attente, *found.non_retenus)}


def test_the_seventeenth_waits_because_the_creneau_is_full() -> None:
    problem = GroupingProblem(tuple(crowd(8, 9)), (LUNDI,))
    assert reasons(problem)["i0016"] == (
        "attente.creneaux_complets",
        (
            "Tous les groupes compatibles avec vos créneaux (lundi matin) sont complets. "
            "Vous êtes en 2e position sur la liste d'attente."
        ),
    )


def test_people_wait_for_elus_and_the_number_that_is_missing_is_enough() -> None:
    people = crowd(2, 12)
    found = form_groupes(GroupingProblem(tuple(people), (LUNDI,)))
    assert found.groupes == ()
    assert {a.raison.code for a in found.en_attente} == {"attente.quota_qualite"}
    assert found.constats == ("Il manque 3 élus pour ouvrir un groupe le lundi matin.",)
    assert not form_groupes(GroupingProblem((*people, *crowd(2, 0, first=50)), (LUNDI,))).groupes
    assert form_groupes(GroupingProblem((*people, *crowd(3, 0, first=50)), (LUNDI,))).groupes


def test_too_few_people_wait_for_a_groupe_that_does_not_open() -> None:
    problem = GroupingProblem(tuple(crowd(5, 5)), (LUNDI,))
    code, phrase = reasons(problem)["i0000"]
    assert code == "attente.groupe_non_ouvert"
    assert phrase.startswith("Il manque 2 personnes pour ouvrir un groupe le lundi matin.")


def test_a_colleague_waits_because_the_collectivite_has_its_place() -> None:
    people = [*crowd(6, 6), replace(crowd(1, 0, first=40)[0], collectivite="c0")]
    code, phrase = reasons(GroupingProblem(tuple(people), (LUNDI,)))["i0040"]
    assert code == "attente.collectivite"
    assert "de votre collectivité" in phrase


def test_someone_without_an_offered_creneau_is_not_kept() -> None:
    problem = GroupingProblem((*crowd(6, 6), *crowd(1, 0, MARDI, first=40)), (LUNDI,))
    assert reasons(problem)["i0040"][0] == "non_retenue.aucun_creneau"


def test_small_collectivites_come_first_and_then_the_earliest() -> None:
    people = [replace(c, taille=Taille.GRANDE) if c.id in {"i0000", "i0010"} else c for c in crowd(9, 9)]
    found = form_groupes(GroupingProblem(tuple(people), (LUNDI,)))
    assert [a.candidat for a in found.en_attente] == ["i0017", "i0000", "i0010"]


def test_animateurs_shared_by_thematiques_are_never_promised_twice() -> None:
    both = frozenset({"eau", "forets"})
    equipe = [Animateur("a", "A", both, frozenset({LUNDI, MARDI}), 1), Animateur("b", "B", both, frozenset({LUNDI}), 2)]
    people = tuple(replace(c, creneaux={LUNDI: Accord.PREFERE, MARDI: Accord.POSSIBLE}) for c in crowd(15, 15))
    problems = {"eau": GroupingProblem(people, (LUNDI, MARDI)), "forets": GroupingProblem(people[1:], (LUNDI, MARDI))}
    found = form_campagne(problems, equipe)
    assert sum(len(p.groupes) for p in found.values()) == 2
    waiting = found["forets"].en_attente[0].raison
    assert waiting.code == "attente.groupe_non_ouvert"
    assert "les animateurs disponibles sont déjà pris" in waiting.phrase


def test_no_inscriptions_give_an_empty_proposition_that_says_so() -> None:
    found = form_groupes(GroupingProblem((), (LUNDI,)))
    assert (found.groupes, found.poids_place, found.preuve) == ((), 0, "optimal")
    assert found.constats == ("Aucune inscription pour cette thématique\u00a0: il n'y a pas de groupe à former.",)


BAD: list[tuple[dict[str, object], str]] = [
    ({"limites": Limites(min=16)}, "taille d'un groupe"),
    ({"limites": Limites(elus_min=8, agents_min=8)}, "8 élus et 8 agents"),
    ({"places_fixees": {"i0000": "vendredi-matin"}}, "n'est pas proposée"),
    ({"places_fixees": {"i0000": MARDI}}, "mardi après-midi"),
    ({"places_fixees": {"inconnu": LUNDI}}, "n'est pas inscrit"),
    ({"places_fixees": {"i0000": f"{LUNDI}-2"}}, "places fixées"),
    ({"places_fixees": {"i0000": f"{LUNDI}-2"}, "limites": Limites(groupes_max=1)}, "plus de groupes"),
    ({"places_fixees": {f"i{n:04d}": f"{LUNDI}-1" for n in range(11)}}, "Trop de places"),
]


@pytest.mark.parametrize(("changes", "words"), BAD)
def test_contradictory_input_gets_one_sentence(changes: dict[str, object], words: str) -> None:
    problem = replace(GroupingProblem(tuple(crowd(11, 7)), (LUNDI, MARDI)), **changes)  # type: ignore[arg-type]
    with pytest.raises(InfeasibleInput, match=words):
        form_groupes(problem)


def test_wishing_someone_both_near_and_away_is_refused() -> None:
    people = crowd(6, 6)
    people[0] = replace(people[0], avec=frozenset({"i0001"}), sans=frozenset({"i0001"}))
    with pytest.raises(InfeasibleInput, match="avec et sans i0001"):
        form_groupes(GroupingProblem(tuple(people), (LUNDI,)))
