"""What replanning is asked and what it answers, once groupes are published and something has come in between.

Invariant: plain frozen data, free of any solver; instants are aware. Cancelled séances are not here: only what stands.
"""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from scheduling.solver.problem import Animateur, Preuve
from scheduling.solver.timetable_problem import PARIS, TimetableProblem


@dataclass(frozen=True, slots=True)
class SeanceTenue:
    rang: int
    debut: datetime

    @property
    def jour(self) -> date:
        return self.debut.astimezone(PARIS).date()


@dataclass(frozen=True, slots=True)
class GroupePublie:
    """`departements` has one entry per member. `creneau_voulu` and `jours_refuses` are what the groupe asks for now."""

    id: str
    thematique: str
    creneau: str
    animateur: str
    departements: tuple[str, ...]
    seances: tuple[SeanceTenue, ...]
    creneau_voulu: str | None = None
    jours_refuses: frozenset[date] = frozenset()

    @property
    def membres(self) -> int:
        return len(self.departements)

    @property
    def nouveau_creneau(self) -> str:
        return self.creneau_voulu or self.creneau


@dataclass(frozen=True)
class ReplanProblem:
    """`horaire` holds the animateurs with their absences, the days and hours, and what stands in other campagnes.

    Its own groupes are not read. A séance that begins by `maintenant` is over for good; a new date begins at
    `prevenance` at the earliest.
    """

    groupes: tuple[GroupePublie, ...]
    horaire: TimetableProblem
    maintenant: datetime
    prevenance: datetime

    @cached_property
    def par_id(self) -> dict[str, GroupePublie]:
        return {g.id: g for g in self.groupes}

    @cached_property
    def animateurs(self) -> dict[str, Animateur]:
        return {a.id: a for a in self.horaire.animateurs}

    def is_away(self, animateur: str, jour: date) -> bool:
        return animateur in self.animateurs and jour in self.animateurs[animateur].indisponible

    def future(self, groupe: GroupePublie) -> tuple[SeanceTenue, ...]:
        return tuple(s for s in groupe.seances if s.debut > self.maintenant)

    def is_touched(self, groupe: GroupePublie) -> bool:
        """Tell whether it can't stay as it was published."""
        return any(self.touched(groupe, s, groupe.animateur) for s in self.future(groupe))

    def touched(self, groupe: GroupePublie, seance: SeanceTenue, animateur: str) -> bool:
        """Tell whether a séance that is to come can't be held as it stands, by that animateur."""
        jour = seance.jour
        return (
            self.is_away(animateur, jour)
            or jour in self.horaire.jours_exclus
            or jour in groupe.jours_refuses
            or groupe.nouveau_creneau != groupe.creneau
        )


@dataclass(frozen=True, slots=True)
class GroupeReplanifie:
    """The whole groupe as it becomes: every séance that stands, moved or not."""

    groupe: str
    creneau: str
    animateur: str
    seances: tuple[SeanceTenue, ...]


@dataclass(frozen=True, slots=True)
class NonReplanifie:
    """A groupe that stays as it is though its séances of these ranks can't be held; one French sentence on why."""

    groupe: str
    rangs: tuple[int, ...]
    phrase: str


@dataclass(frozen=True, slots=True)
class Replan:
    """`agendas` counts (member, séance) pairs that move; `animateurs` the groupes that change their animateur."""

    changes: tuple[GroupeReplanifie, ...]
    impossibles: tuple[NonReplanifie, ...]
    agendas: int
    animateurs: int
    preuve: Preuve
