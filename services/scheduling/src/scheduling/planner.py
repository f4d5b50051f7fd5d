"""The planner: takes one request at a time, solves it in a child process, and writes the proposition.

Invariant: no transaction is open while the solver runs. The claim is a lease that is renewed as long as the child
lives; whoever loses it writes nothing, and a request whose planner is gone is taken again by another.
"""

import asyncio
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import structlog
from chassis.store import Database
from pydantic_core import from_json

from scheduling.domain import Progression
from scheduling.plan import DEMANDE, IMPOSSIBLE, PLAN, STOP, Demande, Passe, Plan, build_demande, place_key
from scheduling.repository import groupes, inscriptions, places, propositions, saisons
from scheduling.repository.propositions import Claim
from scheduling.settings import Settings
from scheduling.use_cases import save_proposition
from scheduling.use_cases.announce import in_french

log = structlog.get_logger(__name__)

MAX_TRIES = 3
_LINE_LIMIT = 1 << 30


class SolverFailed(Exception):
    """The team gets the sentence in it; the request is not tried again by itself."""


class SolverGone(Exception):
    """The child died without an answer: killed, out of memory, or a defect."""


class ClaimLost(Exception):
    """Another planner has the request now."""


@dataclass(slots=True)
class _Run:
    """A child at work: what it told last, since when, and whether it has been asked to end."""

    child: asyncio.subprocess.Process
    started: float
    told: Progression = field(default_factory=lambda: Progression("Lecture des inscriptions"))
    stopping: bool = False

    def hear(self, told: Mapping[str, Any]) -> None:
        self.told = Progression(told["texte"], told.get("poids"), told.get("borne"))

    def progress(self) -> Progression:
        elapsed = int(time.monotonic() - self.started)
        return replace(self.told, texte=in_french(self.told.texte), secondes=elapsed)

    async def stop(self) -> None:
        """Ask it once to end with the best it has; one that has just ended no longer listens."""
        if self.stopping or self.child.stdin is None:
            return
        self.stopping = True
        with suppress(ConnectionError):
            self.child.stdin.write(STOP)
            await self.child.stdin.drain()


@dataclass(frozen=True)
class Planner:
    """`run` is the worker's timer: it takes requests until none is left."""

    database: Database
    settings: Settings
    command: tuple[str, ...] = (sys.executable, "-m", "scheduling.solve")
    lease_s: float = 20.0
    renew_s: float = 1.0

    async def run(self) -> None:
        while claim := await self._claim():
            await self._answer(claim)

    async def _claim(self) -> Claim | None:
        async with self.database.transaction() as tx:
            return await propositions.claim(tx.connection, uuid4(), tx.now, self.lease_s)

    async def _answer(self, claim: Claim) -> None:
        started = time.monotonic()
        try:
            demande = await self._read(claim)
            plan = await self._solve(claim, demande)
            seconds = time.monotonic() - started
            async with self.database.transaction() as tx:
                kept = await save_proposition(
                    tx, claim, demande, plan, visio_url=self.settings.visio_url, seconds=seconds
                )
            log.info("proposition ready" if kept else "claim lost", proposition=str(claim.proposition))
        except SolverFailed as failure:
            async with self.database.transaction() as tx:
                await propositions.fail(tx.connection, claim, in_french(str(failure)))
        except SolverGone as gone:
            log.warning("solver gone", proposition=str(claim.proposition), tries=claim.essais, error=str(gone))
            await self._give_back(claim)
        except ClaimLost:
            log.warning("claim lost", proposition=str(claim.proposition))
        except asyncio.CancelledError:
            await asyncio.shield(self._give_back(claim))
            raise

    async def _give_back(self, claim: Claim) -> None:
        async with self.database.transaction() as tx:
            await propositions.give_back(tx.connection, claim)

    async def _read(self, claim: Claim) -> Demande:
        if claim.essais > MAX_TRIES:
            raise SolverFailed("Le calcul s’est interrompu plusieurs fois. Relancez-le, ou prévenez l’exploitation.")
        async with self.database.read() as connection:
            campagne = await inscriptions.find_campagne(connection, claim.campagne)
            if campagne is None:
                raise SolverFailed("Cette campagne n’est plus connue.")
            donnees = campagne.donnees
            if not donnees.animateurs:
                raise SolverFailed("Cette campagne n’a aucun animateur : ajoutez-en un avant de former les groupes.")
            inscrits = await inscriptions.active_inscrits(connection, claim.campagne)
            if not inscrits:
                raise SolverFailed("Aucune inscription n’est validée pour cette campagne.")
            ids = [animateur.id for animateur in donnees.animateurs]
            occupe = await groupes.busy(connection, animateurs=ids, but_campagne=claim.campagne)
            fixees = await places.of_campagne(connection, claim.campagne)
            passe = Passe(
                attendus=frozenset(map(str, await saisons.waited_in_vain(connection, claim.campagne))),
                reunions=frozenset(
                    (str(a), str(b)) for a, b in await saisons.earlier_peers(connection, claim.campagne)
                ),
            )
        themes = {inscrit.id: inscrit.thematique for inscrit in inscrits}
        places_fixees = {
            str(i): place_key(themes[str(i)], p.creneau, p.numero) for i, p in fixees.items() if str(i) in themes
        }
        return build_demande(donnees, inscrits, occupe, places_fixees, passe)

    async def _solve(self, claim: Claim, demande: Demande) -> Plan:
        child = await asyncio.create_subprocess_exec(
            *self.command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=_LINE_LIMIT,
        )
        run = _Run(child, time.monotonic())
        ready = asyncio.Event()
        answering = asyncio.create_task(self._converse(run, demande, ready))
        renewing = asyncio.create_task(self._renew(claim, run, ready))
        try:
            await asyncio.wait(
                {renewing, answering}, timeout=self.settings.solver_seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if answering.done():
                return answering.result()
            if renewing.done():
                renewing.result()
            raise SolverFailed(
                f"Le calcul a dépassé {self.settings.solver_seconds // 60} minutes et a été arrêté. Relancez-le avec "
                "moins de créneaux, ou prévenez l’exploitation."
            )
        finally:
            for task in (renewing, answering):
                task.cancel()
            with suppress(ProcessLookupError):
                child.kill()
            await asyncio.gather(renewing, answering, return_exceptions=True)
            await child.wait()

    async def _converse(self, run: _Run, demande: Demande, ready: asyncio.Event) -> Plan:
        child = run.child
        if child.stdin is None or child.stdout is None or child.stderr is None:
            raise AssertionError("the child was started with pipes")
        errors = asyncio.create_task(child.stderr.read())
        with suppress(ConnectionError):
            child.stdin.write(f"{self.settings.solver_memory_mb}\n".encode() + DEMANDE.dump_json(demande) + b"\n")
            await child.stdin.drain()
        ready.set()
        plan = None
        async for line in child.stdout:
            message = from_json(line)
            if "progression" in message:
                run.hear(message["progression"])
            if "plan" in message:
                plan = PLAN.validate_python(message["plan"])
        code = await child.wait()
        told = (await errors).decode(errors="replace").strip()
        if code == IMPOSSIBLE:
            raise SolverFailed(told.splitlines()[-1])
        if code or plan is None:
            raise SolverGone(f"exit code {code}: {told[-2000:]}")
        return plan

    async def _renew(self, claim: Claim, run: _Run, ready: asyncio.Event) -> None:
        while True:
            async with self.database.transaction() as tx:
                stop = await propositions.renew(tx.connection, claim, run.progress(), self.lease_s)
            if stop is None:
                raise ClaimLost
            # The request goes first on the child's standard input, whole.
            if stop and ready.is_set():
                await run.stop()
            await asyncio.sleep(self.renew_s)
