"""What the team tells has come in between, and what crosses to the child process that replans, as plain data.

Invariant: nothing here imports a solver library.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from pydantic import TypeAdapter

from scheduling.solver.replanning_problem import Replan, ReplanProblem

PROBLEM = TypeAdapter(ReplanProblem)
REPLAN = TypeAdapter(Replan)


@dataclass(frozen=True, slots=True)
class AnimateurAbsent:
    """`au` is included; None: for good."""

    animateur: str
    du: date
    au: date | None


@dataclass(frozen=True, slots=True)
class JourExclu:
    jour: date


@dataclass(frozen=True, slots=True)
class AutreCreneau:
    groupe: UUID
    creneau: str


@dataclass(frozen=True, slots=True)
class AutreJour:
    """A séance that can't be held on its day."""

    seance: UUID


Evenement = AnimateurAbsent | JourExclu | AutreCreneau | AutreJour
