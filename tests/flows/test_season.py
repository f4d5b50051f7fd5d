"""A small season played by everybody through the whole platform, while each service is killed once on the way."""

import os
import signal
from datetime import datetime
from pathlib import Path

import psutil
from chassis.web.french import PARIS
from local.demo.checks import findings
from local.demo.crm import Crm
from local.demo.scenario import Scenario
from local.demo.season import small_season
from local.platform import Platform

KILLED_AT = {
    "inscriptions": ("registration",),
    "formation": ("scheduling",),
    "publication": ("notification", "crm"),
    "séances": ("feedback",),
}
"""Stage of the season, by the beginning of its name, and who gets a kill -9 there."""


async def test_a_season_ends_the_same_when_each_service_is_killed_on_the_way(tmp_path: Path) -> None:
    killed: list[str] = []
    with Platform(tmp_path / "var", port=8300, environ=_own_servers()) as platform:
        crm = Crm(platform)

        async def kill(stage: str) -> None:
            victims = [name for start, names in KILLED_AT.items() if stage.startswith(start) for name in names]
            for name in victims:
                pid = crm.pid if name == "crm" else platform.pids()[name]
                if name not in killed and pid is not None:
                    psutil.Process(pid).send_signal(signal.SIGKILL)
                    killed.append(name)

        scenario = Scenario(platform, small_season(datetime.now(PARIS).date()), lambda _line: None, kill)
        async with crm.running():
            played = await scenario.play()
            found = await findings(platform, played)
    assert found == []
    assert sorted(killed) == ["crm", "feedback", "notification", "registration", "scheduling"]
    assert played.answers > 0


def _own_servers() -> dict[str, str]:
    """The environment without addresses of other servers."""
    foreign = ("KAFKA_", "SMTP_URL", "DATABASE_URL")
    return {name: value for name, value in os.environ.items() if not any(part in name for part in foreign)}
