"""What scheduling decides without a solver: whether a séance can move, and what a proposition's numbers mean.

Invariant: functions of their arguments, no I/O, no clock; sentences are French and meant for the team.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from scheduling.solver.calendar_fr import public_holiday, school_holiday, school_zone
from scheduling.solver.problem import creneau_en_francais, half_day_of, weekday_of

PARIS = ZoneInfo("Europe/Paris")
_DURATION = timedelta(hours=2)
_WEEK = timedelta(days=7)
SHORT_NOTICE = timedelta(days=3)


class Refused(Exception):
    """The team asked for something that can't be done; the text is the French sentence that says why."""


@dataclass(frozen=True, slots=True)
class Seance:
    """One meeting of a published groupe."""

    id: UUID
    rang: int
    debut: datetime
    fin: datetime
    sequence: int
    visio_url: str
    cause_annulation: str | None = None

    @property
    def annulee(self) -> bool:
        return self.cause_annulation is not None


@dataclass(frozen=True, slots=True)
class Agenda:
    """What a move has to respect: the groupe's own séances, its animateur's other meetings, and the campagne's days."""

    creneau: str
    heures: dict[str, time]
    seances: tuple[Seance, ...]
    departements: tuple[str, ...]
    animateur_nom: str
    animateur_occupe: frozenset[datetime]
    animateur_indisponible: frozenset[date]
    jours_exclus: frozenset[date]
    seances_du: date
    seances_au: date


@dataclass(frozen=True, slots=True)
class Verdict:
    """`refus` can't be overruled; `avertissements` can, knowingly."""

    refus: tuple[str, ...] = field(default=())
    avertissements: tuple[str, ...] = field(default=())


def check_move(agenda: Agenda, seance: Seance, debut: datetime, now: datetime) -> Verdict:
    """Say whether a séance can begin at `debut` (aware) instead, with every reason against it."""
    jour = debut.astimezone(PARIS).date()
    return Verdict(
        refus=tuple(_refusals(agenda, seance, debut, jour, now)),
        avertissements=tuple(_warnings(agenda, seance, debut, jour, now)),
    )


def _refusals(agenda: Agenda, seance: Seance, debut: datetime, jour: date, now: datetime) -> list[str]:
    ferie = public_holiday(jour, agenda.departements)
    taken = any(abs(debut - other) < _DURATION for other in agenda.animateur_occupe)
    rules = (
        (seance.annulee, "Cette séance est annulée\u00a0: elle ne peut plus être déplacée."),
        (debut <= now, "Cette date est déjà passée."),
        (seance.debut <= now, "Cette séance a déjà commencé\u00a0: elle ne peut plus être déplacée."),
        (debut == seance.debut, "La séance est déjà à cette date et à cette heure."),
        (ferie is not None, f"Ce jour est férié ({ferie})."),
        (jour in agenda.jours_exclus, "Ce jour est exclu de la campagne."),
        (jour in agenda.animateur_indisponible, f"{agenda.animateur_nom} n’est pas disponible ce jour-là."),
        (taken, f"{agenda.animateur_nom} anime déjà une autre séance à ce moment-là."),
    )
    return [phrase for broken, phrase in rules if broken] + _out_of_order(agenda, seance, debut)


def _out_of_order(agenda: Agenda, seance: Seance, debut: datetime) -> list[str]:
    found = []
    for other in agenda.seances:
        if other.annulee or other.rang == seance.rang:
            continue
        before = other.rang < seance.rang
        if before != (other.debut < debut) or abs(other.debut - debut) < _DURATION:
            side = "après" if before else "avant"
            found.append(f"La séance {seance.rang} doit rester {side} la séance {other.rang}.")
    return found


def _warnings(agenda: Agenda, seance: Seance, debut: datetime, jour: date, now: datetime) -> list[str]:
    found = []
    if debut - now < SHORT_NOTICE:
        found.append("Les participants seront prévenus moins de trois jours avant.")
    local = debut.astimezone(PARIS)
    usual = agenda.heures[half_day_of(agenda.creneau)]
    if local.weekday() != weekday_of(agenda.creneau) or local.time() != usual:
        when = creneau_en_francais(agenda.creneau)
        hour = f"{usual.hour}\u00a0h\u00a0{usual:%M}".removesuffix("\u00a000")
        found.append(f"Les membres se sont engagés sur le {when} à {hour}\u00a0: certains ne seront pas libres.")
    if any(
        abs(other.debut - debut) < _WEEK for other in agenda.seances if not other.annulee and other.rang != seance.rang
    ):
        found.append("Deux séances de ce groupe seraient à moins d’une semaine l’une de l’autre.")
    if not agenda.seances_du <= jour <= agenda.seances_au:
        found.append("Cette date est hors de la période des séances de la campagne.")
    concerned = sum(bool(zone and school_holiday(jour, zone)) for zone in map(school_zone, agenda.departements))
    if concerned:
        who = "membre est" if concerned == 1 else "membres sont"
        found.append(f"{concerned} {who} en vacances scolaires ce jour-là.")
    return found


def end_of(debut: datetime) -> datetime:
    return debut + _DURATION


_FINS_DE_PHRASE = ("?", "!", "…", ".")

POSITION = "Vous êtes en {} position sur la liste d’attente."


def position(rang: int) -> str:
    """Tell a person where they stand on the waiting list."""
    return POSITION.format("1re" if rang == 1 else f"{rang}e")


def nom_du_groupe(titre: str, creneau: str, numero: int, combien: int) -> str:
    """`Eau, mardi matin`, with its number where the créneau has several groupes of the thématique.

    A question keeps its mark, and takes no comma after it: `Quelle eau ? – mardi matin`.
    """
    titre = titre[:150].rstrip()
    entre = " – " if titre.endswith(_FINS_DE_PHRASE) else ", "
    suite = f" ({numero})" if combien > 1 else ""
    return f"{titre}{entre}{creneau_en_francais(creneau)}{suite}"


@dataclass(frozen=True, slots=True)
class Progression:
    """How far a run of the solver is: the best found weighs `poids`, nothing can weigh more than `borne`."""

    texte: str
    poids: int | None = None
    borne: float | None = None
    secondes: int = 0


@dataclass(frozen=True, slots=True)
class Avancement:
    """A proposition as the team follows it; `version` counts the moves made in it by hand."""

    id: UUID
    campagne: str
    etat: str
    automatique: bool
    demandee_le: datetime
    prete_le: datetime | None
    publiee_le: datetime | None
    progression: str
    poids: int | None
    borne: float | None
    secondes: int | None
    arret_demande: bool
    erreur: str | None
    bilan: dict[str, object] | None
    version: int

    @property
    def en_preparation(self) -> bool:
        return self.etat in {"demandee", "en_cours"}


def mondays(first: date, last: date) -> Sequence[date]:
    """Mondays of the weeks from `first` to `last`."""
    monday = first - timedelta(days=first.weekday())
    return [monday + timedelta(weeks=n) for n in range((last - monday).days // 7 + 1)]
