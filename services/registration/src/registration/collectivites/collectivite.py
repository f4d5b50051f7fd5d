"""A collectivité is known by its (type, code): a code alone may name a commune, an EPCI or a département."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from registration.collectivites.search import normalise

NAME_MIN: Final = 3
NAME_MAX: Final = 150


class TypeCollectivite(StrEnum):
    COMMUNE = "commune"
    EPCI = "epci"
    DEPARTEMENT = "departement"
    REGION = "region"
    AUTRE = "autre"


NATURES: Final = {
    TypeCollectivite.COMMUNE: "commune",
    TypeCollectivite.EPCI: "intercommunalité",
    TypeCollectivite.DEPARTEMENT: "département",
    TypeCollectivite.REGION: "région",
    TypeCollectivite.AUTRE: "autre organisme",
}


@dataclass(frozen=True, slots=True)
class Collectivite:
    """One local body.

    `code` is the Insee code (commune, département, région), the SIREN (EPCI) or the normalised name (autre).
    `departement` is "" for a council or an autre; an EPCI is filed under the département where most of its
    inhabitants live. `population` counts municipal inhabitants and is None where none is published.
    """

    type: TypeCollectivite
    code: str
    nom: str
    departement: str = ""
    departement_nom: str = ""
    population: int | None = None
    siren: str | None = None

    @property
    def cle(self) -> str:
        """Return the key that is unique over all types, like "commune:69072"."""
        return f"{self.type}:{self.code}"

    @property
    def libelle(self) -> str:
        """Return what people read, like « Pélussin (commune, Loire) »."""
        nature = NATURES[self.type]
        tells_apart = self.departement_nom and self.type in {TypeCollectivite.COMMUNE, TypeCollectivite.EPCI}
        return f"{self.nom} ({nature}, {self.departement_nom})" if tells_apart else f"{self.nom} ({nature})"


def autre(nom: str) -> Collectivite | None:
    """Return the body that is in no list (syndicat, PETR…) under its free name, None if that is no name.

    Its code is the normalised name: two people who write it with other accents or capitals belong together.
    """
    clean = " ".join(nom.split())
    code = normalise(clean).replace(" ", "-")
    if len(code) < NAME_MIN or len(clean) > NAME_MAX or not any(letter.isalpha() for letter in code):
        return None
    return Collectivite(TypeCollectivite.AUTRE, code, clean)
