"""Writing the four files: under names of their own first, then all renamed, so that none is ever half there."""

import csv
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from scheduling.essai.faults import Refused, proper
from scheduling.essai.result import Result
from scheduling.solver.timetable_problem import PARIS

GROUPES = ("inscription", "personne", "thematique", "groupe", "creneau", "animateur")
SEANCES = ("groupe", "rang", "debut", "fin", "animateur")
ATTENTE = ("inscription", "code", "raison")
_UNFINISHED = ".en-cours"


def check_folder(folder: Path) -> None:
    """Raise Refused when results could not be written there."""
    existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    if not existing.is_dir():
        raise Refused(proper(f"{existing} est un fichier : indiquez un dossier pour les résultats."))
    if not os.access(existing, os.W_OK):
        raise Refused(proper(f"Le dossier {existing} n'accepte pas de fichiers : choisissez-en un autre."))


def write_result(folder: Path, result: Result, rapport: Mapping[str, Any]) -> None:
    """Write groupes.csv, seances.csv, attente.csv and rapport.json, or none of them. Raises Refused."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _all_or_none(folder, ("groupes.csv", "seances.csv", "attente.csv", "rapport.json")) as paths:
            _write_csv(paths[0], GROUPES, result.places)
            _write_csv(paths[1], SEANCES, _seances(result))
            _write_csv(
                paths[2], ATTENTE, ((a.candidat, a.raison.code, proper(a.raison.phrase)) for a in result.without)
            )
            paths[3].write_text(json.dumps(rapport, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise Refused(proper(f"Les résultats n'ont pas pu être écrits dans {folder} ({error.strerror}).")) from error


@contextmanager
def _all_or_none(folder: Path, names: Sequence[str]) -> Iterator[list[Path]]:
    unfinished = [folder / f"{name}{_UNFINISHED}" for name in names]
    try:
        yield unfinished
        for path, name in zip(unfinished, names, strict=True):
            path.replace(folder / name)
    finally:
        for path in unfinished:
            path.unlink(missing_ok=True)


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _seances(result: Result) -> Iterator[tuple[object, ...]]:
    # A season has few moments, however many séances begin at each.
    in_paris = cache(_in_paris)
    for seance in result.seances:
        yield seance.groupe, seance.rang, in_paris(seance.debut), in_paris(seance.fin), seance.animateur


def _in_paris(moment: datetime) -> str:
    return moment.astimezone(PARIS).isoformat()
