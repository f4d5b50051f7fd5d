"""The time, as an argument: services ask a clock that they were given, so that a season can be lived in a minute.

The shifted clock belongs to the local platform; elsewhere a service refuses to start with one.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chassis.settings import Settings

Clock = Callable[[], datetime]
"""Answers the present moment, aware, in UTC."""


def system_clock() -> datetime:
    return datetime.now(UTC)


def shifted_clock(file: Path) -> Clock:
    """A clock ahead of the system's by the seconds written in `file`; none there means no shift."""

    def now() -> datetime:
        try:
            seconds = float(file.read_text() or 0)
        except (FileNotFoundError, ValueError):
            seconds = 0.0
        return system_clock() + timedelta(seconds=seconds)

    return now


def make_clock(settings: Settings) -> Clock:
    """Raises ValueError when a shift is asked for outside the local environment."""
    if settings.clock_file is None:
        return system_clock
    if settings.environment != "local":
        raise ValueError("CLOCK_FILE: only the local environment may shift the clock; unset it")
    return shifted_clock(settings.clock_file)
