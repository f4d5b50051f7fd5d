"""The rules that somebody who takes a free place must keep, each apart, and what they are judged by.

Invariant: if the groupe kept every rule before somebody left it, it keeps them all with anybody who meets no obstacle.
A groupe that has lost several people may be filled one by one: nobody may take a place that a minimum still needs.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from scheduling.solver.problem import Candidat, Limites, Qualite, creneau_en_francais


@dataclass(frozen=True, slots=True)
class EnListe:
    """Somebody of the waiting list; `rang` is the one that they were told."""

    candidat: Candidat
    rang: int


@dataclass(frozen=True)
class Vacance:
    """A groupe as those who stay make it, and what the season says of the people around it.

    `places_de` counts the places that a personne holds in the season, `places_de_collectivite` those of a collectivité.
    `hors_horaires` are the (département, créneau) at whose local hour nobody is asked to come.
    """

    creneau: str
    membres: tuple[Candidat, ...]
    limites: Limites
    places_de: Mapping[str, int] = field(default_factory=dict)
    places_de_collectivite: Mapping[str, int] = field(default_factory=dict)
    hors_horaires: frozenset[tuple[str, str]] = frozenset()

    @cached_property
    def counts(self) -> Counter[Qualite]:
        """Members by qualité, counted once for a waiting list of thousands."""
        return Counter(m.qualite for m in self.membres)

    def missing(self, qualite: Qualite) -> int:
        """How many people of this qualité the groupe lacks to its minimum."""
        return max(0, self.limites.minimum_of(qualite) - self.counts[qualite])


def groupe_has_room(vacance: Vacance, _candidat: Candidat) -> str | None:
    full = len(vacance.membres) >= vacance.limites.max
    return f"le groupe est complet ({len(vacance.membres)} personnes)" if full else None


def candidat_can_make_the_creneau(vacance: Vacance, candidat: Candidat) -> str | None:
    if vacance.creneau in candidat.creneaux:
        return None
    return f"ne peut pas venir le {creneau_en_francais(vacance.creneau)}"


def local_hour_is_bearable(vacance: Vacance, candidat: Candidat) -> str | None:
    if (candidat.departement, vacance.creneau) not in vacance.hors_horaires:
        return None
    return "dans son département, les séances auraient lieu trop tôt ou trop tard"


def collectivite_is_not_in_the_groupe(vacance: Vacance, candidat: Candidat) -> str | None:
    held = any(m.collectivite == candidat.collectivite for m in vacance.membres)
    return "sa collectivité est déjà dans le groupe" if held else None


def minimum_of_the_other_qualite_is_kept(vacance: Vacance, candidat: Candidat) -> str | None:
    other = Qualite.AGENT if candidat.qualite is Qualite.ELU else Qualite.ELU
    if not vacance.missing(other) or vacance.missing(candidat.qualite):
        return None
    noun = "un élu" if other is Qualite.ELU else "un agent"
    return f"il faut {noun} pour garder le minimum de {vacance.limites.minimum_of(other)}"


def apart_wishes_are_kept(vacance: Vacance, candidat: Candidat) -> str | None:
    apart = any(m.id in candidat.sans or candidat.id in m.sans for m in vacance.membres)
    return "un souhait de ne pas être ensemble l'oppose à quelqu'un du groupe" if apart else None


def personne_has_a_place_left(vacance: Vacance, candidat: Candidat) -> str | None:
    held, allowed = vacance.places_de.get(candidat.personne, 0), vacance.limites.places_par_personne
    if held < allowed:
        return None
    return "a déjà une place dans un autre groupe" if held == 1 else f"a déjà {held} places dans d'autres groupes"


def collectivite_has_a_place_left(vacance: Vacance, candidat: Candidat) -> str | None:
    held, allowed = (
        vacance.places_de_collectivite.get(candidat.collectivite, 0),
        vacance.limites.places_par_collectivite,
    )
    if not allowed or held < allowed:
        return None
    return f"sa collectivité a déjà {'la place' if allowed == 1 else f'les {allowed} places'} que permet la campagne"


RULES: tuple[Callable[[Vacance, Candidat], str | None], ...] = (
    groupe_has_room,
    candidat_can_make_the_creneau,
    local_hour_is_bearable,
    collectivite_is_not_in_the_groupe,
    minimum_of_the_other_qualite_is_kept,
    apart_wishes_are_kept,
    personne_has_a_place_left,
    collectivite_has_a_place_left,
)


def obstacle(vacance: Vacance, candidat: Candidat) -> str | None:
    """Say which rule keeps this person from the place, the first that does; None when they can take it."""
    return next((phrase for rule in RULES if (phrase := rule(vacance, candidat)) is not None), None)
