"""The planner: takes one request at a time, solves it in a child process, and writes the proposition.

Invariant: no transaction is open while the solver runs. The claim is a lease that is renewed as long as the child
lives; whoever loses it writes nothing, and a request whose planner is gone is taken again by another.
"""

import asyncio
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from uuid import uuid4

import structlog
from chassis.store import Database
from pydantic_core import from_json

from scheduling.plan import DEMANDE, IMPOSSIBLE, PLAN, Demande, Plan, build_demande
from scheduling.repository import absences, groupes, inscriptions, propositions
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
class _Progress:
    text: str = "Lecture des inscriptions"


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
            donnees = (await absences.complete(connection, campagne)).donnees
            if not donnees.animateurs:
                raise SolverFailed("Cette campagne n’a aucun animateur : ajoutez-en un avant de former les groupes.")
            inscrits = await inscriptions.active_inscrits(connection, claim.campagne)
            if not inscrits:
                raise SolverFailed("Aucune inscription n’est validée pour cette campagne.")
            ids = [animateur.id for animateur in donnees.animateurs]
            occupe = await groupes.busy(connection, animateurs=ids, but_campagne=claim.campagne)
        return build_demande(donnees, inscrits, occupe)

    async def _solve(self, claim: Claim, demande: Demande) -> Plan:
        child = await asyncio.create_subprocess_exec(
            *self.command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=_LINE_LIMIT,
        )
        progress = _Progress()
        renewing = asyncio.create_task(self._renew(claim, progress))
        answering = asyncio.create_task(self._converse(child, demande, progress))
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

    async def _converse(self, child: asyncio.subprocess.Process, demande: Demande, progress: _Progress) -> Plan:
        if child.stdin is None or child.stdout is None or child.stderr is None:
            raise AssertionError("the child was started with pipes")
        errors = asyncio.create_task(child.stderr.read())
        with suppress(ConnectionError):
            child.stdin.write(f"{self.settings.solver_memory_mb}\n".encode() + DEMANDE.dump_json(demande) + b"\n")
            await child.stdin.drain()
        plan = None
        async for line in child.stdout:
            message = from_json(line)
            progress.text = message.get("progression", progress.text)
            if "plan" in message:
                plan = PLAN.validate_python(message["plan"])
        code = await child.wait()
        told = (await errors).decode(errors="replace").strip()
        if code == IMPOSSIBLE:
            raise SolverFailed(told.splitlines()[-1])
        if code or plan is None:
            raise SolverGone(f"exit code {code}: {told[-2000:]}")
        return plan

    async def _renew(self, claim: Claim, progress: _Progress) -> None:
        while True:
            async with self.database.transaction() as tx:
                if not await propositions.renew(tx.connection, claim, in_french(progress.text), self.lease_s):
                    raise ClaimLost
            await asyncio.sleep(self.renew_s)
