"""What the planner asks of its child process and what comes back, as plain data that crosses as JSON.

Invariant: nothing here imports a solver library, so that the service's own process stays small.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from contracts.events import CampagneOuverte
from pydantic import TypeAdapter

from scheduling.solver.problem import (
    Accord,
    Animateur,
    Candidat,
    GroupingProblem,
    Limites,
    Proposition,
    Qualite,
    Taille,
)
from scheduling.solver.timetable_problem import Timetable


@dataclass(frozen=True, slots=True)
class Demande:
    """A whole campagne: one grouping problem per thématique code, and what their séances share."""

    problemes: dict[str, GroupingProblem]
    titres: dict[str, str]
    animateurs: tuple[Animateur, ...]
    seances_du: date
    seances_au: date
    jours_exclus: frozenset[date]
    heures: dict[str, time]
    occupe: frozenset[tuple[str, datetime]] = frozenset()
    graine: int = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """The groupes of each thématique, then animateurs and dates; groupe ids in `horaire` are `thematique/groupe`."""

    propositions: dict[str, Proposition]
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


DEMANDE = TypeAdapter(Demande)
PLAN = TypeAdapter(Plan)
IMPOSSIBLE = 2
"""Exit code of the child process when the input can't be solved as it is; its last line of stderr says why."""


def groupe_key(thematique: str, groupe: str) -> str:
    """Name a groupe across thématiques: `eau/mardi-matin-1`."""
    return f"{thematique}/{groupe}"


def build_demande(
    campagne: CampagneOuverte, inscrits: Sequence[Inscrit], occupe: frozenset[tuple[str, datetime]]
) -> Demande:
    """Make the problem of a campagne; `occupe` are the (animateur, start) that its animateurs have elsewhere."""
    by_thematique: dict[str, list[Inscrit]] = {t.code: [] for t in campagne.thematiques}
    for inscrit in inscrits:
        if inscrit.thematique in by_thematique:
            by_thematique[inscrit.thematique].append(inscrit)
    taille = campagne.groupe
    limites = Limites(min=taille.min, max=taille.max, elus_min=taille.elus_min, agents_min=taille.agents_min)
    return Demande(
        problemes={
            code: GroupingProblem(tuple(_candidats(people)), campagne.creneaux, limites)
            for code, people in by_thematique.items()
        },
        titres={t.code: t.titre for t in campagne.thematiques},
        animateurs=tuple(_animateur(a) for a in campagne.animateurs),
        seances_du=campagne.seances_du,
        seances_au=campagne.seances_au,
        jours_exclus=frozenset(campagne.jours_exclus),
        heures={"matin": campagne.heures.matin, "apres-midi": campagne.heures.apres_midi},
        occupe=occupe,
    )


def _candidats(people: Sequence[Inscrit]) -> list[Candidat]:
    ids = {p.email: p.id for p in people}

    def known(addresses: Sequence[str], own: str) -> frozenset[str]:
        return frozenset(ids[a] for a in addresses if a in ids) - {own}

    return [
        Candidat(
            id=p.id,
            collectivite=p.collectivite,
            departement=p.departement,
            qualite=Qualite(p.qualite),
            taille=Taille(p.taille),
            creneaux={creneau: Accord(accord) for creneau, accord in sorted(p.disponibilites.items())},
            recue_le=p.recue_le,
            # Who asks to be both with and apart from somebody is kept apart: a hard rule weighs more than a wish.
            avec=known(p.avec, p.id) - known(p.sans, p.id),
            sans=known(p.sans, p.id),
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
