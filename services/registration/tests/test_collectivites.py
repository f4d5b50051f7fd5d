import io
import time
from collections import Counter
from dataclasses import replace

import pytest
from registration.collectivites import (
    SOURCE,
    SOURCE_DATE,
    Collectivite,
    Reference,
    SeuilsTaille,
    Taille,
    TypeCollectivite,
    autre,
    build,
    load_reference,
    taille,
)
from registration.collectivites.reference import read_data
from registration.collectivites.sample import draw_sample, write_sample

COMMUNE, EPCI = TypeCollectivite.COMMUNE, TypeCollectivite.EPCI
DEPARTEMENT, REGION, AUTRE = TypeCollectivite.DEPARTEMENT, TypeCollectivite.REGION, TypeCollectivite.AUTRE


@pytest.fixture(scope="module")
def reference() -> Reference:
    return load_reference()


def found(reference: Reference, kind: TypeCollectivite, code: str) -> Collectivite:
    body = reference.get(kind, code)
    assert body is not None
    return body


def test_the_reference_holds_what_was_published(reference: Reference) -> None:
    counts = Counter(body.type for body in reference)
    assert counts == {COMMUNE: 34_969, EPCI: 1_255, DEPARTEMENT: 95, REGION: 25}
    communes = [body for body in reference if body.type is COMMUNE]
    assert sum(body.siren is None for body in communes) == 94
    assert sum(body.population is None for body in communes) == 6


def test_every_body_has_a_key_of_its_own(reference: Reference) -> None:
    assert len({body.cle for body in reference}) == len(reference)
    assert found(reference, DEPARTEMENT, "01").nom == "Ain"
    assert found(reference, REGION, "01").nom == "Guadeloupe"


def test_the_data_file_cites_its_source() -> None:
    header = read_data()
    assert header["source"] == SOURCE
    assert header["date"] == SOURCE_DATE.isoformat()
    assert header["package"] == "@etalab/decoupage-administratif@6.0.0"
    assert "Licence Ouverte" in header["licence"]


@pytest.mark.parametrize(
    ("kind", "old", "present"),
    [
        (COMMUNE, "01340", "commune:01015"),  # Saint-Bois, now Arboys en Bugey
        (COMMUNE, "69383", "commune:69123"),  # Lyon 3e
        (DEPARTEMENT, "2A", "region:94"),
        (DEPARTEMENT, "67", "departement:6AE"),
        (DEPARTEMENT, "75", "commune:75056"),
        (REGION, "06", "departement:976"),
        (DEPARTEMENT, "987", "region:987"),
    ],
)
def test_a_former_key_leads_to_the_body_that_took_its_place(
    reference: Reference, kind: TypeCollectivite, old: str, present: str
) -> None:
    assert found(reference, kind, old).cle == present


def test_every_successor_exists(reference: Reference) -> None:
    for old in read_data()["successors"]:
        kind, code = old.split(":")
        assert reference.get(TypeCollectivite(kind), code), old


def test_a_code_of_nothing_is_unknown(reference: Reference) -> None:
    assert reference.get(COMMUNE, "99999") is None
    assert reference.get(EPCI, "69072") is None


@pytest.mark.parametrize(
    ("typed", "libelle"),
    [
        ("pelussin", "Pélussin (commune, Loire)"),
        ("san gavino di tenda", "San-Gavino-di-Tenda (commune, Haute-Corse)"),
        ("Mairie de Dardilly", "Dardilly (commune, Rhône)"),
        ("69072", "Dardilly (commune, Rhône)"),
        ("69570", "Dardilly (commune, Rhône)"),
        ("arbignieu", "Arboys en Bugey (commune, Ain)"),
        ("l'haÿ les roses", "L'Haÿ-les-Roses (commune, Val-de-Marne)"),
        ("cc pilat rhodanien", "CC du Pilat Rhodanien (intercommunalité, Loire)"),
        ("communauté de communes du pilat rhodanien", "CC du Pilat Rhodanien (intercommunalité, Loire)"),
        ("conseil départemental de la loire", "Loire (département)"),
        ("42", "Loire (département)"),
        ("bretagne", "Bretagne (région)"),
        ("y", "Y (commune, Somme)"),
    ],
)
def test_what_people_type_finds_first_what_they_mean(reference: Reference, typed: str, libelle: str) -> None:
    assert reference.search(typed)[0].libelle == libelle


def test_accents_hyphens_case_and_saint_do_not_matter(reference: Reference) -> None:
    first, *others = [
        reference.search(typed) for typed in ("st etienne", "saint-étienne", "SAINT ETIENNE", "St-Étienne")
    ]
    assert first[0].code == "42218"
    assert all(other == first for other in others)
    assert reference.search("ste colombe") == reference.search("Sainte-Colombe")


@pytest.mark.parametrize("narrowing", ["69", "rhône", "Rhone"])
def test_namesakes_are_told_apart_by_their_departement(reference: Reference, narrowing: str) -> None:
    namesakes = {body.libelle for body in reference.search("sainte colombe", limit=30)}
    assert {"Sainte-Colombe (commune, Rhône)", "Sainte-Colombe (commune, Gironde)"} <= namesakes
    assert reference.search(f"sainte colombe {narrowing}")[0].departement == "69"


def test_the_exact_name_comes_before_a_larger_population(reference: Reference) -> None:
    names = [body.nom for body in reference.search("saint-denis", types={COMMUNE})]
    assert names[:2] == ["Saint-Denis", "Saint-Denis"]
    assert reference.search("lyon", limit=1)[0].code == "69123"


def test_a_search_keeps_to_the_types_and_the_limit_asked_for(reference: Reference) -> None:
    assert {body.type for body in reference.search("loire", types={EPCI})} == {EPCI}
    assert len(reference.search("saint", limit=7)) == 7
    assert reference.search("  ") == reference.search("zzzz") == []


def test_a_search_takes_a_few_milliseconds(reference: Reference) -> None:
    typed = [word[:length] for word in ("saint etienne", "la rochelle", "communaute") for length in (2, 4, 7, 10)]
    start = time.process_time()
    for text in typed:
        reference.search(text)
    assert (time.process_time() - start) / len(typed) < 0.01


def test_a_body_of_no_list_is_known_by_its_name(reference: Reference) -> None:
    syndicat = found(reference, AUTRE, "Syndicat  mixte de l’Èbre")
    assert syndicat.cle == "autre:syndicat-mixte-de-l-ebre"
    assert syndicat.libelle == "Syndicat mixte de l’Èbre (autre organisme)"
    assert found(reference, AUTRE, "SYNDICAT MIXTE DE L'EBRE").cle == syndicat.cle
    assert autre(" - ") is None
    assert autre("12345") is None
    assert autre("x" * 151) is None


@pytest.mark.parametrize(
    ("kind", "population", "expected"),
    [
        (COMMUNE, None, Taille.PETITE),
        (COMMUNE, 3_499, Taille.PETITE),
        (COMMUNE, 3_500, Taille.MOYENNE),
        (COMMUNE, 19_999, Taille.MOYENNE),
        (COMMUNE, 20_000, Taille.GRANDE),
        (EPCI, 19_999, Taille.PETITE),
        (EPCI, 20_000, Taille.MOYENNE),
        (EPCI, 99_999, Taille.MOYENNE),
        (EPCI, 100_000, Taille.GRANDE),
        (DEPARTEMENT, 76_000, Taille.GRANDE),
        (REGION, None, Taille.GRANDE),
        (AUTRE, None, Taille.MOYENNE),
    ],
)
def test_a_size_class_begins_at_its_threshold(kind: TypeCollectivite, population: int | None, expected: Taille) -> None:
    assert taille(Collectivite(kind, "x", "X", population=population)) is expected


def test_the_classes_hold_what_the_decision_record_says(reference: Reference) -> None:
    counts = Counter((body.type, taille(body)) for body in reference)
    assert [counts[COMMUNE, size] for size in Taille] == [31_679, 2_798, 492]
    assert [counts[EPCI, size] for size in Taille] == [527, 602, 126]


def test_thresholds_are_settings_and_must_rise() -> None:
    village = Collectivite(COMMUNE, "42168", "Pélussin", population=3_727)
    assert taille(village, SeuilsTaille(commune_moyenne=5_000)) is Taille.PETITE
    with pytest.raises(ValueError, match="rise"):
        replace(SeuilsTaille(), commune_grande=3_000)


def test_a_sample_covers_every_inhabited_departement_and_repeats(reference: Reference) -> None:
    sample = draw_sample(reference, 400)
    assert len({body.cle for body in sample}) == 400
    inhabited = {body.departement for body in reference if body.type is COMMUNE} - {"984", "989"}
    assert {body.departement for body in sample if body.departement} == inhabited
    small = [body for body in sample if body.type is COMMUNE and taille(body) is Taille.PETITE]
    assert len(small) == 300
    out = io.StringIO()
    write_sample(reference, 400, out)
    assert [line.split(",")[1] for line in out.getvalue().splitlines()[1:]] == [body.code for body in sample]


TABLES: dict[str, build.Rows] = {
    "departements": [
        {"code": "01", "nom": "Ain", "zone": "metro"},
        {"code": "2A", "nom": "Corse-du-Sud", "zone": "metro"},
    ],
    "regions": [{"code": "84", "nom": "Auvergne-Rhône-Alpes"}, {"code": "94", "nom": "Corse"}],
    "communes": [
        {"type": "commune-actuelle", "code": "2A004", "nom": "Ajaccio", "departement": "2A", "region": "94"}
        | {"population": 70, "siren": "212000046", "codesPostaux": ["20000"]},
        {"type": "commune-actuelle", "code": "01015", "nom": "Arboys en Bugey", "departement": "01"}
        | {"region": "84", "population": 10, "anciensCodes": ["01340"]},
        {"type": "commune-deleguee", "code": "01340", "nom": "Saint-Bois", "chefLieu": "01015"},
        {"type": "commune-deleguee", "code": "01015", "nom": "Arbignieu", "chefLieu": "01015"},
    ],
    "epci": [
        {"code": "200000001", "nom": "CC des deux rives", "populationMunicipale": 80}
        | {
            "membres": [
                {"code": "01015", "populationMunicipale": 10},
                {"code": "2A004", "populationMunicipale": 70},
            ]
        },
    ],
}


def test_a_rebuild_gives_the_same_bytes_whatever_the_order_of_the_package() -> None:
    shuffled = {name: rows[::-1] for name, rows in TABLES.items()}
    assert build.pack(build.build_data(TABLES)) == build.pack(build.build_data(shuffled))


def test_a_rebuild_follows_mergers_and_files_an_epci_where_most_people_live() -> None:
    small = Reference(build.build_data(TABLES))
    assert found(small, COMMUNE, "01340").nom == "Arboys en Bugey"
    assert small.search("arbignieu") == small.search("st bois") == [found(small, COMMUNE, "01015")]
    assert found(small, EPCI, "200000001").departement == "2A"
    assert found(small, DEPARTEMENT, "2A") == found(small, REGION, "94")
    assert found(small, REGION, "94").population == 70
