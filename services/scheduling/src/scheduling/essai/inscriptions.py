"""Reading INSCRIPTIONS.csv: every wrong row is found, and a million right ones take seconds.

Invariant: texts that repeat (collectivité, créneaux…) are understood once and shared by all rows.
"""

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from operator import itemgetter
from pathlib import Path
from typing import Any

from chassis.web.french import lister, pluriel

from scheduling.essai import cells
from scheduling.essai.cells import NOBODY, Memo, Wrong, short
from scheduling.essai.faults import Faults
from scheduling.essai.text import check_readable, refuse_encoding
from scheduling.solver.problem import Candidat

COLUMNS = (
    "inscription",
    "personne",
    "collectivite",
    "departement",
    "qualite",
    "taille",
    "thematique",
    "rang",
    "recue_le",
    "creneaux",
    "avec",
    "sans",
)


def _readers() -> tuple[Memo[Any], ...]:
    return (
        Memo(cells.name("collectivite")),
        Memo(cells.name("departement")),
        Memo(cells.qualite),
        Memo(cells.taille),
        Memo(cells.name("thematique")),
        Memo(cells.rang),
        Memo(cells.creneaux),
    )


OPTIONAL = ("rang", "avec", "sans")
"""Columns that a sheet without them stands for: one thématique each, no wishes."""


@dataclass(slots=True)
class _Sheet:
    """What has been read: candidats, and the line of every inscription, wrong ones too."""

    faults: Faults
    candidats: list[Candidat] = field(default_factory=list)
    line_of: dict[str, int] = field(default_factory=dict)
    wishing: list[int] = field(default_factory=list)
    understand: tuple[Memo[Any], ...] = field(default_factory=_readers)


def read_inscriptions(path: Path) -> tuple[Candidat, ...]:
    """Return the candidats in the order of the rows. Raises Refused, naming what is wrong with its line."""
    check_readable(path)
    sheet = _Sheet(Faults(path.name))
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            _read(sheet, file)
    except UnicodeDecodeError:
        refuse_encoding(path)
    except csv.Error as error:
        sheet.faults.add(0, f"ce n'est pas un fichier CSV ({error}) : enregistrez la feuille en « CSV UTF-8 ».")
    _check_wishes(sheet)
    _check_people(sheet)
    sheet.faults.refuse()
    if not sheet.candidats:
        sheet.faults.add(0, "le fichier ne contient aucune inscription : ajoutez une ligne par inscription.")
    sheet.faults.refuse()
    return tuple(sheet.candidats)


def _read(sheet: _Sheet, file: Iterator[str]) -> None:
    header = next(file, "")
    delimiter = ";" if header.count(";") > header.count(",") else ","
    names = next(csv.reader([header], delimiter=delimiter), [])
    order = _order(sheet.faults, names)
    if order is None:
        return
    take, width = itemgetter(*order), len(names)
    rows = csv.reader(file, delimiter=delimiter)
    line = 2
    for row in rows:
        if len(row) == width:
            _take_row(sheet, line, take([*row, ""]))
        elif row:
            sheet.faults.add(line, _wrong_width(row, width))
        line = rows.line_num + 2


def _order(faults: Faults, names: Sequence[str]) -> list[int] | None:
    """Return where each of COLUMNS stands, -1 for an optional one that is absent; None when the header is wrong."""
    known = [name.strip().lower() for name in names]
    missing = [name for name in COLUMNS if name not in known and name not in OPTIONAL]
    if not any(known):
        faults.add(0, "le fichier est vide : sa première ligne doit nommer les colonnes.")
    elif missing:
        faults.add(1, f"il manque {lister(missing)} : la première ligne doit nommer les colonnes {', '.join(COLUMNS)}.")
    for name in COLUMNS:
        if known.count(name) > 1:
            faults.add(1, f"la colonne {name} figure deux fois : gardez-en une.")
    for name in known:
        # A sheet may have columns of its own, but a slip of the pen must not lose everybody's wishes.
        meant = [] if name in COLUMNS else get_close_matches(name, [c for c in OPTIONAL if c not in known], 1)
        if meant:
            faults.add(1, f"la colonne {short(name)} n'est pas connue : vouliez-vous écrire {meant[0]} ?")
    return None if faults.found else [known.index(name) if name in known else -1 for name in COLUMNS]


def _wrong_width(row: Sequence[str], width: int) -> str:
    hint = "mettez entre guillemets les cellules qui contiennent le séparateur" if len(row) > width else "complétez-la"
    return f"la ligne a {pluriel(len(row), 'valeur')} au lieu de {width} : {hint}."


def _take_row(sheet: _Sheet, line: int, row: Sequence[str]) -> None:
    """Keep the candidat of a row whose every cell is understood."""
    who, personne, collectivite, departement, qualite, taille, thematique, rang, recue_le, creneaux, avec, sans = row
    collectivites, departements, qualites, tailles, thematiques, rangs, agendas = sheet.understand
    who, personne = who.strip(), personne.strip()
    try:
        candidat = Candidat(
            id=who,
            personne=personne,
            collectivite=collectivites[collectivite],
            departement=departements[departement],
            qualite=qualites[qualite],
            taille=tailles[taille],
            thematique=thematiques[thematique],
            creneaux=agendas[creneaux],
            recue_le=cells.moment(recue_le),
            rang=rangs[rang],
            avec=cells.inscriptions(avec) if avec else NOBODY,
            sans=cells.inscriptions(sans) if sans else NOBODY,
        )
    except Wrong:
        candidat = None
    if candidat is None or not who or not personne or who in sheet.line_of:
        _explain(sheet, line, row)
        return
    sheet.line_of[who] = line
    if candidat.avec or candidat.sans:
        sheet.wishing.append(len(sheet.candidats))
    sheet.candidats.append(candidat)


def _explain(sheet: _Sheet, line: int, row: Sequence[str]) -> None:
    """Name everything that is wrong in a row."""
    who = row[0].strip()
    if who in sheet.line_of:
        sheet.faults.add(line, f"l'inscription {short(who)} figure déjà à la ligne {sheet.line_of[who]}.")
    elif who:
        sheet.line_of[who] = line
    collectivites, departements, qualites, tailles, thematiques, rangs, agendas = sheet.understand
    readers: tuple[Callable[[str], object], ...] = (
        cells.name("inscription"),
        cells.name("personne"),
        collectivites.__getitem__,
        departements.__getitem__,
        qualites.__getitem__,
        tailles.__getitem__,
        thematiques.__getitem__,
        rangs.__getitem__,
        cells.moment,
        agendas.__getitem__,
    )
    for read, text in zip(readers, row, strict=False):
        try:
            read(text)
        except Wrong as wrong:
            sheet.faults.add(line, str(wrong))


def _check_wishes(sheet: _Sheet) -> None:
    """Wishes name other inscriptions that exist, and never the same one both ways."""
    for index in sheet.wishing:
        candidat = sheet.candidats[index]
        line = sheet.line_of[candidat.id]
        for column, named in (("avec", candidat.avec), ("sans", candidat.sans)):
            for other in sorted(named):
                if other not in sheet.line_of:
                    sheet.faults.add(line, f"{column} nomme l'inscription {short(other)}, qui n'existe pas.")
                elif other == candidat.id:
                    sheet.faults.add(line, f"{column} nomme sa propre inscription : retirez-la.")
        for other in sorted(candidat.avec & candidat.sans):
            sheet.faults.add(
                line,
                f"l'inscription {candidat.id} demande à être avec et sans {short(other)} : "
                "retirez l'un des deux souhaits.",
            )


def _check_people(sheet: _Sheet) -> None:
    """A person asks for a thématique once, and gives each of theirs another rang."""
    first: dict[str, int] = {}
    several: dict[str, list[int]] = {}
    for index, candidat in enumerate(sheet.candidats):
        before = first.setdefault(candidat.personne, index)
        if before != index:
            several.setdefault(candidat.personne, [before]).append(index)
    for personne, indices in several.items():
        thematiques: dict[str, int] = {}
        rangs: dict[int, int] = {}
        for index in indices:
            candidat = sheet.candidats[index]
            line = sheet.line_of[candidat.id]
            at = thematiques.setdefault(candidat.thematique, line)
            if at != line:
                asked = f"demande déjà la thématique {candidat.thematique} à la ligne {at}"
                sheet.faults.add(line, f"la personne {short(personne)} {asked} : gardez une seule des deux.")
            at = rangs.setdefault(candidat.rang, line)
            if at != line:
                taken = f"donne déjà le rang {candidat.rang} à la ligne {at}"
                sheet.faults.add(line, f"la personne {short(personne)} {taken} : numérotez ses thématiques 1, 2, 3…")
