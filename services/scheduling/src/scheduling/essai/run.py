"""What `scheduling essai` does, apart from the command so that a service never loads a solver for it."""

import gc
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer
from chassis.web.french import lister, nombre, pluriel
from rich.console import Console

from scheduling.essai.faults import Refused, proper
from scheduling.essai.inscriptions import read_inscriptions
from scheduling.essai.parametres import Parametres, read_parametres
from scheduling.essai.problem import make_problem
from scheduling.essai.report import report
from scheduling.essai.result import Result, read_result
from scheduling.essai.terminal import Terminal
from scheduling.essai.writing import check_folder, write_result
from scheduling.solver.problem import Candidat, InfeasibleInput
from scheduling.solver.season import solve_season

REFUSED = 2
INTERRUPTED = 130
_CONSTATS = 20


def run(inscriptions: Path, parametres: Path, sortie: Path) -> None:
    """Read both files, solve, and write the four results; ends the program with what is wrong in French otherwise."""
    started = time.perf_counter()
    console = Console(stderr=True)
    terminal = Terminal(console)
    try:
        check_folder(sortie)
        with _without_collecting():
            candidats, found = _read(inscriptions, parametres)
            result, rapport = _solve(terminal, candidats, found)
            rapport |= {"duree_s": round(time.perf_counter() - started, 2), "memoire_mo": peak_memory()}
            write_result(sortie, result, _in_order(rapport))
    except (Refused, InfeasibleInput) as wrong:
        console.print(proper(f"{wrong}\nRien n'a été écrit."), highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(REFUSED) from None
    except KeyboardInterrupt:
        console.print(proper("Abandonné : rien n'a été écrit."), highlight=False)
        raise typer.Exit(INTERRUPTED) from None
    for line in summary(rapport, result.constats, sortie):
        sys.stdout.write(f"{line}\n")


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Nothing here holds cycles: looking for some among a million people again and again would take long."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _read(inscriptions: Path, parametres: Path) -> tuple[tuple[Candidat, ...], Parametres]:
    """Read both files, and name what is wrong in either."""
    refused: list[str] = []
    candidats: tuple[Candidat, ...] = ()
    try:
        candidats = read_inscriptions(inscriptions)
    except Refused as wrong:
        refused.append(str(wrong))
    try:
        found = read_parametres(parametres, sorted({c.thematique for c in candidats}))
    except Refused as wrong:
        refused.append(str(wrong))
    if refused:
        raise Refused("\n".join(refused))
    return candidats, found


def _solve(terminal: Terminal, candidats: Sequence[Candidat], parametres: Parametres) -> tuple[Result, dict[str, Any]]:
    """Form and plan; Ctrl-C keeps the best found so far. Raises InfeasibleInput, KeyboardInterrupt."""

    def work() -> tuple[Result, dict[str, Any]]:
        saison = solve_season(make_problem(candidats, parametres), parametres.horaire, terminal)
        result = read_result(saison)
        return result, report(saison.probleme, result.groupes, result.borne)

    with _silent_libraries():
        result, rapport = terminal.watch(work)
    return result, rapport | {"arrete": terminal.stopped()}


@contextmanager
def _silent_libraries() -> Iterator[None]:
    """Drop what solver libraries print on standard output by themselves."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def _in_order(rapport: dict[str, Any]) -> dict[str, Any]:
    first = ("poids_place", "borne", "preuve", "duree_s", "memoire_mo")
    return {key: rapport[key] for key in first} | rapport


def summary(rapport: dict[str, Any], constats: Sequence[str], sortie: Path) -> list[str]:
    """Say in a few lines what came out, and what would let more people in."""
    placed = pluriel(rapport["places"], "inscription placée", "inscriptions placées")
    lines = [f"{placed} sur {nombre(rapport['inscriptions'])}, dans {pluriel(rapport['groupes'], 'groupe')}."]
    if not rapport["groupes"]:
        lines.append("Aucun groupe n'a pu être formé : attente.csv dit pourquoi pour chaque inscription.")
    elif rapport["preuve"] == "optimal":
        lines.append(
            f"Poids placé : {nombre(rapport['poids_place'])}. C'est prouvé : aucune répartition ne fait mieux."
        )
    else:
        share = 100 * rapport["poids_place"] / rapport["borne"]
        best = nombre(round(rapport["borne"], 1))
        lines.append(f"Poids placé : {nombre(rapport['poids_place'])}, au plus {best} ({nombre(round(share, 3))} %).")
    if rapport["arrete"] and rapport["preuve"] != "optimal":
        lines.append("Arrêté à votre demande : c'est la meilleure répartition trouvée jusque-là.")
    lines += [f"- {constat}" for constat in constats[:_CONSTATS]]
    if len(constats) > _CONSTATS:
        lines.append(f"- … et {pluriel(len(constats) - _CONSTATS, 'autre constat', 'autres constats')}.")
    files = lister(("groupes.csv", "seances.csv", "attente.csv", "rapport.json"))
    lines.append(f"Résultats dans {sortie} : {files} ({nombre(rapport['duree_s'])} s).")
    return [proper(line) for line in lines]


def peak_memory() -> int:
    """Most memory that this process has held, in MB; 0 where the system doesn't tell."""
    try:
        # What getrusage says on Linux includes the process that started this one.
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return round(int(status.partition("VmHWM:")[2].split()[0]) / 1024)
    except (OSError, IndexError):
        return _peak_by_getrusage()


def _peak_by_getrusage() -> int:
    try:
        import resource  # noqa: PLC0415 - absent on Windows
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1 << 20 if sys.platform == "darwin" else 1 << 10))
