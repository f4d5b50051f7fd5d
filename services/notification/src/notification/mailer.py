"""Sending: claim, commit, send, mark. A message is never sent without a committed claim, and at most once per claim.

What is not known after a crash or a lost connection is not guessed: see use_cases.recover. A lease is longer than the
time that any claimed message can take, so that a claim never expires under a sender that is alive.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Final

import structlog
from chassis.store import Database, Transaction

from notification import domain, use_cases
from notification.domain import Envoi
from notification.dossiers import Job, load_jobs
from notification.ledger import Ledger, Result, Sent
from notification.repository import envois
from notification.smtp import Connection, Outcome, ServerUnreachableError, Verdict
from notification.writing import Writer

log = structlog.get_logger(__name__)

START_WITHIN: Final = 20.0
LEASE: Final = timedelta(seconds=75)
"""Longer than a claim that waits to begin, and than a message on its way with its mark."""
UNREACHABLE_DELAY: Final = timedelta(seconds=5)
_STOP_WITHIN: Final = 8.0


class Mailer:
    """The timer that empties `envois`; several may run at the same time."""

    def __init__(
        self,
        database: Database,
        writer: Writer,
        connect: Callable[[], Connection],
        *,
        connections: int = 6,
        batch: int = 100,
        lease: timedelta = LEASE,
    ) -> None:
        self._database = database
        self._writer = writer
        self._connect = connect
        self._connections = connections
        self._batch = batch
        self._lease = lease
        self._ledger = Ledger(database)

    async def run(self) -> None:
        """Send what is due until nothing is, or until the server can't be reached."""
        async with self._database.transaction() as tx:
            await use_cases.recover(tx, self._lease)
        connections = [self._connect() for _ in range(self._connections)]
        try:
            while jobs := await self._claim():
                if not await self._send_all(jobs, connections):
                    return
        finally:
            for connection in connections:
                await connection.close()

    async def _claim(self) -> deque[Job]:
        async with self._database.transaction() as tx:
            claimed = await envois.claim(tx.connection, self._batch)
            return deque(await load_jobs(tx.connection, self._writer, claimed, tx.now) if claimed else ())

    async def _send_all(self, jobs: deque[Job], connections: list[Connection]) -> bool:
        """Return False if the server can't be reached; what was claimed and not begun is given back in any case."""
        until = time.monotonic() + START_WITHIN
        workers = [asyncio.create_task(self._work(jobs, connection, until)) for connection in connections[: len(jobs)]]
        left: list[Job] = []
        try:
            # Neither a stop nor another worker's failure cuts off a message on its way: it would be uncertain.
            await asyncio.shield(asyncio.wait(workers))
        except asyncio.CancelledError:
            left = list(jobs)
            jobs.clear()
            await asyncio.wait(workers, timeout=_STOP_WITHIN)
            raise
        finally:
            if left := left or list(jobs):
                await self._give_back([job.envoi for job in left])
        reached = [worker.result() for worker in workers]
        return all(reached)

    async def _work(self, jobs: deque[Job], connection: Connection, until: float) -> bool:
        """Send one message after the other; what became of one is committed together with the start of the next."""
        job = await self._begin_next(jobs, until)
        while job is not None:
            try:
                result = await self._send(job, connection)
            except ServerUnreachableError as error:
                log.warning("mail server unreachable", cause=str(error))
                await self._give_back([job.envoi], str(error))
                return False
            job = await self._begin_next(jobs, until, result)
        return True

    async def _begin_next(self, jobs: deque[Job], until: float, result: Result | None = None) -> Job | None:
        following = jobs.popleft() if jobs and time.monotonic() < until else None
        if result is None and following is None:
            return None
        begun = await self._ledger.write(result, following.envoi if following else None)
        return following if begun else None

    async def _send(self, job: Job, connection: Connection) -> Result:
        """Send one message, and return what is to be committed about it. Raises ServerUnreachableError."""
        envoi = job.envoi
        if job.obsolete is not None or job.dossier is None:
            return partial(use_cases.drop, envoi=envoi, cause=job.obsolete or "")
        try:
            message = self._writer.message(job.dossier, self._database.clock())
            content, recipient = message.as_bytes(), message["To"].addresses[0].addr_spec
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one mail, the others go out
            # The error's own text may hold an address, which has no place in a log.
            log.warning("mail not written", envoi=str(envoi.id), modele=envoi.modele, error=type(error).__name__)
            cause = f"Le message n’a pas pu être écrit ({type(error).__name__})."
            return partial(use_cases.mark_failed, envoi=envoi, cause=cause)
        return self._note(envoi, await connection.send(self._writer.sender.addr_spec, recipient, content))

    @staticmethod
    def _note(envoi: Envoi, outcome: Outcome) -> Result:
        cause = outcome.cause or ""
        match outcome.verdict:
            case Verdict.ACCEPTED:
                return Sent(envoi)
            case Verdict.REFUSED:
                return partial(use_cases.mark_failed, envoi=envoi, cause=cause)
            case Verdict.UNKNOWN:
                return partial(use_cases.mark_unknown, envoi=envoi, cause=cause)
            case Verdict.LATER:
                return partial(use_cases.put_off, envoi=envoi, cause=cause)

    async def _give_back(self, claimed: list[Envoi], cause: str = "") -> None:
        ids = [envoi.id for envoi in claimed]
        delay = UNREACHABLE_DELAY if cause else timedelta(0)

        async def release(tx: Transaction) -> None:
            await envois.release(tx.connection, ids, delay, cause or domain.NOT_BEGUN)

        await self._ledger.write(release)
