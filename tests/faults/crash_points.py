"""`python -m tests.faults.crash_points`: a process dies at each named step, and nothing is lost or done twice."""

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.faults.points import POINTS
from tests.faults.proof import Plan, Play, run
from tests.faults.report import report

VISIT_SECONDS: Final = 30.0
_PLAN: Final = Plan(
    nodes=1, services=("registration", "notification"), replicas={"web": 1, "worker": 1, "relay": 1}, wrapped=True
)


async def visit_all(play: Play) -> None:
    """Arm one step after the other while people come; a step that nobody reaches is a problem."""
    stop = asyncio.Event()
    people = asyncio.create_task(_come(play, stop))
    for point in POINTS:
        armed = play.stand.points / point
        armed.touch()
        deadline = time.monotonic() + VISIT_SECONDS
        while armed.exists():
            if time.monotonic() > deadline:
                armed.unlink()
                play.problems.append(f"nobody reached “{point}”")
                break
            await asyncio.sleep(0.05)
        else:
            play.nemesis.note("death at a named step", point)
    stop.set()
    await people


async def _come(play: Play, stop: asyncio.Event) -> None:
    while not stop.is_set():
        await play.workload.flow(play.flow, 30.0, time.monotonic() + 1, 30.0)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="faults-") as var:
        result = asyncio.run(run(_PLAN, Path(var), visit_all))
    sys.stdout.write(report(result))
    for fault in result.play.nemesis.faults:
        sys.stdout.write(f"  {fault.moment:5.1f} s {fault.target}\n")
    sys.exit(1 if result.findings else 0)


if __name__ == "__main__":
    main()
