"""The size class of a collectivité: thresholds are settings, their reasons stand in decision 0002."""

from dataclasses import dataclass
from enum import StrEnum

from registration.collectivites.collectivite import Collectivite, TypeCollectivite


class Taille(StrEnum):
    PETITE = "petite"
    MOYENNE = "moyenne"
    GRANDE = "grande"


@dataclass(frozen=True, slots=True)
class SeuilsTaille:
    """Inhabitants from which a body stops being petite, then moyenne."""

    commune_moyenne: int = 3_500
    commune_grande: int = 20_000
    epci_moyenne: int = 20_000
    epci_grande: int = 100_000

    def __post_init__(self) -> None:
        for low, high in (
            (self.commune_moyenne, self.commune_grande),
            (self.epci_moyenne, self.epci_grande),
        ):
            if not 0 < low <= high:
                raise ValueError(f"size thresholds must be positive and rise: {low}, {high}")


SEUILS_PAR_DEFAUT = SeuilsTaille()


def taille(collectivite: Collectivite, seuils: SeuilsTaille = SEUILS_PAR_DEFAUT) -> Taille:
    """Return the size class; a commune or EPCI of unknown population is petite."""
    match collectivite.type:
        case TypeCollectivite.COMMUNE:
            return _between(collectivite.population, seuils.commune_moyenne, seuils.commune_grande)
        case TypeCollectivite.EPCI:
            return _between(collectivite.population, seuils.epci_moyenne, seuils.epci_grande)
        case TypeCollectivite.DEPARTEMENT | TypeCollectivite.REGION:
            return Taille.GRANDE
        case TypeCollectivite.AUTRE:
            return Taille.MOYENNE


def _between(population: int | None, low: int, high: int) -> Taille:
    inhabitants = population or 0
    if inhabitants < low:
        return Taille.PETITE
    return Taille.MOYENNE if inhabitants < high else Taille.GRANDE
