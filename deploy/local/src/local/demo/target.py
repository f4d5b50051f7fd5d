"""What a season needs of the platform that it is played on: the one on this machine, or one that runs in containers."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Protocol


class Target(Protocol):
    """`var` is a folder for what the demo itself keeps: the CRM's file and log."""

    var: Path
    public_url: str
    team_password: str

    @property
    def kafka_bootstrap_servers(self) -> str: ...

    def database_url(self, service: str) -> str:
        """Return the address of a service's database, as SQLAlchemy takes it."""

    def shift_clock(self, offset: timedelta) -> None:
        """Put the domain's clock ahead of the real one."""

    def restarts(self) -> Mapping[str, int]:
        """Return how often each process had to be started again, by name."""
