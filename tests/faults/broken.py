"""`python -m tests.faults.broken`: services built wrongly on purpose must each be found out by the checker."""

import asyncio
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

from tests.faults.nemesis import KINDS
from tests.faults.proof import Plan, Play, Result, run
from tests.faults.variants import VARIANTS

SECONDS: Final = 12.0
_PLAN: Final = Plan(
    rate=120.0,
    nodes=1,
    services=("registration",),
    replicas={"web": 1, "worker": 2, "relay": 1},
    wrapped=True,
    patience=15.0,
)


async def _act(play: Play) -> None:
    faults = VARIANTS[play.plan.variant].faults if play.plan.variant else ("postgres", "connections", "kill")
    begun = time.monotonic()
    people = asyncio.create_task(play.workload.flow(play.flow, play.plan.rate, begun + SECONDS, play.plan.events))
    for number, fault in enumerate(faults, start=1):
        await asyncio.sleep(begun + SECONDS * number / (len(faults) + 1) - time.monotonic())
        if fault in KINDS:
            await play.nemesis.do(fault)
        else:
            (play.stand.points / fault).touch()
    await people


def _verdict(name: str, result: Result) -> bool:
    """Say what was found. What is built rightly has no finding; what is not has lost, doubled or disordered answers."""
    shown = [finding for finding in result.findings if finding.startswith("answers: ")]
    fine = bool(shown) if name else not result.findings
    sys.stdout.write(f"{'found out' if shown else 'no finding':<10} {name or 'as it is built':<38}")
    sys.stdout.write(f" {result.sent.accepted} events; {(shown or result.findings or ['findings: none'])[0][:150]}\n")
    sys.stdout.flush()
    return fine


def main() -> None:
    fine = True
    for name in ("", *VARIANTS):
        with tempfile.TemporaryDirectory(prefix="faults-") as var:
            fine &= _verdict(name, asyncio.run(run(replace(_PLAN, variant=name), Path(var), _act)))
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
