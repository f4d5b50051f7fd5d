"""Replanning: after an absence, a day struck or a wish, the fewest people's diaries change.

Invariant: only what can't stay, or makes room for it, changes; every rule is checked on the answer, and a groupe for
which there is none keeps what was published, with a sentence on what would help. Groupes that are touched are solved
first; the others are let go only if that may spare somebody a change.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from scheduling.solver.replanning_model import Answer, Choice, able, is_free, solve, standing
from scheduling.solver.replanning_options import Option, options
from scheduling.solver.replanning_problem import (
    GroupePublie,
    GroupeReplanifie,
    NonReplanifie,
    Replan,
    ReplanProblem,
)
from scheduling.solver.replanning_reasons import why_not
from scheduling.solver.replanning_rules import check_replan

__all__ = ["Replan", "ReplanProblem", "replan"]

_PART = 16
_OPTIONS = 40
_SMALL = 30
_NEIGHBOURS = 40

_Cost = tuple[int, int, int]


def replan(problem: ReplanProblem) -> Replan:
    """Change what must change. Raises BrokenRules on a solver bug only."""
    touched = touched_groupes(problem)
    given = {g.id: options(problem, g) for g in touched}
    least = _sum([_least(problem, g, given[g.id]) for g in touched])
    answer = _solve_touched(problem, given)
    proven = _is_least(_total(problem, answer), least, optimal=answer.optimal)
    if not proven and len(touched) <= _PART:
        wider, everything = _widen(problem, given)
        better = solve(problem, wider)
        if _total(problem, better) <= _total(problem, answer):
            answer = better
        proven = everything and better.optimal
    found = _replan(problem, answer, proven=proven)
    check_replan(problem, found)
    return found


def _is_least(found: _Cost, least: _Cost, *, optimal: bool) -> bool:
    """Tell whether nothing is gained by letting other groupes go: each that changes costs one more at least."""
    return found == least or (optimal and found[:2] == least[:2] and found[2] <= least[2] + 1)


def _solve_touched(problem: ReplanProblem, given: Mapping[str, list[Option]]) -> Answer:
    """All at once when they are few; else créneau by créneau, then those that found nothing while others stood."""
    if len(given) <= _PART:
        return solve(problem, given)
    choices: dict[str, Choice] = {}
    for _ in range(2):
        waiting = sorted(
            (key for key in given if key not in choices or choices[key].option is None),
            key=lambda key: (problem.par_id[key].nouveau_creneau, key),
        )
        for first in range(0, len(waiting), _PART):
            part = {key: given[key][:_OPTIONS] for key in waiting[first : first + _PART]}
            choices |= _solve_part(_become(problem, choices), part).choices
    return Answer(choices, optimal=False)


def _solve_part(problem: ReplanProblem, part: Mapping[str, list[Option]]) -> Answer:
    """Most groupes keep their animateur: try that first."""
    answer = solve(problem, part, keep=True)
    least = _sum([_least(problem, problem.par_id[key], given) for key, given in part.items()])
    return answer if _total(problem, answer) == least else solve(problem, part)


def _become(problem: ReplanProblem, choices: Mapping[str, Choice]) -> ReplanProblem:
    """The groupes that have been decided stand as they will be."""
    return replace(problem, groupes=tuple(_after(problem, g, choices.get(g.id)) for g in problem.groupes))


def _after(problem: ReplanProblem, groupe: GroupePublie, choice: Choice | None) -> GroupePublie:
    if choice is None or choice.option is None:
        return groupe
    over = groupe.seances[: len(groupe.seances) - len(problem.future(groupe))]
    seances = (*over, *choice.option.seances)
    return replace(groupe, animateur=choice.animateur, creneau=groupe.nouveau_creneau, seances=seances)


def touched_groupes(problem: ReplanProblem) -> list[GroupePublie]:
    """Those with a séance to come that can't be held as it was published."""
    return [g for g in sorted(problem.groupes, key=lambda g: g.id) if problem.is_touched(g)]


def _widen(problem: ReplanProblem, given: Mapping[str, list[Option]]) -> tuple[dict[str, list[Option]], bool]:
    """Let the others go: all of them and wholly when they are few, else the animateurs of those in the créneau."""
    others = [g for g in sorted(problem.groupes, key=lambda g: g.id) if g.id not in given and problem.future(g)]
    if len(given) + len(others) <= _SMALL:
        return {**given, **{g.id: options(problem, g) for g in others}}, True
    near = {c for key in given for c in (problem.par_id[key].creneau, problem.par_id[key].nouveau_creneau)}
    chosen = [g for g in others if g.creneau in near][:_NEIGHBOURS]
    return {**given, **{g.id: [Option(problem.future(g), 0, 0)] for g in chosen}}, False


def _least(problem: ReplanProblem, groupe: GroupePublie, given: list[Option]) -> _Cost:
    """What the groupe costs at least, whatever the others do."""
    taken = standing(problem, problem.par_id)
    found = [
        (0, option.moved * groupe.membres, int(who != groupe.animateur))
        for option in given
        for who in able(problem, groupe)
        if all(is_free(problem, who, s.debut, taken) for s in option.seances)
    ]
    return min(found, default=(max(1, groupe.membres), 0, 0))


def _total(problem: ReplanProblem, answer: Answer) -> _Cost:
    return _sum([_cost(problem, problem.par_id[key], choice) for key, choice in answer.choices.items()])


def _sum(costs: Iterable[_Cost]) -> _Cost:
    left, moved, changed = (sum(column) for column in zip((0, 0, 0), *costs, strict=True))
    return left, moved, changed


def _cost(problem: ReplanProblem, groupe: GroupePublie, choice: Choice) -> _Cost:
    if choice.option is None:
        return (max(1, groupe.membres) if problem.is_touched(groupe) else 0), 0, 0
    return 0, choice.option.moved * groupe.membres, int(choice.animateur != groupe.animateur)


def _replan(problem: ReplanProblem, answer: Answer, *, proven: bool) -> Replan:
    changes, out = [], []
    for key, choice in sorted(answer.choices.items()):
        groupe, after = problem.par_id[key], _after(problem, problem.par_id[key], choice)
        if choice.option is None:
            out += [groupe] if problem.is_touched(groupe) else []
        elif (after.creneau, after.animateur, after.seances) != (groupe.creneau, groupe.animateur, groupe.seances):
            changes.append(GroupeReplanifie(key, after.creneau, after.animateur, after.seances))
    _, moved, changed = _total(problem, answer)
    return Replan(
        changes=tuple(changes),
        impossibles=tuple(
            NonReplanifie(
                g.id,
                tuple(s.rang for s in problem.future(g) if problem.touched(g, s, g.animateur)),
                why_not(problem, g, {c.groupe: c for c in changes}),
            )
            for g in out
        ),
        agendas=moved,
        animateurs=changed,
        preuve="optimal" if proven else "borne",
    )
