"""`season`: plays a season on a platform that runs already, and checks it; the exit code says whether all is right.

It needs a platform without data whose services read the time from the file that CLOCK_FILE names.
"""

import asyncio
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Literal

import httpx
from aiokafka.errors import KafkaError
from chassis.settings import load
from chassis.web.french import PARIS
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from local import clock
from local.demo.browser import Browser, PageError
from local.demo.checks import findings
from local.demo.crm import Crm
from local.demo.mailpit import Mailpit
from local.demo.scenario import Played, Scenario
from local.demo.season import full_season, small_season
from local.demo.truth import Truth


class Settings(BaseSettings):
    """Where the platform is, and how to get in."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    pages_url: str
    public_url: str
    kafka_bootstrap_servers: str
    clock_file: Path = Field(description="docker compose --env-file deploy/docker/demo.env run --rm demo")
    team_password: SecretStr
    registration_database_url: SecretStr
    scheduling_database_url: SecretStr
    notification_database_url: SecretStr
    feedback_database_url: SecretStr
    season: Literal["small", "full"] = "full"


class Deployed:
    """A platform in containers, from inside its network: its pages answer at another address than people's."""

    def __init__(self, settings: Settings, var: Path) -> None:
        self.var = var
        self.public_url = settings.pages_url
        self.team_password = settings.team_password.get_secret_value()
        self.kafka_bootstrap_servers = settings.kafka_bootstrap_servers
        self._clock_file = settings.clock_file
        self._databases: dict[str, SecretStr] = {
            "registration": settings.registration_database_url,
            "scheduling": settings.scheduling_database_url,
            "notification": settings.notification_database_url,
            "feedback": settings.feedback_database_url,
        }

    def database_url(self, service: str) -> str:
        return self._databases[service].get_secret_value()

    def shift_clock(self, offset: timedelta) -> None:
        clock.shift(self._clock_file, offset)

    def restarts(self) -> Mapping[str, int]:
        return {}


async def play(settings: Settings, var: Path) -> tuple[Played, list[str]]:
    """Play and check. A page that isn't what it should be ends the season and is the first finding."""
    platform = Deployed(settings, var)
    mailbox = partial(Mailpit, public_url=settings.public_url)
    today = datetime.now(PARIS).date()
    season = small_season(today) if settings.season == "small" else full_season(today)
    scenario = Scenario(platform, season, _tell, mailbox=mailbox)
    async with Crm(platform).running():
        try:
            played = await scenario.play()
        except (PageError, httpx.HTTPError, KafkaError, TimeoutError) as error:
            return scenario.played, [f"{type(error).__name__}: {error}", *scenario.played.problems]
        browser = Browser(platform.public_url)
        try:
            mails = await mailbox(browser).everything()
        finally:
            await browser.close()
        return played, await findings(platform, played, mails)


async def is_new(settings: Settings) -> bool:
    """Whether nobody has registered yet: the checks count everything that is there."""
    truth = Truth(Deployed(settings, Path()))
    return not await truth.value("registration", "SELECT count(*) FROM campagnes")


def main() -> None:
    settings = load(Settings, "season")
    if not asyncio.run(is_new(settings)):
        sys.exit("season: the platform holds a season already: play on a new one (docs/docker.md, “The demo”)")
    played, found = asyncio.run(play(settings, Path.cwd()))
    for name, count in played.counts.items():
        sys.stdout.write(f"{count:6}  {name}\n")
    for finding in found:
        sys.stdout.write(f"  • {finding}\n")
    sys.stdout.write("season: " + (f"{len(found)} checks failed" if found else "every check holds") + "\n")
    sys.exit(bool(found))


def _tell(line: str) -> None:
    """Lines that end with an ellipsis are for a terminal that overwrites them."""
    if not line.endswith("…"):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
