"""Who takes a place that somebody left: the rules just inside and just outside, the order, and the sentences."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scheduling.solver.gap import ORDRE, best, study, why
from scheduling.solver.gap_rules import RULES, EnListe, Vacance, obstacle
from scheduling.solver.problem import Accord, Candidat, Limites, Qualite, Taille

MARDI = "mardi-matin"
LIMITES = Limites(min=4, max=6, elus_min=2, agents_min=2)


def candidat(number: int, **changes: Any) -> Candidat:
    """Everybody from a small commune of another département, élus and agents by turns, free on Tuesday morning."""
    values: dict[str, Any] = {
        "id": f"c{number:03}",
        "personne": f"p{number}@exemple.fr",
        "collectivite": f"commune:{number}",
        "departement": f"{number:02}",
        "qualite": Qualite.ELU if number % 2 else Qualite.AGENT,
        "taille": Taille.PETITE,
        "thematique": "eau",
        "creneaux": {MARDI: Accord.POSSIBLE},
        "recue_le": datetime(2027, 2, 1, tzinfo=UTC),
    }
    return Candidat(**values | changes)


def vacance(membres: Sequence[Candidat] = (), **changes: Any) -> Vacance:
    """Five members, three of them élus: one place is left, and no minimum is in danger."""
    known: dict[str, Any] = {
        "creneau": MARDI,
        "limites": LIMITES,
        "membres": tuple(membres) or tuple(candidat(n) for n in (1, 2, 3, 4, 5)),
    }
    return Vacance(**known | changes)


BROKEN: list[tuple[str, Vacance, Candidat, Vacance, Candidat]] = [
    ("groupe_has_room", vacance([candidat(n) for n in range(1, 7)]), candidat(10), vacance(), candidat(10)),
    (
        "candidat_can_make_the_creneau",
        vacance(),
        candidat(10, creneaux={"jeudi-matin": Accord.PREFERE}),
        vacance(),
        candidat(10, creneaux={"jeudi-matin": Accord.PREFERE, MARDI: Accord.POSSIBLE}),
    ),
    (
        "local_hour_is_bearable",
        vacance(hors_horaires=frozenset({("974", MARDI)})),
        candidat(10, departement="974"),
        vacance(hors_horaires=frozenset({("974", "jeudi-matin"), ("988", MARDI)})),
        candidat(10, departement="974"),
    ),
    (
        "collectivite_is_not_in_the_groupe",
        vacance(),
        candidat(10, collectivite="commune:3"),
        vacance(),
        candidat(10, collectivite="epci:3"),
    ),
    (
        "minimum_of_the_other_qualite_is_kept",
        vacance([candidat(n) for n in (1, 2, 4, 6, 8)]),
        candidat(10),
        vacance([candidat(n) for n in (1, 3, 4, 6, 8)]),
        candidat(10),
    ),
    ("apart_wishes_are_kept", vacance(), candidat(10, sans=frozenset({"c002"})), vacance(), candidat(10)),
    (
        "apart_wishes_are_kept",
        vacance([candidat(1, sans=frozenset({"c010"})), *(candidat(n) for n in (2, 3, 4))]),
        candidat(10),
        vacance(),
        candidat(10, sans=frozenset({"c011"})),
    ),
    (
        "personne_has_a_place_left",
        vacance(places_de={"p10@exemple.fr": 1}),
        candidat(10),
        vacance(places_de={"p10@exemple.fr": 1}, limites=replace(LIMITES, places_par_personne=2)),
        candidat(10),
    ),
    (
        "collectivite_has_a_place_left",
        vacance(places_de_collectivite={"commune:10": 2}, limites=replace(LIMITES, places_par_collectivite=2)),
        candidat(10),
        vacance(places_de_collectivite={"commune:10": 2}),
        candidat(10),
    ),
]


@pytest.mark.parametrize(("rule", "outside", "refused", "inside", "allowed"), BROKEN)
def test_each_rule_just_outside_and_just_inside(
    rule: str, outside: Vacance, refused: Candidat, inside: Vacance, allowed: Candidat
) -> None:
    assert [r.__name__ for r in RULES if r(outside, refused)] == [rule]
    assert obstacle(inside, allowed) is None


def test_every_rule_is_tried() -> None:
    assert {rule for rule, *_ in BROKEN} == {rule.__name__ for rule in RULES}


def test_two_who_left_may_be_replaced_one_by_one() -> None:
    two_gone = vacance([candidat(n) for n in (1, 2, 4, 6)], limites=replace(LIMITES, elus_min=3))
    assert obstacle(two_gone, candidat(10)) == "il faut un élu pour garder le minimum de 3"
    assert obstacle(two_gone, candidat(11)) is None
    first = replace(two_gone, membres=(*two_gone.membres, candidat(11)))
    assert obstacle(first, candidat(13)) is None
    assert "ramène le groupe à 2 élus, encore sous le minimum" in why(two_gone, EnListe(candidat(11), 1)).lower()


BETTER: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("priorité de la taille", {"taille": Taille.PETITE}, {"taille": Taille.MOYENNE}),
    ("attente de la saison passée", {"attendu": True}, {"attendu": False}),
    ("élus et agents", {"qualite": Qualite.AGENT}, {"qualite": Qualite.ELU}),
    ("départements", {"departement": "77"}, {"departement": "03"}),
    ("tailles", {"taille": Taille.GRANDE}, {"taille": Taille.PETITE}),
    ("créneau", {"creneaux": {MARDI: Accord.PREFERE}}, {"creneaux": {MARDI: Accord.POSSIBLE}}),
]
PLAIN = {"qualite": Qualite.AGENT, "departement": "78"}


@pytest.mark.parametrize(("nom", "better", "worse"), BETTER)
def test_each_criterion_weighs_more_than_all_that_come_after_it(
    nom: str, better: dict[str, Any], worse: dict[str, Any]
) -> None:
    """The better one at this criterion is the worse at every later one that can be chosen apart."""
    names = [critere.nom for critere in ORDRE]
    later = [(n, b, w) for n, b, w in BETTER if names.index(n) > names.index(nom) and not set(b) & set(better)]
    burden = {field: value for _, _, w in later for field, value in w.items()}
    ease = {field: value for _, b, _ in later for field, value in b.items()}
    equal = replace(LIMITES, poids=dict.fromkeys(Taille, 1))
    gap = vacance() if nom == "priorité de la taille" else vacance(limites=equal)
    first = EnListe(candidat(10, **PLAIN | burden | better), 9)
    second = EnListe(candidat(12, **PLAIN | ease | worse), 1)
    found = study(gap, [second, first], combien=5)
    assert [a.personne for a in found.possibles] == [first, second]
    decisive = next(c for c in ORDRE if c.nom == nom)
    assert found.possibles[1].phrase.endswith(f" Passe après : {decisive.apres}.")


def test_the_qualite_that_two_minima_lack_most_weighs_more_than_the_size() -> None:
    gap = vacance([candidat(1)], limites=replace(LIMITES, elus_min=2, agents_min=3))
    elu = EnListe(candidat(11, taille=Taille.PETITE), 1)
    agent = EnListe(candidat(12, taille=Taille.GRANDE), 2)
    assert best(gap, [elu, agent]) == agent


def test_between_equals_the_place_on_the_list_decides_whatever_the_order_of_the_rows() -> None:
    people = [EnListe(candidat(n, **PLAIN), rang) for n, rang in ((10, 3), (12, 1), (14, 2))]
    for rows in (people, people[::-1]):
        assert [a.personne.rang for a in study(vacance(), rows, combien=2).possibles] == [1, 2]
        assert best(vacance(), rows) == people[1]


def test_the_sentence_says_what_the_person_brings() -> None:
    lost_an_elu = vacance([candidat(n) for n in (1, 2, 4, 6)])
    personne = EnListe(candidat(11, creneaux={MARDI: Accord.PREFERE}, attendu=True), 3)
    assert why(lost_an_elu, personne) == (
        "Garde 2 élus dans le groupe, vient d'une petite collectivité et d'un département qui n'y est pas encore, "
        "a attendu en vain la saison dernière, préfère le mardi matin ; 3e en attente."
    )
    other = EnListe(candidat(12, departement="04", taille=Taille.GRANDE), 1)
    assert why(vacance(), other) == (
        "Porte le groupe à 3 élus et 3 agents, vient d'une grande collectivité et d'un département qui y compte déjà "
        "1 personne, peut venir le mardi matin ; 1re en attente."
    )
    assert "département" not in why(vacance(), EnListe(candidat(12, departement=""), 1))


def test_who_is_passed_over_is_told_why_not_and_the_obstacles_are_counted() -> None:
    thursday = {"jeudi-matin": Accord.POSSIBLE}
    waiting = [
        EnListe(candidat(10, creneaux=thursday), 1),
        EnListe(candidat(12, collectivite="commune:2"), 2),
        EnListe(candidat(14), 3),
        EnListe(candidat(16, creneaux=thursday), 4),
    ]
    found = study(vacance(), waiting, combien=5)
    assert [a.personne.rang for a in found.possibles] == [3]
    assert [(a.personne.rang, a.phrase) for a in found.passes] == [
        (1, "ne peut pas venir le mardi matin"),
        (2, "sa collectivité est déjà dans le groupe"),
    ]
    assert found.obstacles == (("ne peut pas venir le mardi matin", 2), ("sa collectivité est déjà dans le groupe", 1))
    nobody = study(vacance(), waiting[:2], combien=1)
    assert (nobody.possibles, nobody.combien_possibles, len(nobody.passes)) == ((), 0, 1)


candidats = st.builds(
    lambda number, commune, departement, elu, taille, creneaux, sans, attendu: candidat(
        number,
        collectivite=f"commune:{commune}",
        departement=f"{departement:02}",
        qualite=Qualite.ELU if elu else Qualite.AGENT,
        taille=taille,
        creneaux=creneaux,
        sans=frozenset(f"c{n:03}" for n in sans - {number}),
        attendu=attendu,
    ),
    st.integers(0, 60),
    st.integers(0, 40),
    st.integers(0, 5),
    st.booleans(),
    st.sampled_from(Taille),
    st.sampled_from(({MARDI: Accord.PREFERE}, {MARDI: Accord.POSSIBLE}, {"jeudi-matin": Accord.PREFERE})),
    st.sets(st.integers(0, 60), max_size=2),
    st.booleans(),
)


def keeps_every_rule(gap: Vacance, membres: Sequence[Candidat]) -> bool:
    """The rules of a groupe, said again here in one place and apart from the code that they judge."""
    counts = Counter(m.qualite for m in membres)
    ids = {m.id for m in membres}
    return (
        gap.limites.min <= len(membres) <= gap.limites.max
        and len({m.collectivite for m in membres}) == len(membres)
        and all(gap.creneau in m.creneaux and (m.departement, gap.creneau) not in gap.hors_horaires for m in membres)
        and counts[Qualite.ELU] >= gap.limites.elus_min
        and counts[Qualite.AGENT] >= gap.limites.agents_min
        and not any(m.sans & ids for m in membres)
    )


@settings(deadline=None)
@given(st.lists(candidats, unique_by=lambda c: c.id, min_size=6, max_size=30), st.data())
def test_whoever_is_proposed_keeps_every_rule_that_the_groupe_kept(people: list[Candidat], data: st.DataObject) -> None:
    gap = vacance(limites=LIMITES, hors_horaires=frozenset({("05", MARDI)}))
    membres: list[Candidat] = []
    for person in people:  # as many as rules allow: the minima are then kept or the example says nothing
        if obstacle(replace(gap, membres=tuple(membres)), person) is None:
            membres.append(person)
    if not keeps_every_rule(gap, membres):
        return
    gone = data.draw(st.sampled_from(membres))
    left = replace(gap, membres=tuple(m for m in membres if m is not gone))
    waiting = [EnListe(p, rang) for rang, p in enumerate((p for p in people if p not in membres), 1)]
    found = study(left, waiting, combien=len(waiting) or 1)
    for avis in found.possibles:
        assert keeps_every_rule(gap, (*left.membres, avis.personne.candidat))
    refused = {p.rang for p in waiting} - {a.personne.rang for a in found.possibles}
    for personne in waiting:
        if personne.rang in refused:
            assert not keeps_every_rule(gap, (*left.membres, personne.candidat))
    assert best(left, waiting) == (found.possibles[0].personne if found.possibles else None)
