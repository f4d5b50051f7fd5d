"""`python -m tests.faults`: the proof, for as long as asked."""

import argparse
import asyncio
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Final

from tests.faults.proof import Plan, everything, run
from tests.faults.report import report

LONG: Final = Plan(seconds=float("inf"), rate=600.0, pause=6.0, events=1_000_000, faults=1_000)
"""People come in crowds, as fast as the backlog lets them; the faults are spread over the whole of it."""


def main() -> None:
    options = _parser().parse_args()
    plan = LONG if options.long else Plan()
    asked = {"seed": options.seed, "seconds": options.minutes and options.minutes * 60}
    asked |= {"rate": options.rate, "pause": options.pause}
    plan = replace(plan, **{name: value for name, value in asked.items() if value is not None})
    plan = replace(plan, replicas={"web": 1, "worker": options.workers, "relay": options.workers})
    if options.only:
        plan = replace(plan, weights=dict.fromkeys(options.only.split(","), 1))
    var = options.keep or Path(tempfile.mkdtemp(prefix="faults-"))
    result = asyncio.run(run(plan, var, everything))
    sys.stdout.write(report(result))
    if result.findings:
        sys.exit(f"databases, topics and logs are left in {var}")
    if not options.keep:
        shutil.rmtree(var, ignore_errors=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make faults")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--long", action="store_true", help="until 1,000,000 events and 1,000 faults")
    parser.add_argument("--minutes", type=float, help="at most (10; no limit if long)")
    parser.add_argument("--rate", type=float, help=f"events a second ({Plan.rate}, {LONG.rate} if long)")
    parser.add_argument("--pause", type=float, help=f"seconds between two faults ({Plan.pause}, {LONG.pause} if long)")
    parser.add_argument("--workers", type=int, default=2, help="of each service, and as many relays (%(default)s)")
    parser.add_argument("--only", default="", help="faults to do, separated by commas (all)")
    parser.add_argument("--keep", type=Path, help="folder that stays, for whoever looks for a cause")
    return parser


if __name__ == "__main__":
    main()
