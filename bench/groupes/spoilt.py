"""Input that can't give groupes: each must end with a sentence, and leave nothing behind."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from bench.groupes.cases import Case
from bench.groupes.generator import write_case

Rows = list[dict[str, str]]


def spoilt_cases(folder: Path) -> Iterator[tuple[str, Path, Path]]:
    """Write each case from the same sixty people; give its name and files."""
    inscriptions, parametres = write_case(Case("", 60, ("eau",)), folder / "sound")
    with inscriptions.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows, header = list(reader), list(reader.fieldnames or ())
    text = parametres.read_text(encoding="utf-8")
    for number, (name, spoil_rows, spoil_text) in enumerate(_SPOILT):
        target = folder / str(number)
        target.mkdir(parents=True, exist_ok=True)
        with (target / "inscriptions.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, header)
            writer.writeheader()
            writer.writerows(spoil_rows([dict(row) for row in rows]))
        (target / "parametres.toml").write_text(spoil_text(text), encoding="utf-8")
        yield name, target / "inscriptions.csv", target / "parametres.toml"


def _same(text: str) -> str:
    return text


def _with_and_without(rows: Rows) -> Rows:
    rows[0]["avec"] = rows[0]["sans"] = rows[1]["inscription"]
    return rows


def _away(rows: Rows) -> Rows:
    return [{**row, "creneaux": "samedi-matin:prefere"} for row in rows]


def _unknown(rows: Rows) -> Rows:
    return [{**row, "thematique": "jardins"} for row in rows]


def _alone(text: str) -> str:
    return text.partition("[[animateurs]]")[0]


def _short(text: str) -> str:
    return text.replace("seances_au = 2027-07-09", "seances_au = 2027-05-28")


_SPOILT: Final[tuple[tuple[str, Callable[[Rows], Rows], Callable[[str], str]], ...]] = (
    ("no inscription", lambda _: [], _same),
    ("one inscription", lambda rows: rows[:1], _same),
    ("nobody compatible", _away, _same),
    ("A with B and A without B", _with_and_without, _same),
    ("no animateur", list, _alone),
    ("a thématique no animateur knows", _unknown, _same),
    ("a window too short", list, _short),
)
