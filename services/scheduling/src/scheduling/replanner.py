"""Runs a replanning in a child process, as the planner does: the web process stays small and answers meanwhile."""

import asyncio
import sys
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

from scheduling.domain import Refused
from scheduling.reorganisation import PROBLEM, REPLAN
from scheduling.settings import Settings
from scheduling.solver.replanning_problem import Replan, ReplanProblem

log = structlog.get_logger(__name__)

_LATE = "Le calcul a duré trop longtemps et a été arrêté : réorganisez une plus courte période à la fois."
_GONE = "Le calcul s’est interrompu : recommencez, ou prévenez l’exploitation."


@dataclass(frozen=True)
class Replanner:
    """One at a time in a process: two would only slow each other down."""

    settings: Settings
    command: tuple[str, ...] = (sys.executable, "-m", "scheduling.replan")
    seconds: float = 60.0
    _turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))

    async def solve(self, problem: ReplanProblem) -> Replan:
        """Raises Refused, with what the team should do, when there is no answer."""
        async with self._turn:
            return await self._run(problem)

    async def _run(self, problem: ReplanProblem) -> Replan:
        child = await asyncio.create_subprocess_exec(
            *self.command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        asked = f"{self.settings.solver_memory_mb}\n".encode() + PROBLEM.dump_json(problem) + b"\n"
        try:
            async with asyncio.timeout(self.seconds):
                answer, errors = await child.communicate(asked)
        except TimeoutError as late:
            raise Refused(_LATE) from late
        finally:
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()
        if child.returncode:
            log.error("replanning failed", code=child.returncode, error=errors.decode(errors="replace")[-2000:])
            raise Refused(_GONE)
        return REPLAN.validate_json(answer)
