from collections import Counter
from datetime import UTC, datetime

import pytest
from contracts.events.inscriptions import Qualite
from email_validator import EmailNotValidError, validate_email
from portal.generator import collectivites, generate, slug

THEMATIQUES = ("tensions", "forets", "egalite", "montagnes", "eau", "solidarite")
CRENEAUX = ("mardi-matin", "mardi-apres-midi", "jeudi-matin", "jeudi-apres-midi", "vendredi-matin")
NOW = datetime(2027, 3, 2, 9, tzinfo=UTC)
PEOPLE = generate(600, "printemps-2027", THEMATIQUES, CRENEAUX, 1, now=NOW)


def test_the_same_seed_gives_the_same_people_and_another_seed_others() -> None:
    assert generate(600, "printemps-2027", THEMATIQUES, CRENEAUX, 1, now=NOW) == PEOPLE
    other = generate(600, "printemps-2027", THEMATIQUES, CRENEAUX, 2, now=NOW)
    assert not {one.inscription for one in other} & {one.inscription for one in PEOPLE}


def test_everybody_keeps_the_rules_and_has_an_address_and_an_id_of_their_own() -> None:
    known = {(place.type, place.code) for place in collectivites()}
    assert len({one.inscription for one in PEOPLE}) == len({one.personne.email for one in PEOPLE}) == 600
    for one in PEOPLE:
        validate_email(one.personne.email, check_deliverability=False)
        assert (one.collectivite.type, one.collectivite.code) in known
        assert one.engagements.tous
        assert one.disponibilites
        assert {choice.creneau for choice in one.disponibilites} <= set(CRENEAUX)
        assert one.personne.email.endswith(".example")


def test_the_choice_is_uneven_as_in_life_and_nearly_half_are_elus() -> None:
    chosen = Counter(one.thematique for one in PEOPLE)
    assert set(chosen) == set(THEMATIQUES)
    assert chosen["eau"] > 1.5 * chosen["montagnes"]
    assert 0.40 < sum(one.qualite is Qualite.ELU for one in PEOPLE) / 600 < 0.50


def test_some_colleagues_register_but_most_collectivites_send_one_person() -> None:
    first = PEOPLE[:300]
    places = Counter((one.collectivite.type, one.collectivite.code) for one in first)
    assert 5 < 300 - len(places) < 50


def test_those_who_register_twice_come_last_under_a_new_id_with_other_letters() -> None:
    again = generate(100, "printemps-2027", THEMATIQUES, CRENEAUX, 1, now=NOW, duplicates=0.1)
    first, twice = again[:100], again[100:]
    assert len(twice) == 10
    known = {(one.personne.email, one.thematique) for one in first}
    assert all((one.personne.email.lower(), one.thematique) in known for one in twice)
    assert not {one.inscription for one in twice} & {one.inscription for one in first}


def test_each_way_to_break_a_rule_is_met() -> None:
    wrong = generate(100, "printemps-2027", THEMATIQUES, CRENEAUX, 1, now=NOW, broken=0.06)[100:]
    unknown_place, no_creneau, no_promise, bad_address, no_thematique, no_campagne = wrong
    assert unknown_place.collectivite.code == "99999"
    assert no_creneau.disponibilites == ()
    assert not no_promise.engagements.tous
    with pytest.raises(EmailNotValidError):
        validate_email(bad_address.personne.email, check_deliverability=False)
    assert no_thematique.thematique not in THEMATIQUES
    assert no_campagne.campagne != "printemps-2027"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Évette-Salbert", "evette-salbert"), ("CC Entr'Allier Besbre", "cc-entr-allier-besbre"), ("Œuilly", "oeuilly")],
)
def test_a_slug_is_plain_ascii(name: str, expected: str) -> None:
    assert slug(name) == expected
