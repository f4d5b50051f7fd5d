"""The quality report: what figures mean, and which groupes are fragile."""

from uuid import UUID

import pytest
from contracts.events.campagnes import TailleGroupe
from scheduling.quality import groupes_to_watch, make_report
from scheduling.repository.quality import Cellule, Effectif

BOUNDS = TailleGroupe(min=12, max=15, elus_min=5, agents_min=5)
CELLS = [
    Cellule("eau", "petite", "retenue", "retenue.place", prefere=True, combien=10),
    Cellule("eau", "grande", "retenue", "retenue.place", prefere=False, combien=2),
    Cellule("forets", "moyenne", "liste_attente", "attente.creneaux_complets", prefere=False, combien=3),
]
TITRES = {"eau": "L’eau", "forets": "Les forêts"}


def bilan(borne: float) -> dict[str, object]:
    return {"borne": borne, "optimal": True, "bareme": {"petite": 3, "moyenne": 2, "grande": 1}}


def test_weights_are_those_of_the_run_and_the_bound_is_the_solver_s() -> None:
    rapport = make_report(CELLS, bilan(32.0), TITRES)
    assert (rapport.poids, rapport.borne, rapport.prouve, rapport.part) == (32, 32.0, True, 100.0)
    assert (rapport.places, rapport.total, rapport.preferes) == (12, 15, 10)
    assert [(line.titre, line.places, line.total) for line in rapport.thematiques] == [
        ("L’eau", 12, 12),
        ("Les forêts", 0, 3),
    ]
    assert [line.code for line in rapport.tailles] == ["petite", "moyenne", "grande"]
    assert rapport.motifs == {"attente.creneaux_complets": 3}


def test_what_moves_have_made_lighter_is_no_longer_said_to_be_proven() -> None:
    rapport = make_report(CELLS, bilan(33.0), TITRES)
    assert not rapport.prouve
    assert rapport.part == 96.9


def test_without_figures_of_the_solver_nothing_is_claimed() -> None:
    rapport = make_report(CELLS, None, TITRES)
    assert (rapport.borne, rapport.part, rapport.prouve) == (None, None, False)


@pytest.mark.parametrize(
    ("strength", "grave", "phrase"),
    [
        ((12, 6, 6, 1, 0), False, "12 personnes, le minimum"),
        ((12, 6, 6, 0, 0), True, "12 personnes, le minimum, et aucune personne en attente pour remplacer"),
        ((13, 5, 8, 1, 0), False, "5 élus, le minimum"),
        ((13, 5, 8, 0, 9), True, "5 élus, le minimum, et aucun élu en attente pour remplacer"),
        ((13, 8, 5, 9, 0), True, "5 agents, le minimum, et aucun agent en attente pour remplacer"),
        ((13, 9, 4, 9, 9), True, "4 agents, sous le minimum de 5"),
    ],
)
def test_a_groupe_at_a_minimum_is_watched(strength: tuple[int, ...], *, grave: bool, phrase: str) -> None:
    (found,) = groupes_to_watch([Effectif(UUID(int=1), *strength)], BOUNDS)
    assert (found.grave, found.phrases) == (grave, (phrase,))
    assert found.sous_le_minimum == ("sous" in phrase)


def test_a_groupe_above_its_minimums_is_not_watched_and_the_gravest_come_first() -> None:
    safe = Effectif(UUID(int=1), 13, 6, 7, 0, 0)
    tight, fragile = Effectif(UUID(int=2), 12, 6, 6, 3, 3), Effectif(UUID(int=3), 11, 6, 5, 3, 3)
    assert [v.groupe for v in groupes_to_watch([safe, tight, fragile], BOUNDS)] == [UUID(int=3), UUID(int=2)]
