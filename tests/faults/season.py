"""Seasons as the team and its people live them: a campagne opened, filled, closed, its groupes published, retours.

Everything is done through pages and Kafka. A page that fails is tried again, as people do; what it did meanwhile is
seen in the databases, so that nothing is asked for twice.
"""

import asyncio
import contextlib
import json
import random
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_string, policy
from typing import Final

import asyncpg
from itsdangerous import URLSafeSerializer
from local.demo.browser import Browser
from local.demo.person import answer
from local.demo.season import Season, small_season
from local.demo.team import Team, _fill_animateurs, _fill_campagne

from tests.faults.found import TABLES, rows
from tests.faults.stand import SEASON_DOMAIN, TEAM_PASSWORD, Stand
from tests.faults.workload import Kind, Workload

PEOPLE: Final = 48
LEAVING: Final = 5
PATIENCE: Final = 900.0
RETOURS_SECONDS: Final = 120.0
ENOUGH: Final = 8
_QUESTIONNAIRE: Final = re.compile(r"https?://\S+/retours/questionnaire/\S+")
_TO_ASK: Final = "SELECT count(*) > 0 FROM envois WHERE modele = 'questionnaire' AND etat IN ('a_envoyer', 'en_cours')"
"""Questionnaires stand behind the mails of the crowd, which may take minutes."""
_AWAY: Final = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)


class NeverHappenedError(Exception):
    """A page or a service did not do in time what it was asked for."""


@dataclass
class Seasons:
    stand: Stand
    workload: Workload
    seed: int

    def __post_init__(self) -> None:
        self._team = Team(self.stand.public_url, TEAM_PASSWORD)
        self._offset = timedelta(0)
        self._read = 0
        self._choice = random.Random(f"seasons {self.seed}")  # noqa: S311

    async def close(self) -> None:
        await self._team.close_browser()

    async def open_flow(self) -> Kind:
        """Open the campagne that stays open for years, for everything that needs no groupes."""
        season = replace(small_season(self._today()), name=f"Flux {self.seed}")
        code = await self._open(season, self._today() + timedelta(days=365 * 20))
        return Kind(code, season.thematiques, "flux.example")

    async def live(self, number: int) -> None:
        """One season, from its opening to its last retour."""
        season = replace(small_season(self._today()), name=f"Saison {self.seed}-{number}")
        code = await self._open(season, self._today() + timedelta(days=13))
        people = await self.workload.register(Kind(code, season.thematiques, SEASON_DOMAIN, calm=True), PEOPLE)
        wanted = f"SELECT count(*) >= {PEOPLE} FROM inscriptions WHERE campagne = '{code}'"  # noqa: S608 - our own code
        await self._until("scheduling", wanted)
        closed = f"SELECT etat = 'close' FROM campagnes WHERE code = '{code}'"  # noqa: S608
        await self._done(lambda: self._team.close_campagne(code), "registration", closed)
        self.workload.sent.campagnes[code] = "close"
        ready = f"SELECT count(*) > 0 FROM propositions WHERE campagne = '{code}' AND etat IN ('prete', 'publiee')"  # noqa: S608
        await self._done(lambda: self._team.form_groupes(code, 30), "scheduling", ready)
        published = f"SELECT count(*) > 0 FROM propositions WHERE campagne = '{code}' AND etat = 'publiee'"  # noqa: S608
        await self._done(lambda: self._team.publish(code), "scheduling", published)
        self.workload.sent.campagnes[code] = "publiee"
        await asyncio.gather(*(self.workload.withdraw(one) for one in people[:LEAVING]))
        await self._diaries_agree(code)
        await self._collect_retours()

    async def _open(self, season: Season, until: date) -> str:
        code = f"{season.name.lower().replace(' ', '-')}"
        exists = f"SELECT count(*) > 0 FROM campagnes WHERE code = '{code}'"  # noqa: S608
        opened = f"SELECT etat = 'ouverte' FROM campagnes WHERE code = '{code}'"  # noqa: S608
        await self._done(lambda: self._create(season, until), "registration", exists)
        await self._done(lambda: self._team.open_campagne(code), "registration", opened)
        self.workload.sent.campagnes[code] = "ouverte"
        return code

    async def _create(self, season: Season, until: date) -> None:
        page = await self._team.open("/campagnes/nouvelle")
        form = page.form(field="seances_du")
        while f"animateur_nom_{len(season.animateurs)}" not in form.names:
            _fill_animateurs(form, season)
            form.press("Ajouter")
            page = await self._team.browser.send(page, form)
            form = page.form(field="seances_du")
        _fill_animateurs(form, season)
        _fill_campagne(form, season, self._today())
        first = until + timedelta(days=15)
        form.fill(inscriptions_au=until.isoformat(), seances_du=first.isoformat())
        form.fill(seances_au=(first + timedelta(weeks=12)).isoformat())
        form.press("Créer la campagne")
        await self._team.browser.send(page, form)

    async def _diaries_agree(self, campagne: str) -> None:
        """Wait for the withdrawals and the meetings to be known: what is past when it is heard is not told."""
        left = f"SELECT count(*) = {LEAVING} FROM participants WHERE campagne = '{campagne}' AND etat = 'annulee'"  # noqa: S608
        await self._until("notification", left)
        meetings = f"SELECT count(*) FROM ({TABLES['scheduling.seances']}) AS meetings"  # noqa: S608
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with contextlib.suppress(*_AWAY):
                due = (await rows(self.stand, "scheduling", meetings))[0][0]
                known = (await rows(self.stand, "notification", "SELECT count(*) FROM agendas WHERE NOT annulee"))[0][0]
                if due == known > 0:
                    return
            await asyncio.sleep(0.5)
        raise NeverHappenedError(f"{campagne}: the diaries never agreed with the meetings")

    async def _collect_retours(self) -> None:
        """Let time pass until the first séances are over, and answer what is asked about them."""
        await self._until("notification", "SELECT count(*) > 0 FROM seances")
        ends = "SELECT max(fin) FROM seances WHERE rang = 1"
        last = None
        while last is None:
            with contextlib.suppress(*_AWAY):
                last = (await rows(self.stand, "notification", ends))[0][0]
        self._offset = last + timedelta(hours=2) - datetime.now(UTC)
        self.stand.shift_clock(self._offset)
        begun, answered = time.monotonic(), 0
        while answered < ENOUGH and (waited := time.monotonic() - begun) < PATIENCE:
            for link in self._fresh_links():
                answered += await self._answer(link)
            if waited > RETOURS_SECONDS and not await self._is("notification", _TO_ASK):
                return
            await asyncio.sleep(1)

    def _fresh_links(self) -> list[str]:
        """Return the questionnaires in the mails that came since the last call."""
        with self.stand.kept.open("rb") as kept:
            kept.seek(self._read)
            whole = [line for line in kept if line.endswith(b"\n")]
        self._read += sum(map(len, whole))
        mails = [json.loads(line) for line in whole]
        texts = [_text(mail["raw"]) for mail in mails if "raw" in mail and mail["trouble"] in {"none", "kept"}]
        return [found[0] for text in texts if (found := _QUESTIONNAIRE.findall(text))]

    async def _answer(self, link: str) -> bool:
        """Answer once, with as many tries as it takes; two in three do not."""
        draw = random.Random(self._choice.random())  # noqa: S311
        if draw.random() < 2 / 3:
            return False
        seed, token = draw.random(), link.rpartition("/")[2]
        for _ in range(20):
            browser = Browser(self.stand.public_url)
            with contextlib.suppress(Exception):
                # The same seed gives the same answer each time that it is sent again.
                thanked = await answer(browser, f"/retours/questionnaire/{token}", random.Random(seed))  # noqa: S311
                if thanked:
                    break
            await asyncio.sleep(0.5)
            await browser.close()
        else:
            return False
        seance, inscription = _ids(token)
        self.workload.sent.retours[seance, inscription] = random.Random(seed).choices((3, 4, 5), (1, 4, 4))[0]  # noqa: S311
        return True

    async def _done(self, act: Callable[[], Awaitable[object]], service: str, query: str) -> None:
        """Do it until the database says that it is done: an answer that was lost says nothing."""
        deadline = time.monotonic() + PATIENCE
        problem = ""
        while not await self._is(service, query):
            if time.monotonic() > deadline:
                raise NeverHappenedError(f"{query}: {problem}")
            try:
                await act()
            except Exception as error:  # noqa: BLE001 - whatever it was, people try again
                problem = f"{type(error).__name__}: {str(error)[:300]}"
                await asyncio.sleep(0.5)

    async def _until(self, service: str, query: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not await self._is(service, query):
            if time.monotonic() > deadline:
                raise NeverHappenedError(query)
            await asyncio.sleep(0.5)

    async def _is(self, service: str, query: str) -> bool:
        try:
            found = await rows(self.stand, service, query)
        except _AWAY:
            return False
        return bool(found and found[0][0])

    def _today(self) -> date:
        return (datetime.now(UTC) + self._offset).date()


def _text(raw: str) -> str:
    body = message_from_string(raw, policy=policy.default).get_body(("plain",))
    return str(body.get_content()) if body is not None else ""


def _ids(token: str) -> tuple[str, str]:
    """Read the séance and the inscription that a link carries in the open; only its signature is a secret."""
    _, (_until, seance, inscription) = URLSafeSerializer("").loads_unsafe(token)
    return str(seance), str(inscription)
