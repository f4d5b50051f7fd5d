"""`python -m tests.faults.crash_points`: a process dies at each named step, and nothing is lost or done twice."""

import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.faults.points import MAILER, RELAY, SUBSCRIBER
from tests.faults.proof import Plan, Play, run
from tests.faults.report import report

VISIT_SECONDS: Final = 240.0
RATE: Final = 10.0
_PLAN: Final = Plan(
    nodes=1,
    services=("registration", "notification"),
    replicas={"web": 1, "worker": 1, "relay": 1},
    wrapped=True,
    first_port=22_000,
)


async def visit_all(play: Play) -> None:
    """Let processes die at one step of each part after the other while people come."""
    stop = asyncio.Event()
    people = asyncio.create_task(_come(play, stop))
    await asyncio.gather(*(_visit(play, steps) for steps in (MAILER, SUBSCRIBER, RELAY)))
    stop.set()
    await people


async def _visit(play: Play, steps: Sequence[str]) -> None:
    """Arm one step after the other; one that nobody reaches is a problem."""
    for step in steps:
        armed = play.stand.points / step
        armed.touch()
        deadline = time.monotonic() + VISIT_SECONDS
        while armed.exists() and time.monotonic() < deadline:  # noqa: ASYNC110 - another process takes it away
            await asyncio.sleep(0.05)
        if armed.exists():
            armed.unlink()
            play.problems.append(f"nobody reached “{step}”")
        else:
            play.nemesis.note("death at a named step", step)


async def _come(play: Play, stop: asyncio.Event) -> None:
    while not stop.is_set():
        await play.workload.flow(play.flow, RATE, time.monotonic() + 1, RATE)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="faults-") as var:
        result = asyncio.run(run(_PLAN, Path(var), visit_all))
    sys.stdout.write(report(result))
    for fault in result.play.nemesis.faults:
        sys.stdout.write(f"  {fault.moment:5.1f} s {fault.target}\n")
    sys.exit(1 if result.findings else 0)


if __name__ == "__main__":
    main()
