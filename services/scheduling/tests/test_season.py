"""A whole season: groupes of every thématique with their séances, the same whatever the order of the input."""

import os
import random
import subprocess
import sys
from dataclasses import replace
from datetime import date

import pytest
from scheduling.plan import DEMANDE, PLAN, Demande, Plan
from scheduling.solver import placing, season
from scheduling.solver.problem import Accord, Animateur, GroupingProblem, InfeasibleInput, Limites, Proposition
from scheduling.solver.season import solve_season
from scheduling.solver.testing import LUNDI, MARDI, crowd, draw_people
from scheduling.solver.timetable_problem import NonPlanifie, Timetable, TimetableProblem

JEUDI = "jeudi-matin"
SOLVES = """
import sys
from scheduling.plan import DEMANDE, PLAN, Plan
from scheduling.solver import placing
from scheduling.solver.season import solve_season
placing.ORDINARY = int(sys.argv[1])
demande = DEMANDE.validate_json(sys.stdin.buffer.read())
found = solve_season(demande.probleme, demande.horaire)
print(PLAN.dump_json(Plan(found.proposition, found.horaire)).decode())
"""
SPRING = (date(2027, 5, 3), date(2027, 7, 9))


def animateur(name: str, *creneaux: str, **changes: object) -> Animateur:
    base = Animateur(name, name.upper(), frozenset({"eau", "forets"}), frozenset(creneaux), 2)
    return replace(base, **changes)  # type: ignore[arg-type]


def horaire(*team: Animateur, du: date = SPRING[0], au: date = SPRING[1], **changes: object) -> TimetableProblem:
    return replace(TimetableProblem((), team, du, au), **changes)  # type: ignore[arg-type]


def drawn() -> tuple[GroupingProblem, TimetableProblem]:
    """150 inscriptions for two thématiques, with wishes, people who met before and a fixed place."""
    creneaux = (LUNDI, MARDI, JEUDI)
    rng = random.Random(5)  # noqa: S311 - draws test data
    people = list(draw_people(rng, 150, 80, creneaux, ("eau", "forets"), most_inscriptions=2))
    ids = {c.thematique: [o.id for o in people if o.thematique == c.thematique] for c in people}
    for n in range(0, 60, 3):
        mates = set(rng.sample(ids[people[n].thematique], 4)) - {people[n].id}
        wished = frozenset(sorted(mates)[:2])
        people[n] = replace(people[n], avec=wished, sans=frozenset(mates - wished))
    met = {tuple(sorted(rng.sample([c.personne for c in people], 2))) for _ in range(200)}
    fixed = next(c for c in people if LUNDI in c.creneaux and not c.sans)
    problem = GroupingProblem(
        tuple(people),
        creneaux,
        Limites(places_par_collectivite=3),
        places_fixees={fixed.id: f"{fixed.thematique}/{LUNDI}"},
        deja_ensemble=frozenset((one, other) for one, other in met),
    )
    return problem, horaire(*(animateur(name, LUNDI, MARDI, JEUDI) for name in "abcd"))


def shuffled(problem: GroupingProblem, planned: TimetableProblem) -> tuple[GroupingProblem, TimetableProblem]:
    rng = random.Random(6)  # noqa: S311 - shuffles test data
    people, creneaux, team = list(problem.candidats), list(problem.creneaux), list(planned.animateurs)
    for rows in (people, creneaux, team):
        rng.shuffle(rows)
    others = tuple(replace(c, creneaux=dict(reversed(c.creneaux.items()))) for c in people)
    again = replace(
        problem,
        candidats=others,
        creneaux=tuple(creneaux),
        deja_ensemble=frozenset(sorted(problem.deja_ensemble, reverse=True)),
    )
    return again, replace(planned, animateurs=tuple(team))


def dumped(problem: GroupingProblem, planned: TimetableProblem) -> bytes:
    found = solve_season(problem, planned)
    assert len(found.proposition.groupes) > 3
    assert found.horaire.seances
    return PLAN.dump_json(Plan(found.proposition, found.horaire))


@pytest.mark.parametrize("ordinary", [placing.ORDINARY, 0])
def test_rows_in_any_order_give_the_same_season_byte_for_byte(ordinary: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placing, "ORDINARY", ordinary)
    problem, planned = drawn()
    assert dumped(problem, planned) == dumped(*shuffled(problem, planned))


@pytest.mark.parametrize("ordinary", [placing.ORDINARY, 0])
def test_another_process_finds_the_same_season_byte_for_byte(ordinary: int) -> None:
    asked, answers = DEMANDE.dump_json(Demande(*drawn())), set()
    for seed in ("1", "2"):
        # Sets of texts are in another order under another seed.
        child = subprocess.run(  # noqa: S603 - this very Python
            [sys.executable, "-c", SOLVES, str(ordinary)],
            input=asked,
            capture_output=True,
            check=True,
            env=os.environ | {"PYTHONHASHSEED": seed},
        )
        answers.add(child.stdout.splitlines()[-1])
    assert len(answers) == 1
    assert b'"groupes"' in answers.pop()


def test_an_animateur_runs_two_groupes_of_a_creneau_when_their_dates_fit_beside_each_other() -> None:
    found = solve_season(GroupingProblem(tuple(crowd(12, 12)), (LUNDI,)), horaire(animateur("a", LUNDI)))
    assert len(found.proposition.groupes) == 2
    assert {s.animateur for s in found.horaire.seances} == {"a"}
    assert len({s.debut for s in found.horaire.seances}) == 8
    assert found.proposition.preuve == "optimal"


def test_people_overseas_are_asked_for_no_hour_of_the_night() -> None:
    creneaux = (LUNDI, MARDI)
    problem = GroupingProblem(
        tuple(crowd(6, 6, departement="988", creneaux=dict.fromkeys(creneaux, Accord.PREFERE))), creneaux
    )
    found = solve_season(problem, horaire(animateur("a", *creneaux))).proposition
    assert {g.creneau for g in found.groupes} == {LUNDI}
    nights = GroupingProblem(tuple(crowd(6, 6, departement="988", creneaux={MARDI: Accord.PREFERE})), creneaux)
    found = solve_season(nights, horaire(animateur("a", *creneaux))).proposition
    assert {a.raison.code for a in found.non_retenus} == {"non_retenue.hors_horaires"}
    assert len(found.non_retenus) == 12


BAD: list[tuple[TimetableProblem, str]] = [
    (horaire(), "La campagne n'a aucun animateur : ajoutez-en un pour former des groupes."),
    (horaire(animateur("a")), "Aucun animateur n'a de créneau : indiquez quand ils sont disponibles."),
    (
        horaire(animateur("a", LUNDI), au=date(2027, 5, 31)),
        (
            "Du 03/05/2027 au 31/05/2027, quatre séances réparties sur 6 à 8 semaines ne tiennent dans aucun créneau. "
            "Allongez la période ou libérez des jours exclus."
        ),
    ),
    (
        horaire(animateur("a", LUNDI), au=date(2027, 4, 1)),
        "La période des séances finit le 01/04/2027, avant de commencer le 03/05/2027 : corrigez ses dates.",
    ),
]


@pytest.mark.parametrize(("planned", "told"), BAD)
def test_a_season_that_no_groupe_could_have_is_refused_with_what_to_change(
    planned: TimetableProblem, told: str
) -> None:
    with pytest.raises(InfeasibleInput) as refused:
        solve_season(GroupingProblem(tuple(crowd(8, 8)), (LUNDI,)), planned)
    assert str(refused.value) == told


def test_the_people_of_a_groupe_without_dates_wait_and_know_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing_planned(planned: TimetableProblem) -> Timetable:
        left_out = tuple(NonPlanifie(g.id, "") for g in planned.groupes)
        return Timetable((), left_out, (), 0, 0, "optimal")

    monkeypatch.setattr(season, "plan_seances", nothing_planned)
    found: Proposition = solve_season(
        GroupingProblem(tuple(crowd(8, 8)), (LUNDI,)), horaire(animateur("a", LUNDI))
    ).proposition
    assert (found.groupes, found.places, found.poids_place, found.preuve) == ((), {}, 0, "borne")
    assert [a.rang for a in found.en_attente] == list(range(1, 17))
    assert found.en_attente[1].raison.phrase == (
        "Un groupe était possible sur vos créneaux, mais aucun animateur n'est disponible pour ses quatre séances. "
        "Vous êtes en 2e position sur la liste d'attente."
    )
