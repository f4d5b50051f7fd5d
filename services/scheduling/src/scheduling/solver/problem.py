"""What the solver is asked and what it answers for the groupes of one thématique.

Invariant: plain frozen data, free of any solver. Rows may come in any order; every answer is sorted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from typing import Literal

JOURS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
DEMI_JOURNEES = ("matin", "apres-midi")

Preuve = Literal["optimal", "borne"]


Slot = tuple[str, str]
"""A thématique and a créneau: where groupes open."""


class InfeasibleInput(ValueError):
    """The input contradicts itself; the text is one French sentence that says what to change."""


class Qualite(StrEnum):
    ELU = "elu"
    AGENT = "agent"


class Taille(StrEnum):
    PETITE = "petite"
    MOYENNE = "moyenne"
    GRANDE = "grande"


class Accord(StrEnum):
    PREFERE = "prefere"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True)
class Candidat:
    """One inscription validée: a person who asks for one thématique.

    `rang` 1 is the thématique that this person wants most; `attendu`: they waited in vain last season; `creneaux` are
    those that they can make; `avec` and `sans` name other candidats.
    """

    id: str
    personne: str
    collectivite: str
    departement: str
    qualite: Qualite
    taille: Taille
    thematique: str
    creneaux: Mapping[str, Accord]
    recue_le: datetime
    rang: int = 1
    attendu: bool = False
    avec: frozenset[str] = frozenset()
    sans: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Animateur:
    """`creneaux` that the person runs, at most `groupes_max` groupes in the season, never on a day `indisponible`."""

    id: str
    nom: str
    thematiques: frozenset[str]
    creneaux: frozenset[str]
    groupes_max: int
    indisponible: frozenset[date] = frozenset()


def _default_weights() -> Mapping[Taille, int]:
    return {Taille.PETITE: 3, Taille.MOYENNE: 2, Taille.GRANDE: 1}


@dataclass(frozen=True, slots=True)
class Limites:
    """Bounds of a groupe, how many groupes there may be in a créneau and in all, and what placing a person weighs.

    A créneau absent from `par_creneau` has no limit of its own; `places_par_collectivite` counts the season's groupes,
    0 for no limit beyond one in a groupe.
    """

    min: int = 12
    max: int = 15
    elus_min: int = 5
    agents_min: int = 5
    groupes_max: int | None = None
    par_creneau: Mapping[str, int] = field(default_factory=dict)
    poids: Mapping[Taille, int] = field(default_factory=_default_weights)
    places_par_personne: int = 1
    places_par_collectivite: int = 0

    def minimum_of(self, qualite: Qualite) -> int:
        return self.elus_min if qualite is Qualite.ELU else self.agents_min


@dataclass(frozen=True)
class GroupingProblem:
    """Everyone who asks for a place in a campagne, in any of its thématiques.

    With `animateurs`, groupes open only where they can run them all together: `capacites` says how many groupes one of
    them can run in a créneau (by animateur, then créneau; 1 where it is silent). `places_fixees` maps a candidat to a
    groupe or to a créneau of a thématique, as in `eau/mardi-matin`. `hors_horaires` holds the (département, créneau)
    at whose hour nobody can be asked to meet there; `deja_ensemble` pairs of persons who have been in one groupe.
    """

    candidats: tuple[Candidat, ...]
    creneaux: tuple[str, ...]
    limites: Limites = field(default_factory=Limites)
    animateurs: tuple[Animateur, ...] | None = None
    capacites: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    places_fixees: Mapping[str, str] = field(default_factory=dict)
    hors_horaires: frozenset[tuple[str, str]] = frozenset()
    deja_ensemble: frozenset[tuple[str, str]] = frozenset()
    titres: Mapping[str, str] = field(default_factory=dict)
    graine: int = 1

    @cached_property
    def by_id(self) -> Mapping[str, Candidat]:
        return {c.id: c for c in self.candidats}

    @property
    def thematiques(self) -> tuple[str, ...]:
        return tuple(sorted({*self.titres, *(c.thematique for c in self.candidats)}))


@dataclass(frozen=True, slots=True)
class GroupeForme:
    """`id` is the thématique, the créneau and a number from 1: `eau/mardi-matin-1`; `membres` are sorted ids."""

    id: str
    thematique: str
    creneau: str
    membres: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Raison:
    """A code of the closed list, and one French sentence that is true for that person."""

    code: str
    phrase: str


@dataclass(frozen=True, slots=True)
class Attente:
    """Someone without a place; `rang` counts from 1 in the order in which places of a thématique are offered."""

    candidat: str
    rang: int
    raison: Raison


@dataclass(frozen=True, slots=True)
class Proposition:
    """Groupes, everyone else with the reason, and how good it is.

    `poids_place` is the sum of the weights of the people placed, `borne` an upper bound on it for any proposition;
    `preuve` says whether they are known to meet. `places` holds the reason of each person placed, `constats` what the
    team should know of each thématique.
    """

    groupes: tuple[GroupeForme, ...]
    places: Mapping[str, Raison]
    en_attente: tuple[Attente, ...]
    non_retenus: tuple[Attente, ...]
    poids_place: int
    borne: float
    preuve: Preuve
    constats: Mapping[str, tuple[str, ...]]


def weekday_of(creneau: str) -> int:
    """Monday is 0, as in `date.weekday()`; ValueError when the créneau is not `<jour>-<matin|apres-midi>`."""
    jour, _, demi_journee = creneau.partition("-")
    if jour not in JOURS or demi_journee not in DEMI_JOURNEES:
        raise ValueError(f"créneau inconnu : {creneau}")
    return JOURS.index(jour)


def half_day_of(creneau: str) -> str:
    """`matin` or `apres-midi`."""
    return creneau.partition("-")[2]


def creneau_en_francais(creneau: str) -> str:
    """`mardi-matin` as people say it: mardi matin."""
    return creneau.replace("apres-midi", "après-midi").replace("-", " ", 1)


def groupe_id(thematique: str, creneau: str, number: int) -> str:
    return f"{thematique}/{creneau}-{number}"


def fixed_place(place: str, creneaux: tuple[str, ...]) -> tuple[str, str, int | None]:
    """Thématique, créneau and groupe number (None: any) of a fixed place; KeyError when it names none of these."""
    thematique, _, rest = place.rpartition("/")
    if rest in creneaux:
        return thematique, rest, None
    creneau, _, number = rest.rpartition("-")
    if creneau not in creneaux or not number.isascii() or not number.isdigit() or int(number) < 1:
        raise KeyError(place)
    return thematique, creneau, int(number)
