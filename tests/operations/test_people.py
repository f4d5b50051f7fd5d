"""What people notice while services restart and while Kafka is away: nothing, or the truth."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime

import httpx
import psutil
import pytest
from chassis.web.french import PARIS
from local.demo import browser as demo_browser
from local.demo.browser import Browser
from local.demo.person import Identity, follow_until, register
from local.demo.season import small_season
from local.demo.team import Team
from local.demo.truth import until
from local.platform import Platform
from local.postgres import SERVICES

PAGES = ("/", "/groupes/connexion", "/messages/connexion", "/retours/connexion")
REGISTERED = "Votre inscription est bien enregistrée"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    foreign = ("KAFKA_", "SMTP_URL", "DATABASE_URL")
    own = {name: value for name, value in os.environ.items() if not any(part in name for part in foreign)}
    with Platform(tmp_path_factory.mktemp("platform") / "var", port=8400, environ=own) as platform:
        yield platform


@pytest.fixture(scope="module")
async def thematique(platform: Platform) -> str:
    """A campagne is open; one of its thématiques."""
    today = datetime.now(PARIS).date()
    season = small_season(today)
    team = Team(platform.public_url, platform.team_password)
    code = await team.create_campagne(season, today)
    await team.open_campagne(code)
    await team.close_browser()
    return season.thematiques[0]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Browsers that don't try again: what fails once is shown to the person."""
    monkeypatch.setattr(demo_browser, "_AWAY", frozenset())
    monkeypatch.setattr(demo_browser, "PATIENCE", -1.0)


class People:
    """People who register one after the other, and somebody who looks at a page of each service, until told to stop."""

    def __init__(self, platform: Platform, thematique: str) -> None:
        self._platform, self._thematique = platform, thematique
        self._stop = False
        self.looked = 0
        self.followed: list[str] = []

    async def look(self) -> None:
        async with httpx.AsyncClient(base_url=self._platform.public_url, trust_env=False, timeout=60) as web:
            while not self._stop:
                for page in PAGES:
                    answer = await web.get(page)
                    assert answer.status_code == 200, (page, answer.status_code)
                    self.looked += 1

    async def register(self) -> None:
        while not self._stop:
            browser = Browser(self._platform.public_url)
            who = Identity(email=f"personne{len(self.followed)}@pelussin.example")
            self.followed.append(await register(browser, who, self._thematique))
            await browser.close()

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.look())
            group.create_task(self.register())
            try:
                yield
            finally:
                self._stop = True


async def test_a_rolling_restart_of_every_service_is_seen_by_nobody(
    platform: Platform, thematique: str, impatient: None
) -> None:
    del impatient
    people = People(platform, thematique)
    async with people.at_work():
        await until(lambda: _true(len(people.followed) > 1), 60)
        for service in SERVICES:
            process = psutil.Process(platform.pids()[service])
            process.send_signal(signal.SIGTERM)
            await asyncio.to_thread(process.wait, 15)
            before = people.looked
            assert await until(lambda s=service: _ready(platform, s), 60)
            await until(lambda b=before: _true(people.looked > b + len(PAGES)), 60)
    told = (platform.var / "logs" / "plateforme.log").read_text()
    assert all(f"{service} s’est arrêté (code 0)" in told for service in SERVICES)
    browser = Browser(platform.public_url)
    assert all([await follow_until(browser, address, REGISTERED, 60) for address in people.followed])
    await browser.close()


async def test_while_kafka_is_away_the_form_accepts_says_the_truth_and_loses_nothing(
    platform: Platform, thematique: str
) -> None:
    kafka = psutil.Process(platform.pids()["kafka"])
    browser = Browser(platform.public_url)
    kafka.suspend()
    try:
        who = Identity(email="pendant.la.panne@pelussin.example")
        followed = await register(browser, who, thematique)
        assert "quelques secondes" in (await browser.get(followed)).text
        assert await follow_until(browser, followed, "plus de temps que d’habitude", 60)
        async with httpx.AsyncClient(trust_env=False, timeout=10) as web:
            ready = await web.get(platform.health_url("registration"))
            live = await web.get(platform.health_url("registration").replace("ready", "live"))
            metrics = (await web.get(platform.health_url("registration").replace("health/ready", "metrics"))).text
        assert ready.status_code == 503
        assert any(problem.startswith("kafka") for problem in ready.json()["problems"])
        assert live.status_code == 200
        assert "ateliers_outbox_unsent_rows 1.0" in metrics
    finally:
        kafka.resume()
    assert await follow_until(browser, followed, REGISTERED, 90)
    await browser.close()


async def _true(value: bool) -> bool:  # noqa: FBT001 - what `until` asks again
    return value


async def _ready(platform: Platform, service: str) -> bool:
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=5) as web:
            return (await web.get(platform.health_url(service))).status_code == 200
    except httpx.TransportError:
        return False
