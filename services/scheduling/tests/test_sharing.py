from datetime import UTC, datetime

from scheduling.sharing import share_groupes, total_capacity
from scheduling.solver.problem import Accord, Animateur, Candidat, GroupingProblem, Qualite, Taille

CRENEAUX = ("mardi-matin", "jeudi-matin")


def team(*thematiques: str, count: int = 2, most: int = 2) -> tuple[Animateur, ...]:
    return tuple(Animateur(f"a{n}", f"A {n}", frozenset(thematiques), frozenset(CRENEAUX), most) for n in range(count))


def problem(people: int) -> GroupingProblem:
    arrival = datetime(2027, 2, 1, tzinfo=UTC)
    candidats = tuple(
        Candidat(f"c{n}", f"commune:{n}", "12", Qualite.ELU, Taille.PETITE, {"mardi-matin": Accord.PREFERE}, arrival)
        for n in range(people)
    )
    return GroupingProblem(candidats, CRENEAUX)


def test_each_groupe_goes_to_the_thematique_with_most_people_per_groupe() -> None:
    problems = {"eau": problem(90), "forets": problem(40)}
    assert share_groupes(problems, team("eau", "forets")) == {"eau": 3, "forets": 1}


def test_a_thematique_that_gets_all_it_can_fill_has_no_limit_of_its_own() -> None:
    problems = {"eau": problem(24), "forets": problem(11)}
    assert share_groupes(problems, team("eau", "forets")) == {"eau": None, "forets": None}


def test_animateurs_who_know_one_thematique_only_give_nothing_to_the_other() -> None:
    problems = {"eau": problem(30), "forets": problem(300)}
    assert share_groupes(problems, team("eau")) == {"eau": None, "forets": None}


def test_an_animateur_runs_at_most_one_groupe_in_a_creneau() -> None:
    assert total_capacity(team("eau", count=3, most=5)) == 6
    assert total_capacity(team("eau", count=3, most=1)) == 3
