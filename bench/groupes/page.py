"""The tables of a run, for a terminal and for docs/."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bench.groupes.measure import CLOSE, Ended, Measure, Rival
from bench.groupes.timetables import Planned

PAGE: Final = """\
# Groupes and séances, measured

What `make bench-groupes` printed on {day}, on {cores} cores. People are invented, their collectivités real
(`bench/groupes/generator.py`): many small communes, créneaux chosen unevenly, few élus in the afternoon, one person in
five asking for two or three thématiques, animateurs for about nine tenths of the groupes that everyone would need.

{tables}
## How to read it

- **seconds**: `scheduling essai`, from the input files to the checked result, once Python has started.
- **placed / bound**: the weight of the people placed against what no season can exceed. The bound comes from another
  program (`bench/groupes/bound.py`): a linear relaxation of which only the prices are used, since any prices prove a
  bound by weak duality; up to 10,000 people, where fractions of groupes weigh more than 1e-4, groupes are whole in it.
- Every result is read back and held against every rule of `solver/rules.py` and `solver/timetable_rules.py`.
- **first come, first placed** is what a careful person does by hand; **plain CP-SAT** one Boolean per person, créneau
  and groupe, for a minute on two cores. Both are held against the same rules and the same bound.
"""


@dataclass(frozen=True, slots=True)
class Page:
    """A table: `rows` of cells, the first of each its name."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def show(self, console: Console) -> None:
        table = Table(title=self.title, title_justify="left", show_lines=len(self.header) == 2)
        for number, name in enumerate(self.header):
            table.add_column(name, justify="right" if number and len(self.header) > 2 else "left")
        for row in self.rows:
            table.add_row(*map(escape, row))
        console.print(table)

    def markdown(self) -> str:
        lines = [" | ".join(row).replace("\n", "<br>") for row in (self.header, *self.rows)]
        lines.insert(1, " | ".join("---" for _ in self.header))
        return f"## {self.title}\n\n" + "\n".join(f"| {line} |" for line in lines) + "\n"


def write(tables: Sequence[Page], day: date, cores: int) -> str:
    return PAGE.format(day=day.isoformat(), cores=cores, tables="\n".join(table.markdown() for table in tables))


def measures(title: str, found: Sequence[Measure]) -> Page:
    header = (
        "",
        "inscriptions",
        "placed",
        "groupes",
        "seconds",
        "goal",
        "placed / bound",
        "solver says",
        "MB",
        "bound, and its time",
        "first come, first placed",
        "plain CP-SAT",
    )
    return Page(title, header, tuple(_row(one) for one in found))


def _row(one: Measure) -> tuple[str, ...]:
    ours = one.ours
    goal = "" if one.case.goal is None else f"{one.case.goal:g}"
    share = f"{one.share:.6f}" if one.share >= 1 - CLOSE else f"{one.share:.6f} (1 − {1 - one.share:.1e})"
    return (
        one.case.name,
        f"{one.inscriptions:,}",
        f"{ours.placed:,}",
        f"{ours.groupes:,}",
        f"{ours.seconds:.2f}",
        goal,
        share,
        f"{len(one.faults)} faults" if one.faults else ours.claim or ours.sentence,
        str(ours.memory),
        f"{one.bound:,.0f} ({one.bound_seconds:.0f} s)",
        _rival(one.greedy, one.bound),
        _rival(one.plain, one.bound),
    )


def _rival(rival: Rival, bound: float) -> str:
    return rival.note or f"{rival.weight / max(bound, 1):.4f} in {rival.seconds:.1f} s"


def planned(found: Planned) -> Page:
    over = found.cost / found.bound - 1 if found.bound else 0.0
    header = ("", "seconds", "goal", "cost", "bound", "over it", "left out", "rules broken")
    row = (
        f"{found.groupes:,} groupes",
        f"{found.seconds:.1f}",
        "30",
        f"{found.cost:,}",
        f"{found.bound:,.0f}",
        f"{100 * over:.2f} % (goal: 1 %)",
        str(found.unplanned),
        str(found.faults),
    )
    return Page("Animateurs and dates", header, (row,))


def sentences(ended: Sequence[tuple[str, Ended]]) -> Page:
    rows = tuple((name, "; ".join(one.faults) or one.sentence or f"{one.groupes} groupes") for name, one in ended)
    return Page("Input that gives no groupes", ("", "what the person reads"), rows)
