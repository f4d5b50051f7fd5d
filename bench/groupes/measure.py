"""One case from file to checked result by the command itself, and what others make of the same people."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import floor
from pathlib import Path
from typing import Final

from scheduling.solver.problem import GroupeForme, GroupingProblem
from scheduling.solver.rules import broken_rules

from bench.groupes.bound import bound, whole_bound
from bench.groupes.cases import Case
from bench.groupes.check import faults, read_input, weight_of
from bench.groupes.files import read_season
from bench.groupes.generator import write_case
from bench.groupes.greedy import first_come_first_placed
from bench.groupes.plain import booleans, solve_plainly

CLOSE: Final = 1e-4
_WHOLE_SECONDS: Final = 120.0
_DETAILED: Final = 5_000
"""Up to this many people every collectivité is kept apart in the bound; beyond, only the largest."""
_LARGEST_BODIES: Final = 100
_PLAIN_SECONDS: Final = 60.0
_PLAIN_BOOLEANS: Final = 400_000


@dataclass(frozen=True, slots=True)
class Ended:
    """How the command ended: with a checked result, or with a sentence. `wall` includes starting Python."""

    seconds: float
    wall: float
    memory: int
    weight: int
    claim: str
    groupes: int
    placed: int
    sentence: str
    faults: Sequence[str]


@dataclass(frozen=True, slots=True)
class Rival:
    """What another way places of the same people; `note` says why there is nothing."""

    seconds: float = 0.0
    weight: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Measure:
    case: Case
    inscriptions: int
    ours: Ended
    bound: float
    bound_seconds: float
    greedy: Rival
    plain: Rival

    @property
    def share(self) -> float:
        return self.ours.weight / self.bound if self.bound else 1.0

    @property
    def faults(self) -> list[str]:
        """What is wrong with the result; one of two programs errs where it weighs more than the bound."""
        above = (
            [f"places {self.ours.weight}, above the bound {self.bound:.0f}"] if self.ours.weight > self.bound else []
        )
        return [*self.ours.faults, *above]


def measure(case: Case, folder: Path, *, rivals: bool = True) -> Measure:
    """Draw the case, run the command on it, check what it wrote, and bound it."""
    print(case.name, file=sys.stderr)
    inscriptions, parametres = write_case(case, folder)
    ours = run_command(inscriptions, parametres, folder / "sortie")
    limit, seconds, rows = _bound(case, inscriptions, parametres, ours.weight)
    if not rivals:
        return Measure(case, rows, ours, limit, seconds, Rival(note="—"), Rival(note="—"))
    problem, _ = read_input(inscriptions, parametres)
    return Measure(
        case,
        rows,
        ours,
        limit,
        seconds,
        _rival(problem, first_come_first_placed),
        _plain(problem),
    )


def run_command(inscriptions: Path, parametres: Path, sortie: Path) -> Ended:
    """Run `scheduling essai` without any environment of a service, and hold its files against every rule."""
    program = Path(sys.executable).parent / "scheduling"
    command: list[str | Path] = [program, "essai", inscriptions, "--parametres", parametres, "--sortie", sortie]
    environment = {"PATH": os.environ.get("PATH", ""), "PYTHONUTF8": "1"}
    started = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    wall = time.perf_counter() - started
    if done.returncode or not (sortie / "rapport.json").exists():
        wrong = [] if done.returncode == 2 and "Traceback" not in done.stderr else [f"exit code {done.returncode}"]
        return Ended(wall, wall, 0, 0, "", 0, 0, done.stderr.strip(), wrong)
    rapport = json.loads((sortie / "rapport.json").read_text(encoding="utf-8"))
    return Ended(
        seconds=rapport["duree_s"],
        wall=wall,
        memory=rapport["memoire_mo"],
        weight=rapport["poids_place"],
        claim=rapport["preuve"],
        groupes=rapport["groupes"],
        placed=rapport["places"],
        sentence="" if rapport["groupes"] else done.stdout.strip(),
        faults=faults(*read_input(inscriptions, parametres), sortie),
    )


def _bound(case: Case, inscriptions: Path, parametres: Path, weight: int) -> tuple[float, float, int]:
    """Return the bound, the seconds it took and the number of inscriptions; whole groupes only where they matter."""
    started = time.perf_counter()
    bodies = case.people if case.people <= _DETAILED else _LARGEST_BODIES
    season = read_season(inscriptions, parametres, bodies)
    found = bound(season)
    if weight < found * (1 - CLOSE) and case.people <= 10_000:
        found = min(found, whole_bound(season, _WHOLE_SECONDS))
    # Weights are whole numbers, and so is what they add up to.
    return float(floor(found + 1e-6)), time.perf_counter() - started, season.inscriptions


def _rival(problem: GroupingProblem, way: Callable[[GroupingProblem], Sequence[GroupeForme] | None]) -> Rival:
    started = time.perf_counter()
    groupes = way(problem)
    seconds = time.perf_counter() - started
    if groupes is None:
        return Rival(seconds, note=f"nothing in {seconds:.0f} s")
    if wrong := broken_rules(problem, groupes):
        return Rival(seconds, note=wrong[0].rule)
    return Rival(seconds, weight_of(problem, groupes))


def _plain(problem: GroupingProblem) -> Rival:
    needed = booleans(problem)
    if needed > _PLAIN_BOOLEANS:
        return Rival(note=f"{needed:,} Booleans")
    return _rival(problem, lambda p: solve_plainly(p, _PLAIN_SECONDS))
