"""The quality report of a proposition: what its counted rows and the solver's own figures mean.

Invariant: functions of their arguments; figures that moves by hand change come from the rows, the bound from the
solver.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.events.campagnes import TailleGroupe
from contracts.reasons import Decision

from scheduling.repository.quality import Cellule, Effectif

TAILLES = {"petite": "Petites", "moyenne": "Moyennes", "grande": "Grandes"}
_BAREME = {"petite": 3, "moyenne": 2, "grande": 1}


@dataclass(frozen=True, slots=True)
class Ligne:
    """So many placed of so many."""

    code: str
    titre: str
    places: int
    total: int
    preferes: int
    attente: int


@dataclass(frozen=True, slots=True)
class Rapport:
    """`poids` is the sum of the weights of the people placed, `borne` what none can exceed (None: unknown)."""

    poids: int
    borne: float | None
    bareme: Mapping[str, int]
    prouve: bool
    places: int
    total: int
    preferes: int
    thematiques: Sequence[Ligne]
    tailles: Sequence[Ligne]
    motifs: Mapping[str, int]

    @property
    def part(self) -> float | None:
        """How much of the bound is reached, in percent, rounded down so that 100 means all of it."""
        return None if not self.borne else int(1000 * min(1.0, self.poids / self.borne)) / 10


@dataclass(frozen=True, slots=True)
class Veille:
    """A groupe that one more departure would break, or that is broken; `grave` when nobody could step in."""

    groupe: UUID
    grave: bool
    sous_le_minimum: bool
    phrases: tuple[str, ...]


def make_report(cells: Sequence[Cellule], bilan: Mapping[str, Any] | None, titres: Mapping[str, str]) -> Rapport:
    told = bilan or {}
    bareme = told.get("bareme", _BAREME)
    borne = told.get("borne")
    placed = [c for c in cells if c.decision == Decision.RETENUE]
    poids = sum(bareme[c.taille] * c.combien for c in placed)
    motifs: Counter[str] = Counter()
    for cell in cells:
        if cell.decision != Decision.RETENUE:
            motifs[cell.code] += cell.combien
    return Rapport(
        poids=poids,
        borne=borne,
        bareme=bareme,
        # What was moved since may weigh less than what the solver proved to be best.
        prouve=bool(told.get("optimal")) and poids >= (borne or 0) - 0.5,
        places=sum(c.combien for c in placed),
        total=sum(c.combien for c in cells),
        preferes=sum(c.combien for c in placed if c.prefere),
        thematiques=_lines(cells, "thematique", titres),
        tailles=_lines(cells, "taille", TAILLES),
        motifs=dict(motifs.most_common()),
    )


def _lines(cells: Sequence[Cellule], column: str, titres: Mapping[str, str]) -> list[Ligne]:
    found = []
    for code, titre in titres.items():
        mine = [c for c in cells if getattr(c, column) == code]
        if mine:
            placed = [c for c in mine if c.decision == Decision.RETENUE]
            found.append(
                Ligne(
                    code=code,
                    titre=titre,
                    places=sum(c.combien for c in placed),
                    total=sum(c.combien for c in mine),
                    preferes=sum(c.combien for c in placed if c.prefere),
                    attente=sum(c.combien for c in mine if c.decision == Decision.LISTE_ATTENTE),
                )
            )
    return found


def groupes_to_watch(strengths: Sequence[Effectif], bounds: TailleGroupe) -> list[Veille]:
    """Return those that a departure would bring below a minimum, or that are below it; the gravest first."""
    found = [v for v in (_watch(e, bounds) for e in strengths) if v is not None]
    return sorted(found, key=lambda v: not v.grave)


def _watch(e: Effectif, bounds: TailleGroupe) -> Veille | None:
    waiting = e.elus_en_attente + e.agents_en_attente
    checks = (
        (e.taille, bounds.min, waiting, "personne", "aucune personne"),
        (e.elus, bounds.elus_min, e.elus_en_attente, "élu", "aucun élu"),
        (e.agents, bounds.agents_min, e.agents_en_attente, "agent", "aucun agent"),
    )
    phrases, grave, under = [], False, False
    for has, least, could, noun, nobody in checks:
        counted = f"{has} {noun}{'s' if has > 1 else ''}"
        if has < least:
            phrases.append(f"{counted}, sous le minimum de {least}")
            under = True
        elif has == least and least and could <= 0:
            phrases.append(f"{counted}, le minimum, et {nobody} en attente pour remplacer")
            grave = True
        elif has == least and least:
            phrases.append(f"{counted}, le minimum")
    return Veille(e.groupe, grave or under, under, tuple(phrases)) if phrases else None
