"""What the planner asks of its child process and what comes back, as plain data that crosses as JSON.

Invariant: nothing here imports a solver library, so that the service's own process stays small.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from contracts.events import CampagneOuverte
from pydantic import TypeAdapter

from scheduling.remplacement import limites_of
from scheduling.solver.problem import (
    Accord,
    Animateur,
    Candidat,
    GroupingProblem,
    Proposition,
    Qualite,
    Taille,
)
from scheduling.solver.timetable_problem import Timetable, TimetableProblem


@dataclass(frozen=True, slots=True)
class Demande:
    """A whole campagne: who asks for a place in any of its thématiques, and what its séances share."""

    probleme: GroupingProblem
    horaire: TimetableProblem


@dataclass(frozen=True, slots=True)
class Plan:
    """The groupes of every thématique, then their animateurs and dates."""

    proposition: Proposition
    horaire: Timetable


@dataclass(frozen=True, slots=True)
class Inscrit:
    """An inscription validée as it is stored; `avec` and `sans` are lower-case addresses.

    `rang` counts from 1 the thématiques of one address, the most wanted first.
    """

    id: str
    thematique: str
    email: str
    collectivite: str
    departement: str
    qualite: str
    taille: str
    disponibilites: Mapping[str, str]
    recue_le: datetime
    rang: int = 1
    avec: Sequence[str] = field(default=())
    sans: Sequence[str] = field(default=())


@dataclass(frozen=True, slots=True)
class Passe:
    """What earlier seasons say of these inscriptions: whose persons waited in vain, which have been in one groupe."""

    attendus: frozenset[str] = frozenset()
    reunions: frozenset[tuple[str, str]] = frozenset()


DEMANDE = TypeAdapter(Demande)
PLAN = TypeAdapter(Plan)
IMPOSSIBLE = 2
"""Exit code of the child process when the input can't be solved as it is; its last line of stderr says why."""
STOP = b"stop\n"
"""What the child reads after the Demande when it is to end with the best that it has."""


def place_key(thematique: str, creneau: str, numero: int | None) -> str:
    """Name a place as the solver does: a groupe of a créneau of a thématique, or any groupe of it."""
    return f"{thematique}/{creneau}" + ("" if numero is None else f"-{numero}")


def build_demande(
    campagne: CampagneOuverte,
    inscrits: Sequence[Inscrit],
    occupe: frozenset[tuple[str, datetime]] = frozenset(),
    places_fixees: Mapping[str, str] = MappingProxyType({}),
    passe: Passe = Passe(),
) -> Demande:
    """Make the problem of a campagne.

    `occupe` are the (animateur, start) that its animateurs have elsewhere; `places_fixees` go by inscription.
    """
    titres = {t.code: t.titre for t in campagne.thematiques}
    people = [p for p in inscrits if p.thematique in titres]
    # A person is known by one of their inscriptions: addresses have no place in the solver's words.
    personnes: dict[str, str] = {}
    for inscrit in people:
        personnes[inscrit.email] = min(inscrit.id, personnes.get(inscrit.email, inscrit.id))
    who = {p.id: personnes[p.email] for p in people}
    return Demande(
        probleme=GroupingProblem(
            candidats=tuple(_candidats(people, who, passe.attendus)),
            creneaux=campagne.creneaux,
            limites=limites_of(campagne),
            places_fixees={p.id: places_fixees[p.id] for p in people if p.id in places_fixees},
            deja_ensemble=frozenset(
                (min(who[a], who[b]), max(who[a], who[b])) for a, b in passe.reunions if a in who and b in who
            ),
            titres=titres,
        ),
        horaire=TimetableProblem(
            groupes=(),
            animateurs=tuple(_animateur(a) for a in campagne.animateurs),
            seances_du=campagne.seances_du,
            seances_au=campagne.seances_au,
            jours_exclus=frozenset(campagne.jours_exclus),
            heures={"matin": campagne.heures.matin, "apres-midi": campagne.heures.apres_midi},
            occupe=occupe,
        ),
    )


def _candidats(people: Sequence[Inscrit], who: Mapping[str, str], attendus: frozenset[str]) -> list[Candidat]:
    ids = {(p.thematique, p.email): p.id for p in people}

    def known(addresses: Sequence[str], asking: Inscrit) -> frozenset[str]:
        found = (ids.get((asking.thematique, address)) for address in addresses)
        return frozenset(candidat for candidat in found if candidat and candidat != asking.id)

    return [
        Candidat(
            id=p.id,
            personne=who[p.id],
            collectivite=p.collectivite,
            departement=p.departement,
            qualite=Qualite(p.qualite),
            taille=Taille(p.taille),
            thematique=p.thematique,
            creneaux={creneau: Accord(accord) for creneau, accord in sorted(p.disponibilites.items())},
            recue_le=p.recue_le,
            rang=p.rang,
            attendu=p.id in attendus,
            # Who asks to be both with and apart from somebody is kept apart: a hard rule weighs more than a wish.
            avec=known(p.avec, p) - known(p.sans, p),
            sans=known(p.sans, p),
        )
        for p in people
    ]


def _animateur(animateur: Any) -> Animateur:
    return Animateur(
        id=animateur.id,
        nom=animateur.nom,
        thematiques=frozenset(animateur.thematiques),
        creneaux=frozenset(animateur.creneaux),
        groupes_max=animateur.groupes_max,
        indisponible=frozenset(animateur.indisponible),
    )
