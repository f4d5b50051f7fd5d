"""The two input files as arrays, read apart from the program that is measured.

Invariant: nobody is dropped and nothing is forbidden that the rules allow, so that a bound on this is a bound.
"""

import csv
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import holidays
import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

JOURS: Final = ("lundi", "mardi", "mercredi", "jeudi", "vendredi")
PARIS: Final = ZoneInfo("Europe/Paris")
OVERSEAS: Final = {
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
_SEANCES: Final = 4
_SHORTEST, _LONGEST = 6, 8

Choice = tuple[int, int, int, int]
"""Thématique, set of créneaux as bits, élu or not, weight."""


@dataclass(frozen=True, slots=True)
class Season:
    """A campagne in numbers. `kinds` are what people can be, `counts` how many are so, `apart` the body of each (-1).

    `runs` has a row per animateur: thématiques and créneaux as bits, groupes in all; `sets` how many sets of four
    dates the animateur has in each créneau.
    """

    thematiques: tuple[str, ...]
    creneaux: tuple[str, ...]
    groupe: Mapping[str, int]
    per_person: int
    kinds: list[tuple[Choice, ...]]
    counts: Ints
    apart: Ints
    runs: Ints
    sets: Ints
    inscriptions: int


def read_season(inscriptions: Path, parametres: Path, bodies: int) -> Season:
    """Read both files; the people of the `bodies` largest collectivités are kept apart from others that are alike."""
    settings = tomllib.loads(parametres.read_text(encoding="utf-8"))
    campagne = settings["campagne"]
    creneaux = tuple(campagne["creneaux"])
    people, thematiques, home = _read_people(inscriptions, campagne, creneaux, _unbearable(settings, creneaux))
    sizes = Counter(home.values())
    largest = {body: n for n, (body, count) in enumerate(sizes.most_common(bodies)) if count > 1}
    kinds: Counter[tuple[int, tuple[Choice, ...]]] = Counter()
    for person, choices in people.items():
        kinds[largest.get(home[person], -1), tuple(sorted(choices))] += 1
    runs, sets = _animateurs(settings, thematiques, creneaux)
    return Season(
        thematiques=thematiques,
        creneaux=creneaux,
        groupe=campagne["groupe"],
        per_person=campagne["places_par_personne"],
        kinds=[choices for _, choices in kinds],
        counts=np.array(list(kinds.values()), dtype=np.int64),
        apart=np.array([body for body, _ in kinds], dtype=np.int64),
        runs=runs,
        sets=sets,
        inscriptions=sum(len(choices) for choices in people.values()),
    )


def _read_people(
    path: Path, campagne: Mapping[str, Any], creneaux: tuple[str, ...], unbearable: Mapping[str, int]
) -> tuple[dict[str, list[Choice]], tuple[str, ...], dict[str, str]]:
    bit = {creneau: 1 << n for n, creneau in enumerate(creneaux)}
    number: dict[str, int] = {}
    masks: dict[str, int] = {}
    people: dict[str, list[Choice]] = {}
    home: dict[str, str] = {}
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        for _, person, body, departement, qualite, taille, thematique, _, _, text, _, _ in rows:
            if text not in masks:
                masks[text] = sum(bit.get(word.partition(":")[0], 0) for word in text.split(";"))
            mask = masks[text] & ~unbearable.get(departement, 0)
            t = number.setdefault(thematique, len(number))
            people.setdefault(person, []).append((t, mask, int(qualite == "elu"), campagne["poids"][taille]))
            home[person] = body
    return people, tuple(number), home


def _unbearable(settings: Mapping[str, Any], creneaux: tuple[str, ...]) -> dict[str, int]:
    """Return, per overseas département, the créneaux whose séances would begin before 7 or after 20 there."""
    day = settings["campagne"]["seances_du"]
    found = {}
    for departement, zone in OVERSEAS.items():
        found[departement] = 0
        for n, creneau in enumerate(creneaux):
            hour = time.fromisoformat(settings["heures"][creneau.partition("-")[2]])
            there = datetime.combine(day, hour, PARIS).astimezone(ZoneInfo(zone))
            found[departement] |= (not time(7) <= there.time() <= time(20)) << n
    return found


def _animateurs(
    settings: Mapping[str, Any], thematiques: tuple[str, ...], creneaux: tuple[str, ...]
) -> tuple[Ints, Ints]:
    runs, sets = [], []
    days = [_days(settings["campagne"], creneau) for creneau in creneaux]
    for animateur in settings["animateurs"]:
        knows = sum(1 << n for n, t in enumerate(thematiques) if t in animateur["thematiques"])
        away = set(animateur.get("indisponible", ()))
        free = [
            _sets(tuple(sorted(day.toordinal() // 7 for day in days[n] - away)))
            if creneau in animateur["creneaux"]
            else 0
            for n, creneau in enumerate(creneaux)
        ]
        runs.append((knows, animateur["groupes_max"]))
        sets.append(free)
    return np.array(runs, dtype=np.int64).reshape(-1, 2), np.array(sets, dtype=np.int64).reshape(-1, len(creneaux))


@cache
def _sets(weeks: tuple[int, ...]) -> int:
    """Most sets of four of these weeks without one in common, six to eight weeks from first to last."""
    if len(weeks) < _SEANCES:
        return 0
    first, later = weeks[0], weeks[1:]
    best = _sets(later)
    for rest in combinations(later, _SEANCES - 1):
        if _SHORTEST <= rest[-1] - first <= _LONGEST and best <= (len(later) - 3) // _SEANCES:
            best = max(best, 1 + _sets(tuple(week for week in later if week not in rest)))
    return best


def _days(campagne: Mapping[str, Any], creneau: str) -> set[date]:
    first, last = campagne["seances_du"], campagne["seances_au"]
    closed = holidays.country_holidays("FR", years=range(first.year, last.year + 1))
    every = (first + timedelta(days=n) for n in range((last - first).days + 1))
    weekday = JOURS.index(creneau.partition("-")[0])
    return {
        day for day in every if day.weekday() == weekday and day not in closed and day not in campagne["jours_exclus"]
    }
