"""What a replanning changes, as the team reads it before it confirms."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from scheduling.domain import PARIS, SHORT_NOTICE, Seance
from scheduling.reorganisation import REPLAN, AnimateurAbsent, AutreCreneau
from scheduling.repository import reorganisation
from scheduling.repository.groupes import Groupe
from scheduling.solver.problem import creneau_en_francais
from scheduling.solver.replanning_problem import Replan
from scheduling.use_cases.announce import in_french
from scheduling.use_cases.reorganise import Situation, animateur_name

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Deplacement:
    rang: int
    avant: datetime
    apres: datetime


@dataclass(frozen=True, slots=True)
class Ligne:
    """One groupe that changes; `animateur` and `creneau` are the new ones, None when they stay."""

    groupe: Groupe
    animateur: str | None
    creneau: str | None
    deplacements: tuple[Deplacement, ...]


@dataclass(frozen=True, slots=True)
class Impossible:
    groupe: Groupe
    phrase: str
    seances: tuple[Seance, ...]


@dataclass(frozen=True, slots=True)
class Impact:
    """`personnes` whose diary changes; `mails` that they get, and those of the cancellations if these are chosen."""

    lignes: tuple[Ligne, ...]
    impossibles: tuple[Impossible, ...]
    personnes: int
    mails: int
    mails_annulation: int
    avertissements: tuple[str, ...]
    optimal: bool
    empreinte: str

    @property
    def seances(self) -> int:
        return sum(len(ligne.deplacements) for ligne in self.lignes)

    @property
    def animateurs(self) -> int:
        return sum(ligne.animateur is not None for ligne in self.lignes)


async def measure_impact(connection: AsyncConnection, situation: Situation, replan: Replan) -> Impact:
    lignes = tuple(_ligne(situation, replan, n) for n in range(len(replan.changes)))
    impossibles = tuple(
        Impossible(
            situation.groupes[UUID(i.groupe)],
            in_french(i.phrase),
            tuple(s for s in situation.seances[UUID(i.groupe)] if s.rang in i.rangs and not s.annulee),
        )
        for i in replan.impossibles
    )
    return Impact(
        lignes=lignes,
        impossibles=impossibles,
        personnes=sum(len(ligne.groupe.membres) for ligne in lignes if ligne.deplacements),
        mails=sum(len(ligne.groupe.membres) * len(ligne.deplacements) for ligne in lignes),
        mails_annulation=sum(len(i.groupe.membres) * len(i.seances) for i in impossibles),
        avertissements=tuple(await _warnings(connection, situation, lignes)),
        optimal=replan.preuve == "optimal",
        empreinte=_fingerprint(situation, replan),
    )


def _ligne(situation: Situation, replan: Replan, number: int) -> Ligne:
    change = replan.changes[number]
    groupe = situation.groupes[UUID(change.groupe)]
    before = {s.rang: s.debut for s in situation.seances[groupe.id]}
    return Ligne(
        groupe=groupe,
        animateur=animateur_name(situation, change.animateur) if change.animateur != groupe.animateur else None,
        creneau=change.creneau if change.creneau != groupe.creneau else None,
        deplacements=tuple(
            Deplacement(s.rang, before[s.rang], s.debut) for s in change.seances if s.debut != before[s.rang]
        ),
    )


async def _warnings(connection: AsyncConnection, situation: Situation, lignes: tuple[Ligne, ...]) -> list[str]:
    found, evenement = [], situation.evenement
    if isinstance(evenement, AutreCreneau):
        count = await reorganisation.count_without_creneau(connection, evenement.groupe, evenement.creneau)
        if count:
            who = "membre n’a pas proposé" if count == 1 else "membres n’ont pas proposé"
            found.append(f"{count} {who} le {creneau_en_francais(evenement.creneau)} à l’inscription.")
    if isinstance(evenement, AnimateurAbsent):
        after, before = _midnight(evenement.du), _midnight((evenement.au or date.max - timedelta(days=2)) + _DAY)
        code = situation.campagne.code
        found += [
            f"{animateur_name(situation, evenement.animateur)} anime aussi {other.seances} séance"
            f"{'s' if other.seances > 1 else ''} de la campagne « {other.nom} » pendant cette absence : réorganisez-la "
            "de même."
            for other in await reorganisation.elsewhere(connection, evenement.animateur, code, after, before)
        ]
    soon = situation.probleme.maintenant + SHORT_NOTICE
    if any(d.avant < soon for ligne in lignes for d in ligne.deplacements):
        found.append("Des participants seront prévenus moins de trois jours avant l’ancienne date.")
    return [in_french(phrase) for phrase in found]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), PARIS)


def _fingerprint(situation: Situation, replan: Replan) -> str:
    """Names the answer and the state it changes: the same again on the confirmation, or something has moved."""
    concerned = [c.groupe for c in replan.changes] + [i.groupe for i in replan.impossibles]
    seen = [
        f"{g}:{situation.groupes[g].version}:{[(s.rang, s.sequence) for s in situation.seances[g]]}"
        for g in sorted(map(UUID, concerned))
    ]
    return sha256(REPLAN.dump_json(replan) + "|".join(seen).encode()).hexdigest()
