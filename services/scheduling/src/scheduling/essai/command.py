"""`scheduling essai INSCRIPTIONS.csv --parametres PARAMETRES.toml --sortie DOSSIER`: no server, no environment."""

from pathlib import Path
from typing import Annotated

import typer


def essai(
    inscriptions: Annotated[Path, typer.Argument(metavar="INSCRIPTIONS.csv", help="Une ligne par inscription.")],
    parametres: Annotated[Path, typer.Option(metavar="PARAMETRES.toml", help="La campagne et les animateurs.")],
    sortie: Annotated[Path, typer.Option(metavar="DOSSIER", help="Où écrire les quatre fichiers de résultats.")],
) -> None:
    """Former les groupes et planifier les séances à partir de fichiers, sans serveur."""
    # The solver's libraries are for this command alone: they would take half the memory of a running service.
    from scheduling.essai.run import run  # noqa: PLC0415

    run(inscriptions, parametres, sortie)
