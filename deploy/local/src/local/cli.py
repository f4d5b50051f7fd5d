"""`ateliers run`: the platform in a terminal; whatever goes wrong is said in one plain sentence."""

import errno
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from local.jars import JarsUnavailableError
from local.kafka import KafkaStartError
from local.platform import PATHS, AlreadyRunningError, Platform
from local.postgres import PostgresStartError
from local.supervisor import StartError

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None)
_console = Console()
_EXPECTED = (AlreadyRunningError, JarsUnavailableError, KafkaStartError, PostgresStartError, StartError)

Var = Annotated[Path, typer.Option(help="Dossier des données, gardé d’un démarrage à l’autre.")]
Port = Annotated[int, typer.Option(help="Port de l’adresse ; le suivant s’il est pris.")]


@app.callback()
def _platform() -> None:
    """La plateforme des ateliers interactifs sur une seule machine."""


@app.command()
def run(var: Var = Path("var"), port: Port = 8000) -> None:
    """Démarrer la plateforme ; Ctrl-C arrête tout."""
    with plain_errors(), started(var, port) as platform:
        _console.print(addresses(platform))
        wait_for_interrupt()
        _console.print("Arrêt en cours…")


@contextmanager
def started(var: Path, port: int = 8000) -> Iterator[Platform]:
    """Run a platform, its start shown on the terminal."""
    with _console.status("Préparation") as status:
        starting = True

        def report(line: str) -> None:
            status.update(line) if starting else _console.print(line)

        platform = Platform(var, port=port, report=report)
        try:
            platform.start()
        except BaseException:
            platform.stop()
            raise
        starting = False
    try:
        yield platform
    finally:
        platform.stop()


def addresses(platform: Platform) -> Table:
    """Build the table of what to open, with the team's password."""
    table = Table("Pour", "Ouvrir", title="Ateliers interactifs", title_justify="left")
    table.add_row("s’inscrire", f"{platform.public_url}/")
    table.add_row("l’équipe : campagnes, inscriptions", f"{platform.public_url}/campagnes")
    table.add_row("l’équipe : groupes et séances", platform.public_url + PATHS["scheduling"])
    table.add_row("l’équipe : messages envoyés", platform.public_url + PATHS["notification"])
    table.add_row("l’équipe : retours", platform.public_url + PATHS["feedback"])
    if platform.mails_url:
        table.add_row("lire les messages reçus", platform.mails_url)
    table.add_row("mot de passe de l’équipe", platform.team_password)
    table.add_row("données et journaux", str(platform.var))
    return table


def wait_for_interrupt() -> None:
    """Return at Ctrl-C or SIGTERM."""
    asked = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: asked.set())
    asked.wait()


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what can be expected to go wrong into one sentence and exit code 1."""
    try:
        yield
    except _EXPECTED as error:
        _fail(str(error))
    except KeyboardInterrupt:
        _fail("Interrompu.")
    except OSError as error:
        if error.errno == errno.ENOSPC:
            _fail("Il n’y a plus de place sur le disque.")
        elif error.errno in (errno.EACCES, errno.EROFS):
            _fail(f"Écriture refusée : {error.filename}")
        else:
            raise


def _fail(message: str) -> None:
    Console(stderr=True, soft_wrap=True, highlight=False).print(message, markup=False)
    raise typer.Exit(1)


def main() -> None:
    import local.demo.command  # noqa: PLC0415, F401 - its command adds itself to `app`, which must exist before

    app()
