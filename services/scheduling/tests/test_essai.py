"""`scheduling essai`: what it writes, that it is the same whatever the order of the rows, and what it refuses."""

import csv
import json
import random
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from scheduling.app import main
from scheduling.essai import writing
from scheduling.essai.inscriptions import read_inscriptions
from scheduling.essai.parametres import read_parametres
from scheduling.essai.problem import make_problem
from scheduling.solver.problem import GroupeForme, GroupingProblem
from scheduling.solver.rules import broken_rules
from scheduling.solver.season import bound_to
from scheduling.solver.timetable_problem import GroupeAPlanifier, SeancePlanifiee, Timetable
from scheduling.solver.timetable_rules import broken_seance_rules
from typer.testing import CliRunner

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "essai"
FILES = ("groupes.csv", "seances.csv", "attente.csv")


def run(inscriptions: Path, parametres: Path, sortie: Path) -> tuple[int, str]:
    """Exit code and everything that the person reads, on single lines."""
    arguments = ["essai", str(inscriptions), "--parametres", str(parametres), "--sortie", str(sortie)]
    result = CliRunner().invoke(main, arguments)
    return result.exit_code, result.output.replace("\u00a0", " ")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def header(path: Path) -> str:
    return path.read_text(encoding="utf-8").partition("\n")[0]


def problem_of(inscriptions: Path, parametres: Path) -> GroupingProblem:
    candidats = read_inscriptions(inscriptions)
    found = read_parametres(parametres, sorted({c.thematique for c in candidats}))
    return bound_to(make_problem(candidats, found), found.horaire)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sortie = tmp_path_factory.mktemp("essai") / "sortie"
    code, said = run(EXAMPLE / "inscriptions.csv", EXAMPLE / "parametres.toml", sortie)
    assert code == 0, said
    return sortie


def formed(sortie: Path) -> tuple[GroupeForme, ...]:
    members: dict[tuple[str, str, str], list[str]] = {}
    for row in rows(sortie / "groupes.csv"):
        members.setdefault((row["groupe"], row["thematique"], row["creneau"]), []).append(row["inscription"])
    return tuple(
        GroupeForme(id=groupe, thematique=thematique, creneau=creneau, membres=tuple(sorted(people)))
        for (groupe, thematique, creneau), people in sorted(members.items())
    )


def test_files_have_the_columns_that_are_promised(result: Path) -> None:
    assert sorted(p.name for p in result.iterdir()) == ["attente.csv", "groupes.csv", "rapport.json", "seances.csv"]
    assert header(result / "groupes.csv") == "inscription,personne,thematique,groupe,creneau,animateur"
    assert header(result / "seances.csv") == "groupe,rang,debut,fin,animateur"
    assert header(result / "attente.csv") == "inscription,code,raison"


def test_groupes_keep_every_rule_and_everyone_has_one_decision(result: Path) -> None:
    problem = problem_of(EXAMPLE / "inscriptions.csv", EXAMPLE / "parametres.toml")
    assert broken_rules(problem, formed(result)) == []
    decided = [row["inscription"] for name in ("groupes.csv", "attente.csv") for row in rows(result / name)]
    assert sorted(decided) == sorted(c.id for c in problem.candidats)
    assert all(row["code"] and row["raison"] for row in rows(result / "attente.csv"))


def test_seances_keep_every_rule(result: Path) -> None:
    candidats = read_inscriptions(EXAMPLE / "inscriptions.csv")
    horaire = read_parametres(EXAMPLE / "parametres.toml", sorted({c.thematique for c in candidats})).horaire
    homes = {c.id: c.departement for c in candidats}
    groupes = tuple(
        GroupeAPlanifier(g.id, g.thematique, g.creneau, tuple(homes[m] for m in g.membres)) for g in formed(result)
    )
    seances = tuple(
        SeancePlanifiee(
            row["groupe"],
            int(row["rang"]),
            datetime.fromisoformat(row["debut"]),
            datetime.fromisoformat(row["fin"]),
            row["animateur"],
        )
        for row in rows(result / "seances.csv")
    )
    assert all(s.debut.tzinfo and s.fin.tzinfo for s in seances)
    timetable = Timetable(seances, (), (), 0, 0.0, "borne")
    assert broken_seance_rules(replace(horaire, groupes=groupes), timetable) == []


def test_report_counts_what_the_files_hold(result: Path) -> None:
    rapport = json.loads((result / "rapport.json").read_text(encoding="utf-8"))
    weights = {
        c.id: {"petite": 3, "moyenne": 2, "grande": 1}[c.taille]
        for c in read_inscriptions(EXAMPLE / "inscriptions.csv")
    }
    placed = rows(result / "groupes.csv")
    assert rapport["poids_place"] == sum(weights[row["inscription"]] for row in placed)
    assert rapport["poids_place"] <= rapport["borne"]
    assert rapport["preuve"] in {"optimal", "borne"}
    assert rapport["duree_s"] > 0
    assert rapport["memoire_mo"] > 0
    for thematique, part in rapport["thematiques"].items():
        mine = [row for row in placed if row["thematique"] == thematique]
        assert part["places"] == len(mine)
        assert part["poids_place"] == sum(weights[row["inscription"]] for row in mine) <= part["borne"]
        assert sum(c["poids_place"] for c in part["creneaux"].values()) == part["poids_place"]


def test_result_is_the_same_whatever_the_order_of_the_rows_and_the_spreadsheet(result: Path, tmp_path: Path) -> None:
    first, *others = (EXAMPLE / "inscriptions.csv").read_text(encoding="utf-8").splitlines()
    random.Random(7).shuffle(others)  # noqa: S311 - draws test data
    table = csv.reader([first, *others])
    with (tmp_path / "autre.csv").open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, delimiter=";", lineterminator="\r\n").writerows(table)
    code, said = run(tmp_path / "autre.csv", EXAMPLE / "parametres.toml", tmp_path / "sortie")
    assert code == 0, said
    for name in FILES:
        assert (tmp_path / "sortie" / name).read_bytes() == (result / name).read_bytes()


def edited(tmp_path: Path, name: str, change: Callable[[str], str]) -> Path:
    path = tmp_path / name
    path.write_text(change((EXAMPLE / name).read_text(encoding="utf-8")), encoding="utf-8")
    return path


def cell(line: int, column: str, value: str) -> Callable[[str], str]:
    """Put a value in a cell; line 1 is the header."""

    def change(text: str) -> str:
        lines = text.splitlines()
        index = lines[0].split(",").index(column)
        cells = lines[line - 1].split(",")
        cells[index] = value
        lines[line - 1] = ",".join(cells)
        return "\n".join(lines) + "\n"

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (cell(4, "qualite", "maire"), "ligne 4 : qualite « maire » n’est pas connu : écrivez elu, agent."),
        (cell(5, "taille", "énorme"), "ligne 5 : taille « énorme » n’est pas connu"),
        (cell(3, "inscription", "I0000001"), "ligne 3 : l’inscription I0000001 figure déjà à la ligne 2."),
        (cell(3, "inscription", ""), "ligne 3 : la colonne inscription est vide."),
        (cell(6, "personne", " "), "ligne 6 : la colonne personne est vide."),
        (cell(2, "rang", "0"), "ligne 2 : rang « 0 » n’est pas un nombre entier de 1 à 99"),
        (cell(2, "rang", "9" * 20), "n’est pas un nombre entier de 1 à 99"),
        (cell(2, "recue_le", "0001-01-01"), "ligne 2 : recue_le « 0001-01-01 » n’est pas une date"),
        (cell(2, "recue_le", "hier"), "ligne 2 : recue_le « hier » n’est pas une date"),
        (cell(2, "creneaux", "mardi-soir:prefere"), "ligne 2 : creneaux : « mardi-soir:prefere » n’est pas un créneau"),
        (cell(2, "creneaux", "mardi-matin"), "écrivez mardi-matin:prefere ou mardi-matin:possible"),
        (cell(9, "avec", "I9999999"), "ligne 9 : avec nomme l’inscription I9999999, qui n’existe pas."),
        (cell(2, "sans", "I0000001"), "ligne 2 : sans nomme sa propre inscription"),
        (
            lambda text: text.replace(",avec,", ",avecc,", 1),
            "la colonne avecc n’est pas connue : vouliez-vous écrire avec ?",
        ),
        (lambda text: text.replace(",creneaux,", ",quand,", 1), "ligne 1 : il manque creneaux"),
        (lambda text: text.replace(",qualite,", ",taille,", 1), "ligne 1 : la colonne taille figure deux fois"),
        (lambda text: text + "I9,P9,commune:1\n", "la ligne a 3 valeurs au lieu de 12"),
        (lambda text: text.partition("\n")[0] + "\n", "ne contient aucune inscription"),
        (lambda _: "", "le fichier est vide"),
    ],
)
def test_a_wrong_row_is_named_with_its_line_and_nothing_is_written(
    tmp_path: Path, change: Callable[[str], str], said: str
) -> None:
    path = edited(tmp_path, "inscriptions.csv", change)
    code, text = run(path, EXAMPLE / "parametres.toml", tmp_path / "sortie")
    assert code == 2
    assert said in text
    assert "Rien n’a été écrit." in text
    assert not (tmp_path / "sortie").exists()


def test_columns_of_ones_own_are_left_alone(tmp_path: Path) -> None:
    path = edited(
        tmp_path, "inscriptions.csv", lambda text: text.replace("\n", ",06\n").replace("sans,06", "sans,telephone")
    )
    assert len(read_inscriptions(path)) == len(rows(path))


BAD_SETTING = re.compile(r"'|\b1e\b|\d ?h ?\d|\d %| [:;!?»]|« ")
"""Signs as they are typed, which print has otherwise: all need the other apostrophe or a space that doesn't break."""


def test_what_people_read_is_set_as_in_print(result: Path, tmp_path: Path) -> None:
    few = edited(tmp_path, "inscriptions.csv", lambda text: text.replace(",elu,", ",agent,", 150))
    overlap = edited(tmp_path, "parametres.toml", put('"13:30"', '"09:30"'))
    said = []
    for keys, name in ((EXAMPLE / "parametres.toml", "sortie"), (overlap, "rien")):
        arguments = ["essai", str(few), "--parametres", str(keys), "--sortie", str(tmp_path / name)]
        said.append(CliRunner().invoke(main, arguments).output)
    read = [row["raison"] for folder in (result, tmp_path / "sortie") for row in rows(folder / "attente.csv")]
    assert not [line for text in (*said, *read) for line in text.splitlines() if BAD_SETTING.search(line)]
    assert "1re position sur la liste d’attente." in " ".join(read)
    assert "Poids placé\u00a0:" in said[0]
    assert "8\u00a0h\u00a030" in said[1]


def test_contradictory_wishes_are_refused(tmp_path: Path) -> None:
    path = edited(tmp_path, "inscriptions.csv", lambda t: cell(2, "avec", "I0000009")(cell(2, "sans", "I0000009")(t)))
    code, text = run(path, EXAMPLE / "parametres.toml", tmp_path / "sortie")
    assert code == 2
    assert "ligne 2 : l’inscription I0000001 demande à être avec et sans I0000009" in text


def test_a_person_asks_for_a_thematique_once_and_numbers_them(tmp_path: Path) -> None:
    lines = (EXAMPLE / "inscriptions.csv").read_text(encoding="utf-8").splitlines()
    again = lines[1].replace("I0000001", "I9000001")
    other = again.replace("I9000001", "I9000002").replace(",forets,", ",eau,")
    path = tmp_path / "inscriptions.csv"
    path.write_text("\n".join([*lines, again, other]) + "\n", encoding="utf-8")
    code, text = run(path, EXAMPLE / "parametres.toml", tmp_path / "sortie")
    assert code == 2
    assert f"ligne {len(lines) + 1} : la personne P0000176 demande déjà la thématique" in text
    assert f"ligne {len(lines) + 2} : la personne P0000176 donne déjà le rang 1 à la ligne 2" in text


def test_every_fault_counts_and_the_first_twenty_are_shown(tmp_path: Path) -> None:
    path = edited(
        tmp_path, "inscriptions.csv", lambda text: text.replace(",agent,", ",agente,").replace(",elu,", ",élue,")
    )
    code, text = run(path, EXAMPLE / "parametres.toml", tmp_path / "sortie")
    count = len((EXAMPLE / "inscriptions.csv").read_text(encoding="utf-8").splitlines()) - 1
    assert code == 2
    assert text.count("ligne ") == 20
    assert f"… et {count - 20} autres erreurs." in text


def test_both_files_are_read_before_anything_is_said(tmp_path: Path) -> None:
    rows_ = edited(tmp_path, "inscriptions.csv", cell(4, "qualite", "maire"))
    keys = edited(tmp_path, "parametres.toml", lambda text: text.replace("graine = 1", "graine = -1"))
    _, text = run(rows_, keys, tmp_path / "sortie")
    assert "inscriptions.csv, ligne 4" in text
    assert "parametres.toml, ligne 10 : graine doit être un nombre entier" in text


def put(old: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return change


EVERY_DAY = str([f"2027-{month}-{day:02d}" for month in ("05", "06") for day in range(1, 31)])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (put("seances_du = 2027-05-03\n", ""), "ligne 1 : seances_du manque : écrivez par exemple 2027-05-03."),
        (put("2027-07-09", "2037-07-09"), "ligne 3 : seances_au est trop loin"),
        (put("max = 15", "max = 15000000"), "ligne 5 : max doit être un nombre entier de 1 à 1\u202f000\u202f000"),
        (put("[2027-05-20]", '["demain"]'), "comme [2027-05-20], pas « demain »."),
        (put("2027-07-09", "2027-05-28"), "ligne 3 : seances_au laisse trop peu de temps"),
        (
            put("seances_du", "seance_du"),
            "ligne 2 : seance_du n’est pas une clé connue : vouliez-vous écrire seances_du ?",
        ),
        (put('"lundi-matin"', '"lundi-soir"'), "ligne 4 : creneaux : « lundi-soir » n’est pas un créneau"),
        (put("min = 12", "min = 16"), "ligne 5 : groupe : un groupe ne peut pas aller de 16 à 15 personnes."),
        (
            put("elus_min = 5", "elus_min = 12"),
            "ligne 5 : groupe : 15 personnes ne peuvent pas compter 12 élus et 5 agents",
        ),
        (put("grande = 1", "enorme = 1"), "ligne 8 : enorme n’est pas une clé connue"),
        (
            put("petite = 3", "petite = 0.5"),
            "ligne 8 : petite doit être un nombre entier de 1 à 1\u202f000\u202f000, pas « 0.5 ».",
        ),
        (put("[2027-05-20]", '"2027-05-20"'), "ligne 9 : jours_exclus doit être une liste de dates"),
        (put('"08:30"', '"8h30"'), 'ligne 13 : matin doit être une heure, comme "08:30", pas « 8h30 ».'),
        (put('"Animateur 2"', '"Animateur 1"'), "nom « Animateur 1 » est déjà celui d’un autre animateur"),
        (put("groupes_max = ", "groupes_max = -"), "groupes_max doit être un nombre entier de 0 à 1\u202f000\u202f000"),
        (put("graine = 1", "graine = "), "ligne 10 : l’écriture n’est pas correcte"),
        (put('"13:30"', '"09:30"'), "celles de 8 h 30 et de 9 h 30 se chevauchent"),
        (
            lambda text: re.sub("groupes_max = [0-9]", "groupes_max = 0", text),
            "donnez à l’un d’eux au moins un groupe.",
        ),
        (put("[2027-05-20]", EVERY_DAY), "ne tiennent dans aucun créneau. Allongez la période ou libérez des jours"),
        (lambda text: text.partition("[[animateurs]]")[0], "animateurs manque : ajoutez au moins un [[animateurs]]"),
    ],
)
def test_a_wrong_key_is_named_with_its_line_and_nothing_is_written(
    tmp_path: Path, change: Callable[[str], str], said: str
) -> None:
    path = edited(tmp_path, "parametres.toml", change)
    code, text = run(EXAMPLE / "inscriptions.csv", path, tmp_path / "sortie")
    assert code == 2
    assert said in text
    assert not (tmp_path / "sortie").exists()


def test_everything_but_dates_and_animateurs_has_a_default(tmp_path: Path) -> None:
    path = tmp_path / "parametres.toml"
    path.write_text(
        '[campagne]\nseances_du = 2027-05-03\nseances_au = 2027-07-09\n[[animateurs]]\nnom = "A"\n', encoding="utf-8"
    )
    found = read_parametres(path, ["eau"])
    (animateur,) = found.horaire.animateurs
    assert (len(found.creneaux), found.limites.min, found.limites.places_par_personne) == (10, 12, 1)
    assert animateur.thematiques == {"eau"}
    assert animateur.creneaux == set(found.creneaux)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("é".encode("latin-1"), "ligne 1 : le caractère 1 n’est pas écrit en UTF-8"),
        (b"PK\x03\x04rest", "est un classeur : enregistrez la feuille au format « CSV UTF-8 »"),
    ],
)
def test_what_is_no_text_is_said(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "inscriptions.csv"
    path.write_bytes(content)
    code, text = run(path, EXAMPLE / "parametres.toml", tmp_path / "sortie")
    assert code == 2
    assert said in text


def test_a_file_or_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    _, text = run(tmp_path / "rien.csv", EXAMPLE / "parametres.toml", tmp_path / "sortie")
    assert "rien.csv n’existe pas" in text.replace("\n", "")
    (tmp_path / "fichier").touch()
    code, text = run(EXAMPLE / "inscriptions.csv", EXAMPLE / "parametres.toml", tmp_path / "fichier")
    assert code == 2
    assert "est un fichier : indiquez un dossier" in text


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda text: "\n".join(text.splitlines()[:2]) + "\n", "attente.groupe_non_ouvert"),
        (
            lambda text: re.sub(r",[^,]*(prefere|possible)[^,]*,", ",samedi-matin:prefere,", text),
            "non_retenue.aucun_creneau",
        ),
        (lambda text: text.replace(",eau,", ",jardins,"), "attente.groupe_non_ouvert"),
    ],
)
def test_what_can_give_no_groupe_gives_everyone_a_reason(
    tmp_path: Path, change: Callable[[str], str], code: str
) -> None:
    path = edited(tmp_path, "inscriptions.csv", change)
    exit_code, text = run(path, EXAMPLE / "parametres.toml", tmp_path / "sortie")
    assert exit_code == 0, text
    waiting = {row["inscription"]: row for row in rows(tmp_path / "sortie" / "attente.csv")}
    without = [row for row in rows(path) if row["thematique"] == "jardins"] or rows(path)
    assert {waiting[row["inscription"]]["code"] for row in without} <= {code, "non_retenue.autre_place"}
    assert all(waiting[row["inscription"]]["raison"] for row in without)


def test_a_write_that_fails_leaves_what_was_there(
    result: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "groupes.csv").write_text("before", encoding="utf-8")

    def no_space(*_: object, **__: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing.json, "dumps", no_space)
    code, text = run(EXAMPLE / "inscriptions.csv", EXAMPLE / "parametres.toml", tmp_path)
    assert code == 2
    assert "n’ont pas pu être écrits" in text
    assert [(p.name, p.read_text(encoding="utf-8")) for p in tmp_path.iterdir()] == [("groupes.csv", "before")]
    assert result.exists()
