"""Why a groupe has no séances, and what would give it some: one French sentence a groupe.

Invariant: a sentence names the first thing that stands in the way, and nothing that doesn't.
"""

from collections.abc import Iterable
from datetime import date, datetime, time
from itertools import pairwise

from scheduling.solver.capacities import Presences, groupe_capacities
from scheduling.solver.dates import open_days, patterns, possible_days
from scheduling.solver.hours import hour_is_bearable
from scheduling.solver.problem import InfeasibleInput, creneau_en_francais, half_day_of
from scheduling.solver.timetable_problem import (
    DURATION,
    SEANCES,
    GroupeAPlanifier,
    NonPlanifie,
    TimetableProblem,
    starts_at,
)


def check_horaire(problem: TimetableProblem) -> None:
    """Raise InfeasibleInput when no timetable makes sense: a period that ends first, half-days that overlap."""
    du, au = problem.seances_du, problem.seances_au
    if au < du:
        raise InfeasibleInput(
            f"La période des séances finit le {_french(au)}, avant de commencer le {_french(du)} : corrigez ses dates."
        )
    hours = sorted(problem.heures.values())
    if any(_at(b) - _at(a) < DURATION for a, b in pairwise(hours)):
        raise InfeasibleInput(
            f"Les séances durent deux heures : celles de {_hour(hours[0])} et de {_hour(hours[-1])} se chevauchent. "
            "Écartez leurs heures de début."
        )


def why_nothing_fits(problem: TimetableProblem) -> str | None:
    """Say why no animateur could run any groupe at all; None when one can."""
    if not problem.animateurs:
        return "La campagne n'a aucun animateur : ajoutez-en un pour former des groupes."
    if any(groupe_capacities(problem).values()):
        return None
    creneaux = sorted({c for a in problem.animateurs for c in a.creneaux})
    if not creneaux:
        return "Aucun animateur n'a de créneau : indiquez quand ils sont disponibles."
    if not any(patterns(problem, GroupeAPlanifier("", "", c), open_days(problem, c)) for c in creneaux):
        return (
            f"Du {_french(problem.seances_du)} au {_french(problem.seances_au)}, quatre séances réparties sur 6 à 8 "
            "semaines ne tiennent dans aucun créneau. Allongez la période ou libérez des jours exclus."
        )
    if not any(a.groupes_max for a in problem.animateurs):
        return "Aucun animateur ne peut animer de groupe : donnez à l'un d'eux au moins un groupe."
    return (
        "Les absences des animateurs ne laissent quatre dates à aucun d'eux. Allongez la période ou ajoutez un "
        "animateur."
    )


def reasons(problem: TimetableProblem, left_out: Iterable[GroupeAPlanifier]) -> tuple[NonPlanifie, ...]:
    """One sentence for each of these groupes."""
    presences = Presences(problem)
    # Groupes alike in all but their id have the same reason.
    told: dict[tuple[str, str, tuple[str, ...]], str] = {}
    found = []
    for groupe in left_out:
        key = (groupe.thematique, groupe.creneau, tuple(sorted(set(groupe.departements))))
        if key not in told:
            told[key] = _why(problem, presences, groupe)
        found.append(NonPlanifie(groupe.id, f"Le groupe {groupe.id} {told[key]}"))
    return tuple(found)


def _why(problem: TimetableProblem, presences: Presences, groupe: GroupeAPlanifier) -> str:
    when = creneau_en_francais(groupe.creneau)
    choice = patterns(problem, groupe, open_days(problem, groupe.creneau))
    if not choice:
        return _no_dates(problem, groupe)
    knowing = [a for a in problem.animateurs if groupe.thematique in a.thematiques]
    if not problem.animateurs:
        return "n'a pas d'animateur : la campagne n'en a aucun. Ajoutez-en un."
    if not knowing:
        return "n'a pas d'animateur : aucun ne connaît sa thématique. Ajoutez-en un."
    able = [a for a in knowing if groupe.creneau in a.creneaux]
    if not able:
        return f"n'a pas d'animateur : aucun de ceux de sa thématique n'est disponible le {when}."
    free = [set(presences.free(a, groupe.creneau)) for a in able]
    if not any(days.issuperset(p.days) for days in free for p in choice):
        return (
            f"n'a pas d'animateur : les absences de ceux qui animent le {when} ne laissent pas quatre dates. "
            "Allongez la période ou ajoutez un animateur."
        )
    return (
        f"n'a pas d'animateur : ceux qui animent le {when} sont pris au même moment ou ont déjà tous leurs groupes. "
        "Ajoutez un animateur ou augmentez le nombre de groupes que l'un d'eux peut animer."
    )


def _no_dates(problem: TimetableProblem, groupe: GroupeAPlanifier) -> str:
    when, days = creneau_en_francais(groupe.creneau), open_days(problem, groupe.creneau)
    hour = problem.heures[half_day_of(groupe.creneau)]
    far = sorted(d for d in set(groupe.departements) if not all(_bearable(problem, groupe, d, day) for day in days))
    if far:
        return (
            f"ne trouve pas ses dates : à {_hour(hour)} à Paris, il est trop tôt ou trop tard pour ses membres du "
            f"{', du '.join(far)}. Placez-les dans un autre créneau."
        )
    count = len(possible_days(problem, groupe))
    return (
        f"ne trouve pas ses dates : {count} jour{'s' if count > 1 else ''} sans férié ni exclusion le {when} du "
        f"{_french(problem.seances_du)} au {_french(problem.seances_au)}, pour {SEANCES} séances réparties sur 6 à 8 "
        "semaines. Allongez la période ou libérez des jours exclus."
    )


def _bearable(problem: TimetableProblem, groupe: GroupeAPlanifier, departement: str, day: date) -> bool:
    return hour_is_bearable(departement, starts_at(problem, half_day_of(groupe.creneau), day))


def _at(hour: time) -> datetime:
    return datetime.combine(date.min, hour)


def _hour(hour: time) -> str:
    return f"{hour.hour} h {hour:%M}".removesuffix(" 00")


def _french(day: date) -> str:
    return f"{day:%d/%m/%Y}"
