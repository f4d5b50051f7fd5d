"""`ateliers demo`: starts the platform on new data, plays the season, checks it, and stays up to be looked at."""

import asyncio
import fcntl
import os
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import httpx
import typer
from aiokafka.errors import KafkaError
from chassis.web.french import PARIS
from rich.console import Console
from rich.status import Status

from local.cli import Port, addresses, app, plain_errors, started, wait_for_interrupt
from local.demo.browser import PageError
from local.demo.checks import findings
from local.demo.crm import Crm
from local.demo.scenario import Played, Scenario
from local.demo.season import full_season
from local.demo.summary import Durations, print_done, summary
from local.platform import Platform

_console = Console()

Once = Annotated[bool, typer.Option(help="Finir de soi-même ; le code de sortie dit si tout est juste.")]
Var = Annotated[Path, typer.Option(help="Dossier des données, vidé au début.")]


@app.command()
def demo(*, once: Once = False, var: Var = Path("var/demo"), port: Port = 8000) -> None:
    """Jouer une saison entière sur la plateforme, et la vérifier."""
    install = _seconds_of_install()
    begun = time.perf_counter()
    with plain_errors():
        _clear(var)
        with started(var, port) as platform:
            start = time.perf_counter() - begun
            print_done(_console, start, "La plateforme est prête.")
            begun = time.perf_counter()
            played, found = asyncio.run(_play(platform))
            durations = Durations(start, time.perf_counter() - begun, install)
            _console.print(summary(platform, durations, played.counts, found, addresses(platform)))
            if not once:
                _console.print("La plateforme reste ouverte : Ctrl-C l’arrête.")
                wait_for_interrupt()
    if found:
        raise typer.Exit(1)


async def _play(platform: Platform) -> tuple[Played, list[str]]:
    """Play and check. A page that isn't what it should be ends the season and is the first finding."""
    begun = time.perf_counter()
    with _console.status("La saison commence") as status:
        scenario = Scenario(platform, full_season(datetime.now(PARIS).date()), lambda line: _tell(status, begun, line))
        async with Crm(platform).running():
            try:
                played = await scenario.play()
            except (PageError, httpx.HTTPError, KafkaError, TimeoutError) as error:
                return scenario.played, [f"{type(error).__name__}: {error}", *scenario.played.problems]
            status.update("Vérification…")
            return played, await findings(platform, played)


def _tell(status: Status, begun: float, line: str) -> None:
    """Lines that end with an ellipsis are what is going on; the others stay."""
    if line.endswith("…"):
        status.update(line)
    else:
        print_done(_console, time.perf_counter() - begun, line)


def _clear(var: Path) -> None:
    """Throw away the data of the last demo; nothing that isn't one's, and not under one that runs."""
    if not (var / "ports.json").exists():
        return
    with (var / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # the start says who holds it
        shutil.rmtree(var)


def _seconds_of_install() -> float | None:
    """Return how long `make` took before this command; it tells when it began."""
    told = os.environ.get("MAKE_STARTED", "")
    return datetime.now(UTC).timestamp() - float(told) if told.isdigit() else None
