"""Settings of feedback: those that every service has."""

from chassis.settings import Settings as CommonSettings


class Settings(CommonSettings):
    """Nothing of its own."""
