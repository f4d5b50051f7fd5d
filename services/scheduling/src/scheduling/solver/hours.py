"""The hour that a séance has where its members live.

Overseas départements and collectivités keep the time of their own zone (IANA), most of them without summer time.
"""

from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

EARLIEST, LATEST = time(7), time(20)
_DURATION = timedelta(hours=2)
_PLACES: Final = {
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


def hour_is_bearable(departement: str, debut: datetime) -> bool:
    """Tell whether a séance that begins at `debut` (aware) lies between 07:00 and 20:00 of one day there."""
    if departement not in _PLACES:
        return True
    begins = debut.astimezone(ZoneInfo(_PLACES[departement]))
    ends = begins + _DURATION
    return begins.time() >= EARLIEST and ends.time() <= LATEST and begins.date() == ends.date()
