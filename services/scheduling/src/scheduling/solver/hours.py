"""The hour that a séance has where its members live.

Invariant: a séance is bearable when it neither begins before 07:00 nor ends after 20:00 on the member's own clock. Only
overseas differs from Paris; both clocks may change in the course of a season.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from scheduling.solver.problem import half_day_of, weekday_of
from scheduling.solver.timetable_problem import DURATION, PARIS

EARLIEST, LATEST = time(7), time(20)
_WEEK = timedelta(days=7)

_PLACES = {
    "971": "America/Guadeloupe",
    "972": "America/Martinique",
    "973": "America/Cayenne",
    "974": "Indian/Reunion",
    "975": "America/Miquelon",
    "976": "Indian/Mayotte",
    "977": "America/St_Barthelemy",
    "978": "America/Marigot",
    "986": "Pacific/Wallis",
    "987": "Pacific/Tahiti",
    "988": "Pacific/Noumea",
}
OVERSEAS = frozenset(_PLACES)


@lru_cache(maxsize=8192)
def hour_is_bearable(departement: str, debut: datetime) -> bool:
    """Tell whether a member from there can be asked to attend a séance that begins then (aware)."""
    if departement not in _PLACES:
        return True
    begin = debut.astimezone(ZoneInfo(_PLACES[departement]))
    end = begin + DURATION
    return begin.time() >= EARLIEST and end.date() == begin.date() and end.time() <= LATEST


def unbearable(
    departements: Iterable[str], creneaux: Iterable[str], heures: Mapping[str, time], seances_du: date, seances_au: date
) -> frozenset[tuple[str, str]]:
    """Return each (département, créneau) with an unbearable hour on any of its days; both dates are included."""
    overseas = sorted(OVERSEAS & set(departements))
    found = set()
    for creneau in sorted(set(creneaux)):
        first = seances_du + timedelta(days=(weekday_of(creneau) - seances_du.weekday()) % 7)
        weeks = range(max(0, (seances_au - first).days // 7 + 1))
        starts = [datetime.combine(first + n * _WEEK, heures[half_day_of(creneau)], PARIS) for n in weeks]
        found |= {(d, creneau) for d in overseas if not all(hour_is_bearable(d, start) for start in starts)}
    return frozenset(found)
