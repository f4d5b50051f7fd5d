"""The answers as a CSV file that a spreadsheet opens as it is, and in which no cell is ever a formula."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from chassis.store import Database

from feedback import figures
from feedback.domain import Campagne

PARIS = ZoneInfo("Europe/Paris")
HEADER = (
    "Campagne",
    "Thématique",
    "Groupe",
    "Séance",
    "Date de la séance",
    "Satisfaction (1 à 5)",
    "Utile",
    "Manque",
    "Thématiques souhaitées",
    "Autre besoin",
    "Témoignage publiable",
    "Auteur du témoignage",
    "Fonction",
    "Collectivité",
    "Répondu le",
)
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # the full-width ones count in Excel


def safe_cell(value: object) -> str:
    """Return a text that a spreadsheet shows and never computes: OWASP, CSV Injection."""
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def line(cells: Sequence[object]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=";", lineterminator="\r\n").writerow([safe_cell(cell) for cell in cells])
    return buffer.getvalue()


async def lines(database: Database, campagne: Campagne) -> AsyncIterator[str]:
    """Stream the file; it begins with a byte order mark, by which Excel knows that it is UTF-8."""
    yield "\ufeff" + line(HEADER)
    async with database.read() as connection:
        async for row in figures.every_answer(connection, campagne.code):
            yield line(_cells(row, campagne))


def _cells(row: Any, campagne: Campagne) -> tuple[object, ...]:
    said = row.temoignage or {}
    return (
        campagne.nom,
        campagne.titre(row.thematique),
        row.groupe_nom,
        row.rang,
        f"{row.debut.astimezone(PARIS):%d/%m/%Y}",
        row.satisfaction,
        row.utile,
        row.manque,
        ", ".join(campagne.titre(code) for code in row.besoins),
        row.besoins_texte,
        said.get("texte", ""),
        said.get("nom", ""),
        said.get("fonction", ""),
        said.get("collectivite", ""),
        f"{row.collecte_le.astimezone(PARIS):%d/%m/%Y %H:%M}",
    )
