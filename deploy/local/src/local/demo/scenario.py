"""A season from its first inscription to its last retour, played by everybody who has a part in it.

Nothing here reaches into a service: the team and the people act through pages, the portal and the CRM through Kafka,
and the clock goes on by the file that the local platform gives to every service. Databases are only looked at, to
know when the platform has finished what it was asked.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import asyncpg
import portal
from chassis.web.french import PARIS

from local.demo import front_door, person
from local.demo.browser import Browser, PageError
from local.demo.front_door import Sent
from local.demo.mails import Mails
from local.demo.person import Identity
from local.demo.season import CRENEAUX, REMINDER, Season, moments
from local.demo.target import Target
from local.demo.team import Team
from local.demo.truth import Row, Truth, until

PATIENCE: Final = 300.0
SOLVER_PATIENCE: Final = 600.0
_AT_ONCE: Final = 6
_BEFORE_CLOSE: Final = timedelta(days=10)

Told = Callable[[str], None]
"""Told in one line of French what has just been done, or is going on."""
Stage = Callable[[str], Awaitable[None]]
"""Called at each stage of the season with its name, so that a test can break something there."""


async def _no_stage(_name: str) -> None:
    return


@dataclass
class Played:
    """What was done, for the checks and the summary."""

    season: Season
    campagne: str = ""
    sent: Sent | None = None
    withdrew: str = ""
    answers: int = 0
    problems: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


class Scenario:
    """One season on one running platform."""

    def __init__(
        self,
        platform: Target,
        season: Season,
        told: Told,
        stage: Stage = _no_stage,
        mailbox: Callable[[Browser], Mails] = Mails,
    ) -> None:
        self._platform = platform
        self._season = season
        self._told = told
        self._stage = stage
        self._truth = Truth(platform)
        self._team = Team(platform.public_url, platform.team_password)
        self._browser = Browser(platform.public_url)
        self._mails = mailbox(self._browser)
        self._choice = random.Random(season.seed)  # noqa: S311 - who answers, not a secret
        self._started = datetime.now(UTC)
        self._offset = timedelta(0)
        self.played = Played(season)

    async def play(self) -> Played:
        """Play everything. Raises PageError when a page isn't what it should be."""
        try:
            await self._open_campagne()
            await self._receive_inscriptions()
            await self._register_by_hand()
            await self._form_groupes()
            await self._publish()
            await self._withdraw_one()
            await self._live_through()
            await self._settle()
        finally:
            await self._team.close_browser()
            await self._browser.close()
        return self.played

    async def _open_campagne(self) -> None:
        today = self._started.astimezone(PARIS).date()
        self.played.campagne = await self._team.create_campagne(self._season, today)
        await self._team.open_campagne(self.played.campagne)
        await self._stage("campagne")
        self._told(f"L’équipe a ouvert la campagne « {self._season.name} ».")

    async def _receive_inscriptions(self) -> None:
        season = self._season
        good = portal.generate(season.people, self.played.campagne, season.thematiques, CRENEAUX, season.seed)
        self._told(f"Un portail envoie {len(good)} inscriptions…")
        await self._stage("inscriptions")
        self.played.sent = await front_door.send(self._platform.kafka_bootstrap_servers, good, PATIENCE)
        sent = self.played.sent
        self._told(
            f"{len(good)} inscriptions validées, {len(sent.refused)} refusées avec leur raison, "
            f"{sent.poison} messages illisibles mis de côté."
        )

    async def _register_by_hand(self) -> None:
        who = Identity()
        address = await person.register(self._browser, who, self._season.thematiques[0])
        begun = time.perf_counter()
        if not await person.follow_until(self._browser, address, "enregistrée", PATIENCE):
            self._problem("the follow page never said that the inscription is registered")
        seconds = time.perf_counter() - begun
        if await self._mails.wait_for(who.email, "bien enregistrée", PATIENCE) is None:
            self._problem(f"{who.email} got no mail")
        self._told(f"{who.prenom} {who.nom} s’inscrit sur la page : réponse en {seconds:.1f} s, puis un message.")

    async def _form_groupes(self) -> None:
        await self._all_told("inscription-validee", self._season.people + 1)
        await self._set_clock(self._started + _BEFORE_CLOSE)
        await self._team.close_campagne(self.played.campagne)
        await self._stage("formation")
        self._told("L’équipe clôt les inscriptions et forme les groupes…")
        await self._team.form_groupes(self.played.campagne, SOLVER_PATIENCE)
        await self._stage("proposition")

    async def _publish(self) -> None:
        await self._team.publish(self.played.campagne)
        await self._stage("publication")
        retained = await self._truth.retained()
        groupes = len({groupe for _, groupe in retained})
        self.played.counts["groupes"] = groupes
        self._told(f"L’équipe publie {groupes} groupes et {len(retained)} places ; les invitations partent…")
        await self._all_told("invitation", 4 * len(retained))

    async def _withdraw_one(self) -> None:
        """One person with a place withdraws by the link in the mail that gave the place."""
        retained = {str(inscription) for inscription, _ in await self._truth.retained()}
        sent = self.played.sent
        leaver = next((d for d in sent.good if str(d.inscription) in retained), None) if sent else None
        if leaver is None:
            self._problem("nobody got a place")
            return
        mail = await self._mails.wait_for(leaver.personne.email, "dates", PATIENCE)
        link = await self._mails.link(mail, "/suivi/") if mail else None
        if link is None:
            self._problem(f"no follow link in the mail to {leaver.personne.email}")
            return
        await person.withdraw(self._browser, link)
        self.played.withdrew = str(leaver.inscription)
        await self._all_told("seance-retiree", 4)
        self._told(f"{leaver.personne.prenom} {leaver.personne.nom} se retire : ses quatre séances sont annulées.")

    async def _live_through(self) -> None:
        """Set the clock from moment to moment; wait each time for what must be told by then, then answer it."""
        seances = await self._truth.seances()
        self.played.counts["séances"] = len(seances)
        members = Counter(groupe for _, groupe in await self._truth.retained())
        steps = moments((debut, fin) for _, _, _, debut, fin in seances)
        await self._mails.fresh()
        for number, moment in enumerate(steps, start=1):
            await self._set_clock(moment)
            if number in {len(steps) // 3, 2 * len(steps) // 3}:
                await self._stage(f"séances {number}")
            await self._all_told("rappel", _due(seances, members, moment, reminder=True))
            await self._all_told("questionnaire", _due(seances, members, moment, reminder=False))
            await self._answer_questionnaires()
            day = moment.astimezone(PARIS)
            self._told(f"{day:%d/%m/%Y} ({number} sur {len(steps)}) : {self.played.answers} retours reçus…")

    async def _answer_questionnaires(self) -> None:
        fresh = [mail for mail in await self._mails.fresh() if "votre avis" in mail["subject"]]
        chosen = [mail for mail in fresh if self._choice.random() < self._season.answering]
        at_once = asyncio.Semaphore(_AT_ONCE)

        async def answer(mail: dict[str, object]) -> bool:
            async with at_once:
                link = await self._mails.link(mail, "/retours/questionnaire/")
                if link is None:
                    self._problem(f"no questionnaire link in the mail {mail['id']}")
                    return False
                choice = random.Random(f"{self._season.seed}/{mail['to']}/{mail['subject']}")  # noqa: S311
                try:
                    return await _answer_alone(self._browser.base_url, link, choice)
                except PageError as error:
                    self._problem(str(error))
                    return False

        self.played.answers += sum(await asyncio.gather(*(answer(mail) for mail in chosen)))

    async def _settle(self) -> None:
        """Wait until every outbox is empty and every mail is out."""

        async def settled() -> bool:
            return not any((await self._truth.unsent()).values()) and not await self._truth.to_send()

        if not await until(settled, PATIENCE):
            self._problem(f"still to send: {await self._truth.unsent()}, {await self._truth.to_send()} mails")

    async def _all_told(self, modele: str, count: int) -> None:
        async def told() -> bool:
            done = await self._truth.told(modele)
            if done < count:
                self._told(f"Messages « {modele} » : {done} sur {count}…")
            return done >= count

        if not await until(told, PATIENCE):
            self._problem(f"{await self._truth.told(modele)} messages “{modele}” instead of {count}")

    async def _set_clock(self, moment: datetime) -> None:
        """Shift the clock and wake the timer that looks at it; it would look by itself a few seconds later."""
        self._platform.shift_clock(moment - datetime.now(UTC))
        url = self._platform.database_url("notification").replace("+asyncpg", "", 1)
        try:
            connection = await asyncpg.connect(url)
            await connection.execute("SELECT pg_notify('timer', 'rappels')")
            await connection.close()
        except (OSError, asyncpg.PostgresError):
            return

    def _problem(self, text: str) -> None:
        self.played.problems.append(text)


async def _answer_alone(base_url: str, link: str, choice: random.Random) -> bool:
    """Answer in a browser of one's own: cookies are not shared between people."""
    browser = Browser(base_url)
    try:
        return await person.answer(browser, link, choice)
    finally:
        await browser.close()


def _due(seances: list[Row], members: Counter[object], moment: datetime, *, reminder: bool) -> int:
    """How many people must have been told by then: of séances two days ahead or less, or of those that have ended."""
    return sum(
        members[groupe]
        for _, groupe, _, debut, fin in seances
        if (debut - REMINDER <= moment if reminder else fin <= moment)
    )
