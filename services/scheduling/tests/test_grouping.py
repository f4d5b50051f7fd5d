"""Forming the groupes of a campagne: wishes, turns, reasons, what the team is told, bad input."""

from dataclasses import replace

import pytest
from scheduling.solver.grouping import form_groupes
from scheduling.solver.problem import (
    Accord,
    Animateur,
    GroupingProblem,
    InfeasibleInput,
    Limites,
    Taille,
)
from scheduling.solver.testing import LUNDI, MARDI, candidat, crowd


def test_wishes_and_fixed_places_are_met_by_exchanges() -> None:
    people = crowd(14, 14)
    people[0] = replace(people[0], avec=frozenset({"i0001", "i0020"}), sans=frozenset({"i0002", "i0021"}))
    fixed = {"i0003": f"eau/{LUNDI}-2", "i0004": f"eau/{LUNDI}-2", "i0022": f"eau/{LUNDI}-1", "i0000": f"eau/{LUNDI}-1"}
    found = form_groupes(GroupingProblem(tuple(people), (LUNDI, MARDI), places_fixees=fixed))
    first, second = (set(g.membres) for g in found.groupes)
    assert {"i0000", "i0001", "i0020", "i0022"} <= first
    assert {"i0002", "i0021", "i0003", "i0004"} <= second
    assert (found.poids_place, found.preuve, found.constats) == (28 * 3, "optimal", {})


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
    assert found.constats == {"eau": ("Il manque 3 élus pour ouvrir un groupe le lundi matin.",)}
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
    problem = GroupingProblem((*crowd(6, 6), *crowd(1, 0, first=40, creneaux={MARDI: Accord.PREFERE})), (LUNDI,))
    assert reasons(problem)["i0040"][0] == "non_retenue.aucun_creneau"


def test_small_collectivites_come_first_and_then_the_earliest() -> None:
    people = [replace(c, taille=Taille.GRANDE) if c.id in {"i0000", "i0010"} else c for c in crowd(9, 9)]
    found = form_groupes(GroupingProblem(tuple(people), (LUNDI,)))
    assert [a.candidat for a in found.en_attente] == ["i0017", "i0000", "i0010"]


def test_animateurs_shared_by_thematiques_are_never_promised_twice() -> None:
    both, able = frozenset({"eau", "forets"}), {LUNDI: Accord.PREFERE, MARDI: Accord.POSSIBLE}
    team = (Animateur("a", "A", both, frozenset({LUNDI, MARDI}), 1), Animateur("b", "B", both, frozenset({LUNDI}), 2))
    eau, forets = crowd(15, 15, creneaux=able), crowd(15, 14, first=50, thematique="forets", creneaux=able)
    found = form_groupes(GroupingProblem((*eau, *forets), (LUNDI, MARDI), animateurs=team))
    assert len(found.groupes) == 2
    assert found.poids_place == found.borne == 30 * 3
    waiting = found.en_attente[-1].raison
    assert waiting.code == "attente.groupe_non_ouvert"
    assert "les animateurs disponibles sont déjà pris" in waiting.phrase


def test_who_waits_for_an_animateur_is_told_so_and_the_number_that_one_would_let_in_is_true() -> None:
    team = (Animateur("a", "A", frozenset({"eau"}), frozenset({LUNDI}), 2),)
    problem = GroupingProblem((*crowd(6, 6), *crowd(7, 6, first=50, thematique="forets")), (LUNDI,), animateurs=team)
    found = form_groupes(problem)
    assert {a.raison.code for a in found.en_attente} == {"attente.groupe_non_ouvert"}
    assert "les animateurs disponibles sont déjà pris" in found.en_attente[0].raison.phrase
    assert found.constats == {"forets": ("Un animateur de plus le lundi matin ferait entrer 13 personnes.",)}
    helped = replace(problem, animateurs=(*team, replace(team[0], id="b", thematiques=frozenset({"forets"}))))
    assert form_groupes(helped).poids_place == found.poids_place + 13 * 3


def test_a_small_thematique_is_not_starved_when_there_are_animateurs_enough() -> None:
    both = frozenset({"eau", "forets"})
    team = tuple(Animateur(name, name, both, frozenset({LUNDI}), 1) for name in "abcd")
    people = (*crowd(23, 22), *crowd(7, 6, first=50, thematique="forets", taille=Taille.GRANDE))
    found = form_groupes(GroupingProblem(people, (LUNDI,), animateurs=team))
    assert [(g.thematique, len(g.membres)) for g in found.groupes] == [("eau", 15)] * 3 + [("forets", 13)]
    assert found.en_attente == ()


def two_wishes(places: int = 1) -> GroupingProblem:
    """Sixteen people ask for `eau`; the last four ask for `forets` too, and eight others for `forets` only."""
    eau = crowd(8, 8)
    also = [replace(c, id=f"j{c.id[1:]}", thematique="forets", rang=2) for c in (*eau[4:6], *eau[14:])]
    forets = crowd(4, 4, first=50, thematique="forets")
    limites = Limites(places_par_personne=places)
    return GroupingProblem((*eau, *also, *forets), (LUNDI,), limites)


def test_one_place_each_goes_where_most_people_can_be_placed_and_says_so_to_who_has_another() -> None:
    found = form_groupes(two_wishes())
    assert [(g.thematique, len(g.membres)) for g in found.groupes] == [("eau", 12), ("forets", 12)]
    assert found.poids_place == 24 * 3
    assert [a.candidat for a in found.non_retenus] == ["i0004", "i0005", "i0014", "i0015"]
    assert {a.raison.code for a in found.non_retenus} == {"non_retenue.autre_place"}
    assert found.non_retenus[0].raison.phrase == (
        "Vous avez une place dans une autre thématique de cette campagne, qui en accorde une seule par personne."
    )


def test_two_places_each_let_people_into_both_thematiques() -> None:
    found = form_groupes(two_wishes(places=2))
    assert [(g.thematique, len(g.membres)) for g in found.groupes] == [("eau", 15), ("forets", 12)]
    assert {a.raison.code for a in found.en_attente} == {"attente.creneaux_complets"}
    assert found.non_retenus == ()


def test_the_thematique_that_is_wanted_more_comes_first() -> None:
    eau, forets = crowd(6, 6), crowd(6, 6, first=50, thematique="forets")
    asks = candidat(40, rang=2)
    also = replace(asks, id="j0040", thematique="forets", rang=1)
    for first, second in ((asks, also), (replace(asks, rang=1), replace(also, rang=2))):
        found = form_groupes(GroupingProblem((*eau, *forets, first, second), (LUNDI,)))
        wanted = min(first, second, key=lambda c: c.rang)
        assert [g.thematique for g in found.groupes if wanted.id in g.membres] == [wanted.thematique]


def test_a_collectivite_that_has_its_places_of_the_season_waits_and_is_told_so() -> None:
    eau, forets = crowd(6, 6), crowd(7, 6, first=50, thematique="forets")
    eau[0] = replace(eau[0], collectivite=forets[0].collectivite)
    problem = GroupingProblem((*eau, *forets), (LUNDI,), Limites(places_par_collectivite=1))
    found = form_groupes(problem)
    assert [a.candidat for a in found.en_attente] == [forets[0].id]
    assert found.en_attente[0].raison.code == "attente.collectivite_saison"
    assert found.en_attente[0].raison.phrase.startswith("Votre collectivité a déjà sa place de la saison.")


def test_nobody_is_placed_at_an_hour_that_is_not_bearable_and_is_told_why() -> None:
    people = (*crowd(6, 6), *crowd(1, 0, first=40, departement="974"))
    both = candidat(41, departement="974", creneaux={LUNDI: Accord.PREFERE, MARDI: Accord.POSSIBLE})
    problem = GroupingProblem((*people, both), (LUNDI, MARDI), hors_horaires=frozenset({("974", LUNDI)}))
    found = reasons(problem)
    assert found["i0040"] == (
        "non_retenue.hors_horaires",
        "Aux heures de vos créneaux (lundi matin), il serait chez vous moins de 7 heures ou plus de 20 heures.",
    )
    assert found["i0041"][0] == "attente.groupe_non_ouvert"


def test_who_waited_in_vain_last_season_comes_before_an_earlier_arrival_but_not_before_a_smaller_collectivite() -> None:
    people = crowd(8, 8)
    people[7] = replace(people[7], attendu=True)
    people[6] = replace(people[6], attendu=True, taille=Taille.GRANDE)
    found = form_groupes(GroupingProblem(tuple(people), (LUNDI,)))
    assert [a.candidat for a in found.en_attente] == ["i0006"]
    people[6] = replace(people[6], taille=Taille.PETITE)
    found = form_groupes(GroupingProblem(tuple(people), (LUNDI,)))
    assert [a.candidat for a in found.en_attente] == ["i0015"]


def test_no_inscriptions_give_an_empty_proposition_that_says_so() -> None:
    found = form_groupes(GroupingProblem((), (LUNDI,), titres={"eau": "L'eau"}))
    assert (found.groupes, found.poids_place, found.preuve) == ((), 0, "optimal")
    nobody = "Aucune inscription pour cette thématique : il n'y a pas de groupe à former."
    assert found.constats == {"eau": (nobody,)}


def test_a_single_inscription_waits_for_eleven_others() -> None:
    found = form_groupes(GroupingProblem((candidat(0),), (LUNDI,)))
    assert [(a.candidat, a.rang, a.raison.phrase) for a in found.en_attente] == [
        (
            "i0000",
            1,
            (
                "Il manque 11 personnes, dont 4 élus et 5 agents, pour ouvrir un groupe le lundi matin. "
                "Vous êtes en 1re position sur la liste d'attente."
            ),
        )
    ]


def test_nobody_compatible_gives_nobody_a_place_and_each_the_reason() -> None:
    people = crowd(10, 10, creneaux={MARDI: Accord.PREFERE})
    found = form_groupes(GroupingProblem(tuple(people), (LUNDI,)))
    assert (found.groupes, found.en_attente, found.borne) == ((), (), 0)
    assert {a.raison.code for a in found.non_retenus} == {"non_retenue.aucun_creneau"}
    assert [a.rang for a in found.non_retenus] == list(range(1, 21))


def test_without_any_animateur_everybody_waits_and_the_team_is_told_what_one_would_do() -> None:
    found = form_groupes(GroupingProblem(tuple(crowd(8, 8)), (LUNDI,), animateurs=()))
    assert (found.groupes, found.preuve) == ((), "optimal")
    assert {a.raison.code for a in found.en_attente} == {"attente.groupe_non_ouvert"}
    assert found.constats == {"eau": ("Un animateur de plus le lundi matin ferait entrer 15 personnes.",)}


BAD: list[tuple[dict[str, object], str]] = [
    ({"limites": Limites(min=16)}, "taille d'un groupe"),
    ({"limites": Limites(elus_min=8, agents_min=8)}, "8 élus et 8 agents"),
    ({"places_fixees": {"i0000": "eau/vendredi-matin"}}, "n'est pas proposée"),
    ({"places_fixees": {"i0000": f"eau/{LUNDI}-0"}}, "n'est pas proposée"),
    ({"places_fixees": {"i0000": f"forets/{LUNDI}"}}, "n'a pas demandée"),
    ({"places_fixees": {"i0000": f"eau/{MARDI}"}}, "mardi après-midi"),
    ({"hors_horaires": frozenset({("01", LUNDI)}), "places_fixees": {"i0000": f"eau/{LUNDI}"}}, "n'est pas disponible"),
    ({"places_fixees": {"inconnu": f"eau/{LUNDI}"}}, "n'est pas inscrit"),
    ({"places_fixees": {"i0000": f"eau/{LUNDI}-2"}}, "places fixées|place fixée"),
    ({"places_fixees": {"i0000": f"eau/{LUNDI}-2"}, "limites": Limites(groupes_max=1)}, "plus de groupes"),
    ({"places_fixees": {"i0000": f"eau/{LUNDI}"}, "animateurs": ()}, "ajoutez un animateur"),
    ({"places_fixees": {f"i{n:04d}": f"eau/{LUNDI}-1" for n in range(11)}}, "Trop de places"),
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
