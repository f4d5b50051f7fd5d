"""The hard rules of séances, each apart from any solver.

Invariant: a rule returns every violation with its name, an empty list when it holds.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise

from scheduling.solver.calendar_fr import public_holiday
from scheduling.solver.hours import OVERSEAS, hour_is_bearable
from scheduling.solver.problem import half_day_of, weekday_of
from scheduling.solver.rules import BrokenRules, Violation
from scheduling.solver.timetable_problem import (
    DURATION,
    MAX_SPAN,
    MIN_GAP,
    MIN_SPAN,
    PARIS,
    SEANCES,
    SeancePlanifiee,
    Timetable,
    TimetableProblem,
    overlap,
)


def groupe_has_four_seances_or_a_reason(problem: TimetableProblem, timetable: Timetable) -> list[Violation]:
    seances = _of(timetable)
    ranks = {g.id: [s.rang for s in seances.get(g.id, [])] for g in problem.groupes}
    unplanned = {n.groupe for n in timetable.non_planifies}
    return [
        _violation(groupe_has_four_seances_or_a_reason, groupe, f"{groupe} a les séances {found}.")
        for groupe, found in ranks.items()
        if found != ([] if groupe in unplanned else list(range(1, SEANCES + 1)))
    ]


def seance_keeps_the_creneau(problem: TimetableProblem, timetable: Timetable) -> list[Violation]:
    creneaux = {g.id: g.creneau for g in problem.groupes}
    found = []
    for seance in timetable.seances:
        creneau, start = creneaux[seance.groupe], seance.debut.astimezone(PARIS)
        expected = (weekday_of(creneau), problem.heures[half_day_of(creneau)], DURATION)
        if (start.weekday(), start.time(), seance.fin - seance.debut) != expected:
            found.append(_violation(seance_keeps_the_creneau, seance.groupe, f"{start} n'est pas un {creneau}."))
    return found


def seances_are_spread_over_six_to_eight_weeks(problem: TimetableProblem, timetable: Timetable) -> list[Violation]:
    del problem
    found = []
    for groupe, seances in _of(timetable).items():
        days = [s.debut.date() for s in seances]
        close = any(b - a < MIN_GAP for a, b in pairwise(days))
        if close or not MIN_SPAN <= days[-1] - days[0] <= MAX_SPAN:
            found.append(_violation(seances_are_spread_over_six_to_eight_weeks, groupe, f"{groupe} : {days}."))
    return found


def seance_is_on_an_open_day(problem: TimetableProblem, timetable: Timetable) -> list[Violation]:
    departements = {g.id: g.departements for g in problem.groupes}
    found = []
    for seance in timetable.seances:
        day = seance.debut.astimezone(PARIS).date()
        closed = (
            not problem.seances_du <= day <= problem.seances_au
            or day in problem.jours_exclus
            or public_holiday(day, departements[seance.groupe])
        )
        if closed:
            found.append(_violation(seance_is_on_an_open_day, seance.groupe, f"{day} n'est pas possible."))
    return found


def seance_is_at_a_bearable_hour(problem: TimetableProblem, timetable: Timetable) -> list[Violation]:
    far = {g.id: sorted(OVERSEAS & set(g.departements)) for g in problem.groupes}
    return [
        _violation(
            seance_is_at_a_bearable_hour, s.groupe, f"{s.debut} est trop tôt ou trop tard dans le {departement}."
        )
        for s in timetable.seances
        for departement in far[s.groupe]
        if not hour_is_bearable(departement, s.debut)
    ]


def animateur_can_run_the_groupe(problem: TimetableProblem, timetable: Timetable) -> list[Violation]:
    animateurs = {a.id: a for a in problem.animateurs}
    groupes = {g.id: g for g in problem.groupes}
    found = []
    for seance in timetable.seances:
        animateur, groupe = animateurs.get(seance.animateur), groupes[seance.groupe]
        able = (
            animateur is not None
            and groupe.thematique in animateur.thematiques
            and groupe.creneau in animateur.creneaux
            and seance.debut.date() not in animateur.indisponible
        )
        if not able:
            phrase = f"{seance.animateur} ne peut pas animer {groupe.id} le {seance.debut.date()}."
            found.append(_violation(animateur_can_run_the_groupe, seance.animateur, phrase))
    return found


def groupe_has_one_animateur(problem: TimetableProblem, timetable: Timetable) -> list[Violation]:
    del problem
    return [
        _violation(groupe_has_one_animateur, groupe, f"{groupe} a plusieurs animateurs.")
        for groupe, seances in _of(timetable).items()
        if len({s.animateur for s in seances}) > 1
    ]


def animateur_is_in_one_place(problem: TimetableProblem, timetable: Timetable) -> list[Violation]:
    starts = defaultdict(list)
    for who, start in problem.occupe:
        starts[who].append(start)
    for seance in timetable.seances:
        starts[seance.animateur].append(seance.debut)
    return [
        _violation(animateur_is_in_one_place, who, f"{who} a deux séances en même temps, le {a}.")
        for who, taken in sorted(starts.items())
        for a, b in _overlapping(sorted(taken))
        if not {(who, a), (who, b)} <= problem.occupe
    ]


def _overlapping(starts: Sequence[datetime]) -> Iterator[tuple[datetime, datetime]]:
    for index, start in enumerate(starts):
        for later in starts[index + 1 :]:
            if not overlap(start, later):
                break
            yield start, later


def animateur_has_allowed_load(problem: TimetableProblem, timetable: Timetable) -> list[Violation]:
    loads = Counter(seances[0].animateur for seances in _of(timetable).values())
    return [
        _violation(animateur_has_allowed_load, a.id, f"{a.id} a {loads[a.id]} groupes ; {a.groupes_max} au plus.")
        for a in problem.animateurs
        if loads[a.id] > a.groupes_max
    ]


SEANCE_RULES: tuple[Callable[[TimetableProblem, Timetable], list[Violation]], ...] = (
    groupe_has_four_seances_or_a_reason,
    seance_keeps_the_creneau,
    seances_are_spread_over_six_to_eight_weeks,
    seance_is_on_an_open_day,
    seance_is_at_a_bearable_hour,
    animateur_can_run_the_groupe,
    groupe_has_one_animateur,
    animateur_is_in_one_place,
    animateur_has_allowed_load,
)


def broken_seance_rules(problem: TimetableProblem, timetable: Timetable) -> list[Violation]:
    """Every violation of every hard rule."""
    return [violation for rule in SEANCE_RULES for violation in rule(problem, timetable)]


def check_timetable(problem: TimetableProblem, timetable: Timetable) -> None:
    """Raise BrokenRules, naming them, unless every rule holds."""
    found = broken_seance_rules(problem, timetable)
    if found:
        raise BrokenRules("; ".join(f"{v.rule}: {v.phrase}" for v in found))


def _of(timetable: Timetable) -> dict[str, list[SeancePlanifiee]]:
    groupes: dict[str, list[SeancePlanifiee]] = defaultdict(list)
    for seance in timetable.seances:
        groupes[seance.groupe].append(seance)
    return groupes


def _violation(rule: Callable[..., list[Violation]], subject: str, phrase: str) -> Violation:
    return Violation(rule.__name__, subject, phrase)
