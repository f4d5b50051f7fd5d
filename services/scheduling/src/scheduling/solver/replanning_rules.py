"""The hard rules of a replanning, each apart from any solver.

Invariant: a rule returns every violation with its name, an empty list when it holds. What stays as it was published is
not judged again, but for what has come in between.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime
from itertools import pairwise

from scheduling.solver.calendar_fr import public_holiday
from scheduling.solver.hours import hour_is_bearable
from scheduling.solver.problem import half_day_of, weekday_of
from scheduling.solver.replanning_problem import GroupePublie, GroupeReplanifie, Replan, ReplanProblem, SeanceTenue
from scheduling.solver.rules import BrokenRules, Violation
from scheduling.solver.timetable_problem import MAX_SPAN, MIN_GAP, MIN_SPAN, PARIS, SEANCES, overlap


def what_is_over_stays(problem: ReplanProblem, replan: Replan) -> list[Violation]:
    found = []
    for change in replan.changes:
        before = problem.par_id[change.groupe].seances
        over = [s for s in before if s.debut <= problem.maintenant]
        if change.seances[: len(over)] != tuple(over) or [s.rang for s in change.seances] != [s.rang for s in before]:
            found.append(_violation(what_is_over_stays, change.groupe, f"{change.groupe} change ce qui a eu lieu."))
    return found


def new_date_is_open(problem: ReplanProblem, replan: Replan) -> list[Violation]:
    return [
        _violation(new_date_is_open, change.groupe, f"{seance.debut} n'est pas possible.")
        for change in replan.changes
        for seance in _moved(problem, change)
        if not date_is_open(problem, problem.par_id[change.groupe], seance.debut)
    ]


def kept_date_can_be_held(problem: ReplanProblem, replan: Replan) -> list[Violation]:
    found = []
    for change in replan.changes:
        groupe = problem.par_id[change.groupe]
        moved = set(_moved(problem, change))
        found += [
            _violation(kept_date_can_be_held, groupe.id, f"{seance.debut} ne peut plus avoir lieu.")
            for seance in change.seances
            if seance.debut > problem.maintenant
            and seance not in moved
            and problem.touched(groupe, seance, change.animateur)
        ]
    return found


def new_dates_keep_their_distance(problem: ReplanProblem, replan: Replan) -> list[Violation]:
    return [
        _violation(new_dates_keep_their_distance, change.groupe, f"{change.groupe} : {change.seances}.")
        for change in replan.changes
        if not dates_are_well_spread(problem.par_id[change.groupe], change.seances)
    ]


def animateur_can_take_the_groupe(problem: ReplanProblem, replan: Replan) -> list[Violation]:
    return [
        _violation(animateur_can_take_the_groupe, change.animateur, f"{change.animateur} ne peut pas animer.")
        for change in replan.changes
        if not can_take(problem, problem.par_id[change.groupe], change.animateur)
        or any(problem.is_away(change.animateur, s.jour) for s in change.seances if s.debut > problem.maintenant)
    ]


def animateur_is_in_one_place(problem: ReplanProblem, replan: Replan) -> list[Violation]:
    changes = {c.groupe: c for c in replan.changes}
    starts: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for who, start in problem.horaire.occupe:
        starts[who].append((start, ""))
    for groupe in problem.groupes:
        now = changes.get(groupe.id, groupe)
        starts[now.animateur] += [(s.debut, groupe.id) for s in now.seances if s.debut > problem.maintenant]
    found = []
    for who, taken in sorted(starts.items()):
        for (a, one), (b, other) in pairwise(sorted(taken)):
            if overlap(a, b) and ({one, other} & changes.keys()):
                found.append(_violation(animateur_is_in_one_place, who, f"{who} a deux séances à la fois, le {a}."))
    return found


def animateur_has_allowed_load(problem: ReplanProblem, replan: Replan) -> list[Violation]:
    changes = {c.groupe: c.animateur for c in replan.changes}
    before = Counter(g.animateur for g in problem.groupes)
    after = Counter(changes.get(g.id, g.animateur) for g in problem.groupes)
    return [
        _violation(animateur_has_allowed_load, a.id, f"{a.id} a {after[a.id]} groupes ; {a.groupes_max} au plus.")
        for a in problem.horaire.animateurs
        if after[a.id] > max(a.groupes_max, before[a.id])
    ]


REPLAN_RULES: tuple[Callable[[ReplanProblem, Replan], list[Violation]], ...] = (
    what_is_over_stays,
    new_date_is_open,
    kept_date_can_be_held,
    new_dates_keep_their_distance,
    animateur_can_take_the_groupe,
    animateur_is_in_one_place,
    animateur_has_allowed_load,
)


def broken_replan_rules(problem: ReplanProblem, replan: Replan) -> list[Violation]:
    """Every violation of every hard rule."""
    return [violation for rule in REPLAN_RULES for violation in rule(problem, replan)]


def check_replan(problem: ReplanProblem, replan: Replan) -> None:
    """Raise BrokenRules, naming them, unless every rule holds."""
    found = broken_replan_rules(problem, replan)
    if found:
        raise BrokenRules("; ".join(f"{v.rule}: {v.phrase}" for v in found))


def date_is_open(problem: ReplanProblem, groupe: GroupePublie, debut: datetime) -> bool:
    """Tell whether a séance of the groupe could be moved to that instant, whoever runs it."""
    horaire, creneau, start = problem.horaire, groupe.nouveau_creneau, debut.astimezone(PARIS)
    day = start.date()
    return (
        debut >= problem.prevenance
        and (start.weekday(), start.time()) == (weekday_of(creneau), horaire.heures[half_day_of(creneau)])
        and horaire.seances_du <= day <= horaire.seances_au
        and day not in horaire.jours_exclus
        and day not in groupe.jours_refuses
        and public_holiday(day, groupe.departements) is None
        and all(hour_is_bearable(d, debut) for d in set(groupe.departements))
    )


def dates_are_well_spread(groupe: GroupePublie, seances: tuple[SeanceTenue, ...]) -> bool:
    """A week apart in their order and six to eight weeks in all, or at least no worse than what was published.

    With a séance cancelled, six weeks can't be asked for any more.
    """
    if seances == groupe.seances:
        return True
    kept = set(groupe.seances)
    for a, b in pairwise(seances):
        if b.jour - a.jour < MIN_GAP and not (a in kept and b in kept):
            return False
    span, before = seances[-1].jour - seances[0].jour, groupe.seances[-1].jour - groupe.seances[0].jour
    return (len(seances) < SEANCES or span >= min(MIN_SPAN, before)) and span <= max(MAX_SPAN, before)


def can_take(problem: ReplanProblem, groupe: GroupePublie, animateur: str) -> bool:
    """Tell whether an animateur knows the thématique and has the créneau; whoever has the groupe keeps its créneau."""
    if animateur == groupe.animateur and groupe.nouveau_creneau == groupe.creneau:
        return True
    found = problem.animateurs.get(animateur)
    return found is not None and groupe.thematique in found.thematiques and groupe.nouveau_creneau in found.creneaux


def _moved(problem: ReplanProblem, change: GroupeReplanifie) -> list[SeanceTenue]:
    before = problem.par_id[change.groupe].seances
    return [s for s in change.seances if s not in before]


def _violation(rule: Callable[..., list[Violation]], subject: str, phrase: str) -> Violation:
    return Violation(rule.__name__, subject, phrase)
