from datetime import UTC, date, datetime

import pytest
from chassis.web import french
from markupsafe import Markup

NB = "\u00a0"


def test_the_first_of_a_month_is_premier_and_the_others_are_plain() -> None:
    assert french.date_longue(date(2027, 6, 1)) == f"mardi 1er{NB}juin 2027"
    assert french.date_longue(date(2027, 8, 11)) == f"mercredi 11{NB}août 2027"
    assert french.date_courte(date(2027, 12, 1)) == f"1er{NB}décembre 2027"
    assert french.jour_mois(date(2027, 6, 2)) == f"mercredi 2{NB}juin"


def test_a_moment_is_told_in_the_legal_time_of_paris_summer_and_winter() -> None:
    assert french.heure(datetime(2027, 6, 1, 12, 30, tzinfo=UTC)) == f"14{NB}h{NB}30"
    assert french.heure(datetime(2027, 1, 5, 13, 0, tzinfo=UTC)) == f"14{NB}h"
    assert french.heure(datetime(2027, 1, 5, 7, 5, tzinfo=UTC)) == f"8{NB}h{NB}05"


def test_a_moment_late_in_the_day_falls_on_the_day_of_paris() -> None:
    assert french.date_heure(datetime(2027, 5, 31, 22, 30, tzinfo=UTC)) == f"mardi 1er{NB}juin 2027 à{NB}0{NB}h{NB}30"


def test_a_moment_without_time_zone_is_refused() -> None:
    naive = datetime(2027, 6, 1, 12)  # noqa: DTZ001 - the fault under test
    for tell in (french.heure, french.date_longue, french.date_heure):
        with pytest.raises(ValueError, match="time zone"):
            tell(naive)


def test_a_range_of_hours_has_both_its_ends() -> None:
    debut, fin = (datetime(2027, 6, 1, hour, 30, tzinfo=UTC) for hour in (6, 8))
    assert french.plage_horaire(debut, fin) == f"de{NB}8{NB}h{NB}30 à{NB}10{NB}h{NB}30"


@pytest.mark.parametrize(("valeur", "lu"), [(999, "999"), (12345, "12\u202f345"), (3.5, "3,5"), (-2, "-2")])
def test_thousands_are_parted_by_a_narrow_no_break_space(valeur: float, lu: str) -> None:
    assert french.nombre(valeur) == lu


def test_the_plural_starts_at_two() -> None:
    assert [french.pluriel(n, "groupe") for n in (0, 1, 1.5, 2, 1200)] == [
        f"0{NB}groupe",
        f"1{NB}groupe",
        f"1,5{NB}groupe",
        f"2{NB}groupes",
        f"1\u202f200{NB}groupes",
    ]
    assert french.pluriel(3, "créneau", "créneaux") == f"3{NB}créneaux"
    assert french.accord(1, "attend", "attendent") == "attend"


def test_only_the_first_rank_has_a_gender() -> None:
    assert [french.ordinal(1), french.ordinal(1, feminin=True), french.ordinal(3)] == ["1er", "1re", "3e"]


def test_a_list_is_read_as_a_sentence() -> None:
    assert [french.lister(list(word)) for word in ("", "a", "ab", "abc")] == ["", "a", "a et b", "a, b et c"]
    assert french.lister(["lundi", "mardi"], "ou") == "lundi ou mardi"


def test_a_creneau_is_read_with_its_accents_and_an_unknown_one_is_refused() -> None:
    assert french.creneau_libelle("mardi-matin") == "mardi matin"
    assert french.creneau_libelle("vendredi-apres-midi") == "vendredi après-midi"
    with pytest.raises(ValueError, match="nuit"):
        french.creneau_libelle("mardi-nuit")


@pytest.mark.parametrize(
    ("texte", "attendu"),
    [
        ("Qui ? Vous : élus ; agents !", f"Qui{NB}? Vous{NB}: élus{NB}; agents{NB}!"),
        ("Vraiment?! Oui:", f"Vraiment{NB}?! Oui{NB}:"),
        ("le bouton « Oui » et «Non»", f"le bouton «{NB}Oui{NB}» et «{NB}Non{NB}»"),
        ("à 14 h 30, ou 9 h.", f"à 14{NB}h{NB}30, ou 9{NB}h."),
        ("95 % pour 3 € au n° 4", f"95{NB}% pour 3{NB}€ au n°{NB}4"),
        ("https://exemple.fr/?q=a&b=c à 14:30", "https://exemple.fr/?q=a&b=c à 14:30"),
    ],
)
def test_the_spaces_of_french_punctuation_never_break(texte: str, attendu: str) -> None:
    assert french.typographie(texte) == attendu
    assert french.typographie(attendu) == attendu


def test_markup_stays_markup_and_its_entities_stay_whole() -> None:
    corrige = french.typographie(Markup("<b>Qui &amp; quoi ?</b>"))
    assert isinstance(corrige, Markup)
    assert corrige == f"<b>Qui &amp; quoi{NB}?</b>"
    assert not isinstance(french.typographie("<b>"), Markup)


def test_every_filter_bears_the_name_of_its_function() -> None:
    assert {"date_longue", "heure", "pluriel", "typographie"} <= french.filters().keys()
    assert french.filters()["nombre"](1500) == "1\u202f500"
