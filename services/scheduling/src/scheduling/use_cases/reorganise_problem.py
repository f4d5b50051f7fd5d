"""From what is stored and what has come in between to a question for the solver."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

from contracts.events import CampagneOuverte

from scheduling.domain import PARIS, SHORT_NOTICE, Refused, Seance
from scheduling.reorganisation import AnimateurAbsent, AutreCreneau, AutreJour, Evenement, JourExclu
from scheduling.repository.groupes import Groupe
from scheduling.solver.problem import Animateur, creneau_en_francais
from scheduling.solver.replanning_problem import GroupePublie, ReplanProblem, SeanceTenue
from scheduling.solver.timetable_problem import TimetableProblem

Meetings = Mapping[UUID, Sequence[Seance]]


def check_evenement(
    donnees: CampagneOuverte, evenement: Evenement, formed: Mapping[UUID, Groupe], meetings: Meetings, now: datetime
) -> None:
    """Raise Refused, in French, when what is told makes no sense for this campagne today."""
    today = now.astimezone(PARIS).date()
    if isinstance(evenement, AnimateurAbsent):
        _check_absence(donnees, evenement, formed, today)
    elif isinstance(evenement, JourExclu):
        _check_day(donnees, evenement.jour, today)
    elif isinstance(evenement, AutreCreneau):
        _check_creneau(donnees, evenement, formed, meetings, now)
    else:
        found = next((s for seances in meetings.values() for s in seances if s.id == evenement.seance), None)
        if found is None:
            raise Refused("Cette séance n’existe pas dans cette campagne.")
        if found.annulee or found.debut <= now:
            raise Refused("Cette séance est passée ou annulée : elle ne peut plus changer de jour.")


def _check_absence(
    donnees: CampagneOuverte, absence: AnimateurAbsent, formed: Mapping[UUID, Groupe], today: date
) -> None:
    known = {a.id for a in donnees.animateurs} | {g.animateur for g in formed.values()}
    if absence.animateur not in known:
        raise Refused("Cet animateur n’est pas connu dans cette campagne : choisissez-le dans la liste.")
    if absence.au is not None and absence.au < absence.du:
        raise Refused("La fin de l’absence vient avant son début : corrigez l’une des deux dates.")
    if absence.au is not None and absence.au < today:
        raise Refused("Cette absence est passée : il n’y a rien à réorganiser.")
    if absence.du > donnees.seances_au:
        raise Refused(f"L’absence commence après la fin des séances de la campagne ({_french(donnees.seances_au)}).")


def _check_day(donnees: CampagneOuverte, jour: date, today: date) -> None:
    if jour <= today:
        raise Refused("Ce jour est passé ou déjà commencé : choisissez un jour à venir.")
    if not donnees.seances_du <= jour <= donnees.seances_au:
        raise Refused(
            f"Ce jour est hors de la période des séances, du {_french(donnees.seances_du)} au "
            f"{_french(donnees.seances_au)}."
        )


def _check_creneau(
    donnees: CampagneOuverte, wish: AutreCreneau, formed: Mapping[UUID, Groupe], meetings: Meetings, now: datetime
) -> None:
    groupe = formed.get(wish.groupe)
    if groupe is None:
        raise Refused("Ce groupe n’existe pas dans cette campagne.")
    if wish.creneau not in donnees.creneaux:
        raise Refused("Ce créneau n’est pas proposé par cette campagne : choisissez-le dans la liste.")
    if wish.creneau == groupe.creneau:
        raise Refused(f"Ce groupe se réunit déjà le {creneau_en_francais(wish.creneau)}.")
    if not any(s.debut > now and not s.annulee for s in meetings.get(wish.groupe, ())):
        raise Refused("Toutes les séances de ce groupe sont passées ou annulées : il n’y a rien à réorganiser.")


def make_problem(
    donnees: CampagneOuverte,
    evenement: Evenement,
    *,
    formed: Mapping[UUID, Groupe],
    meetings: Meetings,
    people: Mapping[UUID, tuple[str, ...]],
    busy: frozenset[tuple[str, datetime]],
    now: datetime,
) -> ReplanProblem:
    struck = {evenement.jour} if isinstance(evenement, JourExclu) else set()
    horaire = TimetableProblem(
        groupes=(),
        animateurs=_team(donnees, formed, evenement),
        seances_du=donnees.seances_du,
        seances_au=donnees.seances_au,
        jours_exclus=frozenset(donnees.jours_exclus) | struck,
        heures={"matin": donnees.heures.matin, "apres-midi": donnees.heures.apres_midi},
        occupe=busy,
    )
    published = tuple(
        _groupe(groupe, meetings.get(groupe.id, ()), people.get(groupe.id, ()), evenement)
        for groupe in sorted(formed.values(), key=lambda g: str(g.id))
    )
    return ReplanProblem(tuple(g for g in published if g.seances), horaire, now, now + SHORT_NOTICE)


def _team(donnees: CampagneOuverte, formed: Mapping[UUID, Groupe], evenement: Evenement) -> tuple[Animateur, ...]:
    """The campagne's animateurs, and those who left it but still run a groupe, who can take no other."""
    nothing: frozenset[str] = frozenset()
    team = {g.animateur: Animateur(g.animateur, g.animateur_nom, nothing, nothing, 0) for g in formed.values()}
    for a in donnees.animateurs:
        free = frozenset(a.indisponible)
        team[a.id] = Animateur(a.id, a.nom, frozenset(a.thematiques), frozenset(a.creneaux), a.groupes_max, free)
    if isinstance(evenement, AnimateurAbsent):
        one = team[evenement.animateur]
        end = min(evenement.au or donnees.seances_au, donnees.seances_au)
        days = {evenement.du + timedelta(days=n) for n in range((end - evenement.du).days + 1)}
        team[one.id] = replace(one, indisponible=one.indisponible | days)
    return tuple(team[key] for key in sorted(team))


def _groupe(
    groupe: Groupe, seances: Sequence[Seance], departements: tuple[str, ...], evenement: Evenement
) -> GroupePublie:
    wished = isinstance(evenement, AutreCreneau) and evenement.groupe == groupe.id
    refused = [
        s.debut.astimezone(PARIS).date()
        for s in seances
        if isinstance(evenement, AutreJour) and s.id == evenement.seance
    ]
    return GroupePublie(
        id=str(groupe.id),
        thematique=groupe.thematique,
        creneau=groupe.creneau,
        animateur=groupe.animateur,
        departements=departements,
        seances=tuple(SeanceTenue(s.rang, s.debut) for s in seances if not s.annulee),
        creneau_voulu=evenement.creneau if isinstance(evenement, AutreCreneau) and wished else None,
        jours_refuses=frozenset(refused),
    )


def _french(day: date) -> str:
    return f"{day:%d/%m/%Y}"
