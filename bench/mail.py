"""From the POST that sends the form to the mail at the SMTP server, through the whole platform as it runs."""

import asyncio
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chassis.web.french import PARIS
from local.demo import person
from local.demo.browser import Browser, Page
from local.demo.mails import Mails
from local.demo.person import Identity
from local.demo.season import small_season
from local.demo.team import Team
from local.demo.truth import until
from local.platform import Platform

AT_REST, LOADED, A_SECOND = 20, 150, 50
_AT_ONCE = 8
_PATIENCE = 120.0

Ready = tuple[Browser, Page, str]
"""A person's browser, the last page of their form, and their address."""


async def _prepare(base_url: str, count: int, kind: str) -> list[Ready]:
    """Bring people to the last page of the form."""
    at_once = asyncio.Semaphore(_AT_ONCE)

    async def one(number: int) -> Ready:
        async with at_once:
            who = Identity(email=f"{kind}-{number}@pelussin.example")
            browser = Browser(base_url)
            page = await browser.get("/inscription")
            return browser, await person.first_steps(browser, page, who, "eau"), who.email

    return list(await asyncio.gather(*(one(number) for number in range(count))))


async def _send(ready: list[Ready], pause: float, mails: Mails, *, wait: bool) -> list[float]:
    """Send the forms, one each `pause` seconds; return the seconds until each mail was there."""
    sent: dict[str, datetime] = {}

    async def post(browser: Browser, page: Page, email: str) -> None:
        sent[email] = datetime.now(UTC)
        await browser.send(page, person.last_form(page), status=303, follow=False)
        await browser.close()

    tasks = []
    start = asyncio.get_running_loop().time()
    for number, (browser, page, email) in enumerate(ready):
        await asyncio.sleep(max(0.0, start + number * pause - asyncio.get_running_loop().time()))
        tasks.append(asyncio.create_task(post(browser, page, email)))
        if wait:
            await tasks[-1]
            await mails.wait_for(email, "enregistrée", _PATIENCE)
    await asyncio.gather(*tasks)
    arrived: dict[str, datetime] = {}

    async def all_here() -> bool:
        arrived.update({mail["to"]: datetime.fromisoformat(mail["received"]) for mail in await mails.fresh()})
        return sent.keys() <= arrived.keys()

    await until(all_here, _PATIENCE)
    return [(arrived[email] - moment) / timedelta(seconds=1) for email, moment in sent.items() if email in arrived]


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder that PostgreSQL may enter when it runs as another user."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


async def measure() -> tuple[list[float], list[float]]:
    """Return the seconds at rest (one after the other) and under load; a mail that never came is an error."""
    with _folder() as folder:
        # One client sends for everybody here.
        environ = {**os.environ, "ENVOIS_PAR_MINUTE": "100000"}
        with Platform(folder / "var", port=8400, environ=environ) as platform:
            team = Team(platform.public_url, platform.team_password)
            today = datetime.now(PARIS).date()
            await team.open_campagne(await team.create_campagne(small_season(today), today))
            await team.close_browser()
            browser = Browser(platform.public_url)
            mails = Mails(browser)
            ready = await _prepare(platform.public_url, AT_REST + LOADED, "personne")
            at_rest = await _send(ready[:AT_REST], 0.3, mails, wait=True)
            loaded = await _send(ready[AT_REST:], 1 / A_SECOND, mails, wait=False)
            await browser.close()
    if len(at_rest) < AT_REST or len(loaded) < LOADED:
        raise TimeoutError(f"only {len(at_rest)} and {len(loaded)} mails came")
    return at_rest, loaded
