"""What is printed at the end: how long it took, what it weighs, how much happened, and where to look."""

from collections.abc import Mapping
from dataclasses import dataclass

from rich.console import Console, Group
from rich.table import Table

from local.platform import Platform
from local.postgres import SERVICES


@dataclass(frozen=True)
class Durations:
    """Seconds; `install` is None when nothing measured it."""

    start: float
    play: float
    install: float | None = None


def summary(
    platform: Platform, durations: Durations, counts: Mapping[str, int], findings: list[str], addresses: Table
) -> Group:
    """Build what the terminal shows when the season is over."""
    return Group(_figures(durations, counts, platform.memory()), addresses, _verdict(findings))


def _figures(durations: Durations, counts: Mapping[str, int], memory: Mapping[str, float]) -> Table:
    table = Table("Ce qui s’est passé", "", title="La saison en chiffres", title_justify="left")
    for name, count in counts.items():
        table.add_row(name, f"{count:n}" if count < 1000 else f"{count:,}".replace(",", "\u202f"))  # noqa: PLR2004
    table.add_section()
    if durations.install is not None:
        table.add_row("installer", f"{durations.install:.0f} s")
    table.add_row("démarrer", f"{durations.start:.0f} s")
    table.add_row("jouer la saison", f"{durations.play:.0f} s")
    table.add_section()
    for service in SERVICES:
        table.add_row(f"mémoire de {service}", f"{memory.get(service, 0.0):.0f} Mo")
    return table


def _verdict(findings: list[str]) -> Table:
    table = Table.grid()
    if not findings:
        table.add_row("Toutes les vérifications sont bonnes.")
        return table
    table.add_row(f"{len(findings)} vérifications ont échoué\u00a0:")
    for finding in findings:
        table.add_row(f"  • {finding}")
    return table


def print_done(console: Console, seconds: float, line: str) -> None:
    console.print(f"{seconds:6.1f} s  {line}", highlight=False, markup=False, soft_wrap=True)
