"""The CRM's file against the services' databases: whoever only listens must end with the same story."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from local.demo.truth import Row, Truth, until

PATIENCE: Final = 60.0
_SHOWN: Final = 3


@dataclass(frozen=True)
class Comparison:
    """The same rows asked of the CRM and of the service that they come from."""

    what: str
    crm: str
    service: str
    truth: str


COMPARISONS: Final = (
    Comparison(
        "inscriptions",
        "SELECT id, thematique, etat FROM inscriptions",
        "registration",
        "SELECT id, thematique, etat FROM inscriptions",
    ),
    Comparison(
        "people",
        "SELECT id, prenom, nom FROM inscriptions WHERE etat = 'validee'",
        "registration",
        "SELECT id, prenom, nom FROM inscriptions WHERE etat = 'validee'",
    ),
    Comparison(
        "decisions",
        "SELECT inscription, decision, code, groupe FROM affectations",
        "registration",
        "SELECT inscription, decision, code, groupe FROM affectations",
    ),
    Comparison(
        "groupes",
        "SELECT id, thematique, nom, creneau, animateur, version FROM groupes WHERE dissous_le IS NULL",
        "scheduling",
        """SELECT g.id, g.thematique, g.nom, g.creneau, g.animateur, g.version FROM groupes g
           JOIN propositions p ON p.id = g.proposition WHERE p.etat = 'publiee'""",
    ),
    Comparison(
        "members",
        "SELECT groupe, inscription FROM membres",
        "scheduling",
        """SELECT a.groupe, a.inscription FROM affectations a JOIN propositions p ON p.id = a.proposition
           WHERE p.etat = 'publiee' AND a.decision = 'retenue'""",
    ),
    Comparison(
        "séances",
        "SELECT id, groupe, rang, debut, fin, sequence, annulee FROM seances",
        "scheduling",
        """SELECT s.id, s.groupe, s.rang, s.debut, s.fin, s.sequence, (s.cause_annulation IS NOT NULL)::int
           FROM seances s JOIN groupes g ON g.id = s.groupe JOIN propositions p ON p.id = g.proposition
           WHERE p.etat = 'publiee'""",
    ),
    Comparison(
        "retours",
        "SELECT id, inscription, seance, satisfaction, version FROM retours",
        "feedback",
        "SELECT id, inscription, seance, satisfaction, version FROM retours",
    ),
    Comparison(
        "messages",
        "SELECT id, inscription, modele FROM notifications",
        "notification",
        "SELECT id, inscription, modele FROM envois WHERE etat IN ('envoye', 'echoue', 'incertain')",
    ),
)


async def crm_findings(truth: Truth, file: Path) -> list[str]:
    """Compare everything, when the CRM has had the time to hear of it."""
    found: list[str] = []

    async def equal() -> bool:
        found[:] = [finding for c in COMPARISONS for finding in await _compare(truth, file, c)]
        return not found

    await until(equal, PATIENCE)
    return found


async def _compare(truth: Truth, file: Path, comparison: Comparison) -> list[str]:
    real = {_plain(row) for row in await truth.rows(comparison.service, comparison.truth)}
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as base:
            told = {_plain(row) for row in base.execute(comparison.crm)}
    except sqlite3.Error as error:
        return [f"the CRM's file: {error}"]
    differences = [f"only in {comparison.service}: {row}" for row in sorted(real - told, key=str)]
    differences += [f"only in the CRM: {row}" for row in sorted(told - real, key=str)]
    if not differences:
        return []
    shown = "; ".join(differences[:_SHOWN])
    return [f"CRM, {comparison.what}: {len(differences)} of {len(real)} differ: {shown}"]


def _plain(row: Row) -> Row:
    """Write ids and moments alike, whichever database they come from."""
    return tuple(_as_text(value) for value in row)


def _as_text(value: Any) -> Any:
    if isinstance(value, str) and value[10:11] == "T":
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value if value is None or isinstance(value, int) else str(value)
