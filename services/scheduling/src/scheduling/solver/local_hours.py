"""The hour at a member's place when a séance takes place, and whether people there can be asked to come.

Overseas départements and collectivités keep the time of their own zone (IANA), most of them without summer time.
"""

from datetime import datetime, time
from typing import Final
from zoneinfo import ZoneInfo

EARLIEST, LATEST = time(7), time(20)
_ZONES: Final = {
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


def zone_of(departement: str) -> ZoneInfo:
    """Return the time zone of a département; Paris for all that are not overseas."""
    return ZoneInfo(_ZONES.get(departement, "Europe/Paris"))


def is_bearable(departement: str, debut: datetime, fin: datetime) -> bool:
    """Tell whether a séance (aware moments) begins at 07:00 at the earliest and ends by 20:00 there, on one day."""
    zone = zone_of(departement)
    begins, ends = debut.astimezone(zone), fin.astimezone(zone)
    return begins.time() >= EARLIEST and ends.time() <= LATEST and begins.date() == ends.date()
