"""`make bench-groupes`: every size and hard case in one run, printed as tables; `--long` adds a million people."""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.table import Table

from bench.groupes.cases import HARD, LARGE, LARGEST, SMALL, Case
from bench.groupes.measure import CLOSE, Ended, Measure, Rival, measure, run_command
from bench.groupes.spoilt import spoilt_cases
from bench.groupes.timetables import Planned, plan

_GROUPES = 1_000


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.groupes", description=__doc__)
    parser.add_argument("--long", action="store_true", help="a million people too: ten minutes and 4 GB more")
    parser.add_argument("--only", default="", help="only the cases whose name holds this")
    arguments = parser.parse_args()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, _answer() as answer:
        console = Console(file=answer, width=150)
        wrong = _run(console, Path(folder), arguments.only, long=arguments.long)
        console.print(f"{time.perf_counter() - started:.0f} s in all on {os.cpu_count()} cores", highlight=False)
    return 1 if wrong else 0


def _run(console: Console, folder: Path, only: str, *, long: bool) -> int:
    """Print the tables; return how many results were wrong."""
    wrong = 0
    for title, cases in (
        ("From file to checked result", (*SMALL, *LARGE, *(LARGEST if long else ()))),
        ("Hard cases", HARD),
    ):
        chosen = [case for case in cases if only in case.name]
        if chosen:
            found = [_one(console, case, folder) for case in chosen]
            console.print(_table(title, found))
            wrong += sum(len(one.ours.faults) for one in found)
    if only in f"{_GROUPES:,} groupes":
        planned = plan(_GROUPES, folder / "planned")
        console.print(_planned(planned), highlight=False)
        wrong += planned.faults
    if not only:
        ended = [(name, run_command(rows, keys, rows.parent / "sortie")) for name, rows, keys in spoilt_cases(folder)]
        console.print(_sentences(ended))
        wrong += sum(len(one.faults) for _, one in ended)
    return wrong


def _one(console: Console, case: Case, folder: Path) -> Measure:
    found = measure(case, folder / case.name)
    for fault in found.ours.faults[:5]:
        console.print(f"[red]{case.name}: {fault}", highlight=False)
    return found


def _table(title: str, found: Sequence[Measure]) -> Table:
    table = Table(title=title, title_justify="left", caption_justify="left", caption=_CAPTION)
    table.add_column("")
    for name in ("inscriptions", "placed", "groupes", "seconds", "placed / bound", "solver says", "MB", "bound"):
        table.add_column(name, justify="right")
    table.add_column("first come, first placed", justify="right")
    table.add_column("plain CP-SAT", justify="right")
    for one in found:
        ours = one.ours
        rivals = [_rival(rival, one.bound) for rival in (one.greedy, one.plain)]
        if ours.sentence and not ours.groupes:
            table.add_row(
                one.case.name, f"{one.inscriptions:,}", "", "", f"{ours.seconds:.2f}", ours.sentence, *"   ", *rivals
            )
            continue
        table.add_row(
            one.case.name,
            f"{one.inscriptions:,}",
            f"{ours.placed:,}",
            f"{ours.groupes:,}",
            f"{ours.seconds:.2f}",
            f"{one.share:.6f}" + ("" if one.share >= 1 - CLOSE else " !"),
            ours.claim,
            str(ours.memory),
            f"{one.bound:,.0f} ({one.bound_seconds:.0f} s)",
            *rivals,
        )
    return table


_CAPTION = (
    "seconds: reading to checked result, after start. bound: a linear relaxation by another program (whole groupes up "
    "to 10,000 people where fractions weigh more than 1e-4), and its time; ! marks what is not within 1e-4 of it."
)


def _rival(rival: Rival, bound: float) -> str:
    return rival.note or f"{rival.weight / bound:.4f} in {rival.seconds:.1f} s"


def _planned(planned: Planned) -> str:
    over = planned.cost / planned.bound - 1 if planned.bound else 0.0
    return (
        f"\n{planned.groupes:,} groupes planned in {planned.seconds:.1f} s (goal: 30), cost {planned.cost:,}, "
        f"{100 * over:.2f} % over its bound (goal: 1 %), {planned.unplanned} left out, {planned.faults} rules broken\n"
    )


def _sentences(ended: Sequence[tuple[str, Ended]]) -> Table:
    table = Table(title="Input that gives no groupes", title_justify="left", show_lines=True)
    table.add_column("")
    table.add_column("what the person reads")
    for name, one in ended:
        table.add_row(name, f"[red]{one.faults[0]}" if one.faults else one.sentence or f"{one.groupes} groupes")
    return table


@contextmanager
def _answer() -> Iterator[TextIO]:
    """Keep standard output for the tables: solvers print there what nobody asked for."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answer:
        os.dup2(2, 1)
        yield answer


if __name__ == "__main__":
    sys.exit(main())
