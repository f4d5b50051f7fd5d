from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st
from registration.collectivites import TypeCollectivite, load_reference
from registration.domain import (
    DELAI_DE_GRACE,
    Campagne,
    Demande,
    EtatCampagne,
    Regle,
    adresse_cle,
    broken_rule,
    lost_by_change,
)

NOW = datetime(2027, 3, 10, 9, 0, tzinfo=UTC)


@pytest.fixture
def ouverte(campagne: Campagne) -> Campagne:
    return replace(campagne, etat=EtatCampagne.OUVERTE)


@pytest.fixture
def demande(ouverte: Campagne) -> Demande:
    pelussin = load_reference().get(TypeCollectivite.COMMUNE, "42168")
    return Demande(ouverte, "eau", pelussin, adresse_cle("eve@pelussin.fr"), frozenset({"mardi-matin"}), True, NOW)


def test_a_right_inscription_breaks_no_rule(demande: Demande) -> None:
    assert demande.collectivite is not None
    assert broken_rule(demande, NOW) is None


@pytest.mark.parametrize(
    ("changes", "regle"),
    [
        ({"campagne": None}, Regle.CAMPAGNE_INCONNUE),
        ({"thematique": "espace"}, Regle.THEMATIQUE_INCONNUE),
        ({"collectivite": None}, Regle.COLLECTIVITE_INCONNUE),
        ({"adresse": adresse_cle("eve@pelussin")}, Regle.ADRESSE_INVALIDE),
        ({"creneaux": frozenset({"lundi-matin"})}, Regle.AUCUN_CRENEAU),
        ({"creneaux": frozenset()}, Regle.AUCUN_CRENEAU),
        ({"engagements": False}, Regle.ENGAGEMENTS_MANQUANTS),
        ({"engagements": False, "thematique": "espace"}, Regle.THEMATIQUE_INCONNUE),
    ],
)
def test_the_first_broken_rule_is_the_answer(demande: Demande, changes: dict[str, object], regle: Regle) -> None:
    assert broken_rule(demande._replace(**changes), NOW) is regle  # type: ignore[arg-type]


def test_the_inscription_window_is_open_at_both_its_ends_and_shut_outside(ouverte: Campagne) -> None:
    second = timedelta(seconds=1)
    assert ouverte.receives(ouverte.inscriptions_du)
    assert ouverte.receives(ouverte.inscriptions_au)
    assert not ouverte.receives(ouverte.inscriptions_du - second)
    assert not ouverte.receives(ouverte.inscriptions_au + second)
    assert not replace(ouverte, etat=EtatCampagne.BROUILLON).receives(NOW)


def test_what_was_sent_before_the_close_counts_for_one_day_after_it(ouverte: Campagne) -> None:
    closed = replace(ouverte, etat=EtatCampagne.CLOSE, close_le=NOW)
    before, after = NOW - timedelta(minutes=1), NOW + timedelta(minutes=1)
    assert closed.accepts(before, NOW + DELAI_DE_GRACE)
    assert not closed.accepts(before, NOW + DELAI_DE_GRACE + timedelta(seconds=1))
    assert not closed.accepts(after, NOW + timedelta(hours=1))


def test_letter_case_makes_no_second_address() -> None:
    assert adresse_cle("Eve.Martin@Pelussin.FR") == adresse_cle("eve.martin@pelussin.fr")
    assert adresse_cle("eve martin@pelussin.fr") is None


_LOCALS = st.text("aB0._+-'é @", max_size=8) | st.integers(60, 68).map("a".__mul__)
_DOMAINS = st.sampled_from(
    ["pelussin.fr", "Mairie.PELUSSIN.fr", "évian.fr", "pelussin", "a..fr", "x.test", "", "b@c.fr"]
)


@given(_LOCALS, _DOMAINS | st.integers(180, 200).map(lambda n: "a." * n + "fr"))
def test_an_address_is_what_the_library_says(local: str, domain: str) -> None:
    email = f"{local}@{domain}"
    try:
        expected = validate_email(email, check_deliverability=False).normalized.casefold()
    except EmailNotValidError:
        expected = None
    assert adresse_cle(email) == expected


def test_an_open_campagne_may_gain_a_creneau_but_not_lose_one(ouverte: Campagne) -> None:
    more = replace(ouverte, creneaux=(*ouverte.creneaux, "lundi-matin"))
    assert lost_by_change(ouverte, more) == ()
    assert lost_by_change(more, ouverte) == ("lundi-matin",)
    assert lost_by_change(ouverte, replace(ouverte, thematiques=ouverte.thematiques[:1])) == (
        ouverte.thematiques[1].titre,
    )
