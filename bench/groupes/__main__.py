"""`make bench-groupes`: every size and hard case in one run, printed as tables; `--long` adds a million people."""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from rich.console import Console

from bench.groupes import page
from bench.groupes.cases import HARD, LARGE, LARGEST, SMALL
from bench.groupes.measure import measure, run_command
from bench.groupes.spoilt import spoilt_cases
from bench.groupes.timetables import plan

_GROUPES = 1_000


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.groupes", description=__doc__)
    parser.add_argument("--long", action="store_true", help="a million people too: ten minutes and 4 GB more")
    parser.add_argument("--only", default="", help="only the cases whose name holds this")
    parser.add_argument("--page", type=Path, help="write the tables there too, in Markdown")
    arguments = parser.parse_args()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, _answer() as answer:
        console = Console(file=answer, width=190, highlight=False)
        tables: list[page.Page] = []
        wrong = 0
        for table, faults in _tables(Path(folder), arguments.only, long=arguments.long):
            table.show(console)
            tables.append(table)
            wrong += len(faults)
            for fault in faults[:10]:
                console.print(f"wrong: {fault}", markup=False)
        console.print(f"{time.perf_counter() - started:.0f} s in all on {os.cpu_count()} cores")
    if arguments.page:
        text = page.write(tables, datetime.now(UTC).date(), os.cpu_count() or 1)
        arguments.page.write_text(text, encoding="utf-8")
    return 1 if wrong else 0


def _tables(folder: Path, only: str, *, long: bool) -> Iterator[tuple[page.Page, list[str]]]:
    """Give each table as soon as it is measured, with what is wrong in it."""
    for title, cases in (
        ("From file to checked result", (*SMALL, *LARGE, *(LARGEST if long else ()))),
        ("Hard cases", HARD),
    ):
        found = [measure(case, folder / case.name) for case in cases if only in case.name]
        if found:
            yield page.measures(title, found), [f"{m.case.name}: {f}" for m in found for f in m.faults]
    if only in f"{_GROUPES:,} groupes":
        planned = plan(_GROUPES, folder / "planned")
        yield page.planned(planned), ["a rule of séances"] * planned.faults
    if not only:
        ended = [(name, run_command(rows, keys, rows.parent / "sortie")) for name, rows, keys in spoilt_cases(folder)]
        yield page.sentences(ended), [f"{name}: {fault}" for name, one in ended for fault in one.faults]


@contextmanager
def _answer() -> Iterator[TextIO]:
    """Keep standard output for the tables: solvers print there what nobody asked for."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answer:
        os.dup2(2, 1)
        yield answer


if __name__ == "__main__":
    sys.exit(main())
