"""What `scheduling essai` wrote, read back and held against every rule."""

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from scheduling.essai.inscriptions import read_inscriptions
from scheduling.essai.parametres import read_parametres
from scheduling.essai.problem import make_problem
from scheduling.solver.problem import GroupeForme, GroupingProblem
from scheduling.solver.rules import broken_rules
from scheduling.solver.season import bound_to
from scheduling.solver.timetable_problem import GroupeAPlanifier, SeancePlanifiee, Timetable, TimetableProblem
from scheduling.solver.timetable_rules import broken_seance_rules


def read_input(inscriptions: Path, parametres: Path) -> tuple[GroupingProblem, TimetableProblem]:
    candidats = read_inscriptions(inscriptions)
    found = read_parametres(parametres, sorted({c.thematique for c in candidats}))
    return bound_to(make_problem(candidats, found), found.horaire), found.horaire


def weight_of(problem: GroupingProblem, groupes: Iterable[GroupeForme]) -> int:
    weights = {c.id: problem.limites.poids[c.taille] for c in problem.candidats}
    return sum(weights[member] for groupe in groupes for member in groupe.membres)


def faults(problem: GroupingProblem, horaire: TimetableProblem, folder: Path) -> list[str]:
    """Return what is wrong with a result: a rule broken, somebody without a decision, a figure that isn't so."""
    rapport: Mapping[str, Any] = json.loads((folder / "rapport.json").read_text(encoding="utf-8"))
    groupes = _groupes(folder)
    waiting = [row["inscription"] for row in _rows(folder / "attente.csv")]
    found = [f"{v.rule}: {v.phrase}" for v in broken_rules(problem, groupes)]
    found += [f"{v.rule}: {v.phrase}" for v in broken_seance_rules(*_timetable(problem, horaire, groupes, folder))]
    decided = sorted(waiting + [member for groupe in groupes for member in groupe.membres])
    if decided != sorted(c.id for c in problem.candidats):
        found.append("somebody has no decision, or two")
    weight = weight_of(problem, groupes)
    if weight != rapport["poids_place"] or weight > rapport["borne"] + 0.5:
        found.append(f"rapport.json says {rapport['poids_place']} of {rapport['borne']}, the groupes weigh {weight}")
    return found


def to_plan(problem: GroupingProblem, groupes: Iterable[GroupeForme]) -> tuple[GroupeAPlanifier, ...]:
    homes = {c.id: c.departement for c in problem.candidats}
    return tuple(GroupeAPlanifier(g.id, g.thematique, g.creneau, tuple(homes[m] for m in g.membres)) for g in groupes)


def _groupes(folder: Path) -> tuple[GroupeForme, ...]:
    members: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for row in _rows(folder / "groupes.csv"):
        members[row["groupe"], row["thematique"], row["creneau"]].append(row["inscription"])
    return tuple(
        GroupeForme(id=groupe, thematique=thematique, creneau=creneau, membres=tuple(sorted(people)))
        for (groupe, thematique, creneau), people in sorted(members.items())
    )


def _timetable(
    problem: GroupingProblem, horaire: TimetableProblem, groupes: tuple[GroupeForme, ...], folder: Path
) -> tuple[TimetableProblem, Timetable]:
    seances = tuple(
        SeancePlanifiee(
            row["groupe"],
            int(row["rang"]),
            datetime.fromisoformat(row["debut"]),
            datetime.fromisoformat(row["fin"]),
            row["animateur"],
        )
        for row in _rows(folder / "seances.csv")
    )
    return replace(horaire, groupes=to_plan(problem, groupes)), Timetable(seances, (), (), 0, 0.0, "borne")


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
