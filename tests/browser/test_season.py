"""Every page of the platform in a browser, at every stage of a season, at the width of a phone and of a desk."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

from chassis.web.french import PARIS
from local.demo.browser import Browser as Reader
from local.demo.mails import Listed, Mails
from local.demo.scenario import Scenario
from local.demo.season import small_season
from local.platform import Platform
from playwright.async_api import Browser

from tests.browser import people, routes
from tests.browser.look import Looker, visitor

PORT = 8400


class Visitors:
    """Somebody of the public and somebody of the team, who look in at each stage."""

    def __init__(self, platform: Platform, public: Looker, team: Looker) -> None:
        self.platform = platform
        self.public = public
        self.team = team
        self.scenario: Scenario | None = None

    @property
    def campagne(self) -> str:
        assert self.scenario is not None
        return f"{self.platform.public_url}/groupes/campagnes/{self.scenario.played.campagne}"

    async def come(self, stage: str) -> None:
        acts: dict[str, Callable[[], Awaitable[None]]] = {
            "campagne": self._while_open,
            "proposition": self._before_publication,
            "publication": self._once_published,
        }
        if stage in acts:
            await acts[stage]()

    async def _while_open(self) -> None:
        await people.sign_in(self.team.page, self.platform.public_url, self.platform.team_password)
        await people.register(self.public.page, self.platform.public_url)
        await self.public.judge(self.public.page.url)
        await self.public.walk("/", "/inscription")
        await self.team.walk("/campagnes", "/campagnes/nouvelle", "/groupes/", "/messages/", "/retours/")

    async def _before_publication(self) -> None:
        await people.form_again(self.team.page, self.campagne)
        await people.put_aside_and_back(self.team.page, self.campagne)
        await self.team.look(self.team.page.url)
        await people.search(self.team.page, self.campagne)
        await self.team.look(self.team.page.url)
        await self.team.walk("/campagnes", self.campagne)

    async def _once_published(self) -> None:
        await self.team.walk(self.campagne, "/groupes/seances")

    async def after(self) -> None:
        """Look at everything once more when the season is over, and follow the links of mails."""
        await self.team.walk("/campagnes", self.campagne, "/groupes/seances", "/messages/", "/retours/")
        reader = Reader(self.platform.public_url)
        mails = Mails(reader)
        received = await mails.fresh()
        for part in ("/suivi/", "/retours/questionnaire/", "/messages/preferences/"):
            await self.public.walk(await _last_link(mails, received, part))
        await people.answer(self.public.page, await _last_link(mails, received, "/retours/questionnaire/"))
        await self.public.look(self.public.page.url)
        await reader.close()


async def _last_link(mails: Mails, received: list[Listed], part: str) -> str:
    """Return the link to a page in the last mail that has one."""
    for mail in reversed(received):
        if link := await mails.link(mail, part):
            return link
    raise AssertionError(f"no mail links to {part}")


async def test_every_page_in_a_browser_through_a_season(tmp_path: Path, chrome: Browser) -> None:
    known = routes.pages()
    with Platform(tmp_path / "var", port=PORT) as platform:
        visitors = Visitors(
            platform,
            await visitor(chrome, platform.public_url, known),
            await visitor(chrome, platform.public_url, known),
        )
        season = small_season(datetime.now(PARIS).date())
        visitors.scenario = Scenario(platform, season, lambda _line: None, visitors.come)
        played = await visitors.scenario.play()
        await visitors.after()
    assert played.problems == []
    assert visitors.public.findings + visitors.team.findings == []
    assert {route.path for route in known} - visitors.public.seen - visitors.team.seen == set()
