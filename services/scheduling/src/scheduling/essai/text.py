"""Reading a text file that a spreadsheet or an editor saved, with a sentence for what it can't be."""

from pathlib import Path

from scheduling.essai.faults import Faults, Refused, proper

_WORKBOOK = b"PK\x03\x04"


def check_readable(path: Path) -> None:
    """Raise Refused unless the file is there and is no workbook."""
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except FileNotFoundError:
        raise Refused(proper(f"Le fichier {path} n'existe pas : vérifiez son nom et son dossier.")) from None
    except IsADirectoryError:
        raise Refused(proper(f"{path} est un dossier : indiquez le fichier qu'il contient.")) from None
    except OSError as error:
        raise Refused(proper(f"Le fichier {path} ne peut pas être lu ({error.strerror}).")) from None
    if start == _WORKBOOK:
        raise Refused(
            proper(f"{path.name} est un classeur : enregistrez la feuille au format « CSV UTF-8 », puis recommencez.")
        )


def refuse_encoding(path: Path) -> None:
    """Raise Refused, naming the first line that is not UTF-8."""
    faults = Faults(path.name)
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                faults.add(
                    number,
                    f"le caractère {error.start + 1} n'est pas écrit en UTF-8 : "
                    "enregistrez le fichier au format « CSV UTF-8 » (ou « UTF-8 »), puis recommencez.",
                )
                break
    faults.refuse()
