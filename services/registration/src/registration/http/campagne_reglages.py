"""The settings of a campagne that are one number or one box: places, weights, replacements."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from registration.domain import Campagne, Poids

BOUNDS: Final[Mapping[str, tuple[int, int]]] = {
    "places_par_personne": (1, 20),
    "places_par_collectivite": (0, 1000),
    "poids_petite": (1, 100),
    "poids_moyenne": (1, 100),
    "poids_grande": (1, 100),
    "remplacement_jusqu_a_la_seance": (1, 4),
}
"""The least and the most of each number, by field, as the contract has them."""

DEFAULTS: Final[Mapping[str, str]] = {
    "places_par_personne": "1",
    "places_par_collectivite": "0",
    "poids_petite": "3",
    "poids_moyenne": "2",
    "poids_grande": "1",
    "remplacement_jusqu_a_la_seance": "1",
}


def as_typed(campagne: Campagne) -> dict[str, Any]:
    poids = campagne.poids
    return {
        "places_par_personne": str(campagne.places_par_personne),
        "places_par_collectivite": str(campagne.places_par_collectivite),
        "poids_petite": str(poids.petite),
        "poids_moyenne": str(poids.moyenne),
        "poids_grande": str(poids.grande),
        "remplacement_jusqu_a_la_seance": str(campagne.remplacement_jusqu_a_la_seance),
        "remplacement_automatique": campagne.remplacement_automatique,
    }


def as_fields(saisie: Mapping[str, Any], number: Callable[[str, str, int, int], int]) -> dict[str, Any]:
    """Return the fields of the Campagne; `number` (field, typed, least, most) reads one and notes what is wrong."""
    read = {name: number(name, saisie[name], least, most) for name, (least, most) in BOUNDS.items()}
    return {
        "places_par_personne": read["places_par_personne"],
        "places_par_collectivite": read["places_par_collectivite"],
        "poids": Poids(read["poids_petite"], read["poids_moyenne"], read["poids_grande"]),
        "remplacement_automatique": bool(saisie["remplacement_automatique"]),
        "remplacement_jusqu_a_la_seance": read["remplacement_jusqu_a_la_seance"],
    }
