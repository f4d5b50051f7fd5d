"""Animateurs and dates of a thousand groupes: seconds, and cost over the bound that comes with it."""

import time
from dataclasses import dataclass, replace
from pathlib import Path

from scheduling.solver.timetable import plan_seances
from scheduling.solver.timetable_rules import broken_seance_rules

from bench.groupes.cases import Case
from bench.groupes.check import read_input, to_plan
from bench.groupes.generator import write_case
from bench.groupes.greedy import first_come_first_placed


@dataclass(frozen=True, slots=True)
class Planned:
    groupes: int
    unplanned: int
    seconds: float
    cost: int
    bound: float
    faults: int


def plan(groupes: int, folder: Path) -> Planned:
    """Plan groupes that animateurs can run, formed first come, first placed."""
    case = Case(f"{groupes:,} groupes", groupes * 18)
    problem, horaire = read_input(*write_case(case, folder))
    formed = to_plan(problem, first_come_first_placed(problem)[:groupes])
    asked = replace(horaire, groupes=formed)
    started = time.perf_counter()
    found = plan_seances(asked)
    seconds = time.perf_counter() - started
    return Planned(
        groupes=len(formed),
        unplanned=len(found.non_planifies),
        seconds=seconds,
        cost=found.cout,
        bound=found.borne,
        faults=len(broken_seance_rules(asked, found)),
    )
