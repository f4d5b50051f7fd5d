"""Public and school holidays of a département, with their French names.

Invariant: pure look-ups in the `holidays` package (public holidays of the Code du travail with Alsace-Moselle and
overseas; school zones A, B and C of the ministry's arrêtés). Corse and overseas set their own school calendars, which
are not known here: they count as having none.
"""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

import holidays

_SUBDIVISIONS = {"57": "57", "67": "6AE", "68": "6AE"} | {d: d for d in ("971", "972", "973", "974", "976")}
_SUBDIVISIONS |= {"975": "PM", "977": "BL", "978": "MF", "986": "WF", "987": "PF", "988": "NC"}

# Départements of each zone's académies (arrêté du 7 décembre 2022, annexe).
_ZONES = {
    "A": "01 03 07 15 16 17 19 21 23 24 25 26 33 38 39 40 42 43 47 58 63 64 69 70 71 73 74 79 86 87 89 90",
    "B": "02 04 05 06 08 10 13 14 18 22 27 28 29 35 36 37 41 44 45 49 50 51 52 53 54 55 56 57 59 60 61 62 67 68 72 76 "
    "80 83 84 85 88",
    "C": "09 11 12 30 31 32 34 46 48 65 66 75 77 78 81 82 91 92 93 94 95",
}
_ZONE_OF = {departement: zone for zone, listed in _ZONES.items() for departement in listed.split()}


def school_zone(departement: str) -> str | None:
    """Return A, B or C; None in Corse and overseas."""
    return _ZONE_OF.get(departement)


def has_own_holidays(departement: str) -> bool:
    """Tell whether public holidays there differ from the national ones."""
    return departement in _SUBDIVISIONS


def public_holiday(day: date, departements: Iterable[str] = ()) -> str | None:
    """Return the French name of the public holiday on that day, national or of one of these départements."""
    for subdivision in sorted({_SUBDIVISIONS.get(d, "") for d in departements} | {""}):
        name = _public(subdivision, day.year).get(day)
        if name:
            return name
    return None


def school_holiday(day: date, zone: str) -> str | None:
    """Return the French name of the zone's school holidays on that day."""
    return _school(zone, day.year).get(day)


def school_calendar_known(day: date) -> bool:
    """Tell whether there is a school calendar for that year."""
    return bool(_school("A", day.year))


@lru_cache(maxsize=256)
def _public(subdivision: str, year: int) -> dict[date, str]:
    return dict(holidays.country_holidays("FR", subdiv=subdivision or None, years=year, language="fr"))


@lru_cache(maxsize=64)
def _school(zone: str, year: int) -> dict[date, str]:
    found = holidays.country_holidays("FR", subdiv=f"Zone {zone}", years=year, language="fr", categories=("school",))
    return dict(found)
