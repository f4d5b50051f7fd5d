"""What must be told to whom, and whether it is still true when its turn comes.

An Intent is one message for one person, named by its key: the same fact always gives the same key, so it is told once.
What a person's calendar was told last is an Agenda entry, whose SEQUENCE only ever rises (RFC 5546, 2.1.4).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

SEANCES_PAR_CYCLE: Final = 4
RAPPEL_AVANT: Final = timedelta(days=2)
QUESTIONNAIRE_OUVERT: Final = timedelta(days=21)


class Modele(StrEnum):
    """What a message says; the value is public, in `notification.envoyee`."""

    VALIDEE = "inscription-validee"
    REFUSEE = "inscription-refusee"
    ANNULEE = "inscription-annulee"
    AFFECTATION = "affectation"
    INVITATION = "invitation"
    SEANCE_DEPLACEE = "seance-deplacee"
    SEANCE_ANNULEE = "seance-annulee"
    SEANCE_RETIREE = "seance-retiree"
    RAPPEL = "rappel"
    QUESTIONNAIRE = "questionnaire"


REQUESTS: Final = frozenset({Modele.INVITATION, Modele.SEANCE_DEPLACEE})
CANCELS: Final = frozenset({Modele.SEANCE_ANNULEE, Modele.SEANCE_RETIREE})
CALENDAR: Final = REQUESTS | CANCELS
"""A second copy is harmless: the calendar that has this UID and SEQUENCE already changes nothing."""
OPTIONAL: Final = frozenset({Modele.RAPPEL, Modele.QUESTIONNAIRE})
"""What a person may unsubscribe from."""


class Etat(StrEnum):
    A_ENVOYER = "a_envoyer"
    EN_COURS = "en_cours"
    ENVOYE = "envoye"
    ECHOUE = "echoue"
    INCERTAIN = "incertain"
    ABANDONNE = "abandonne"


class EtatInscription(StrEnum):
    VALIDEE = "validee"
    REFUSEE = "refusee"
    ANNULEE = "annulee"


@dataclass(frozen=True, slots=True)
class Participant:
    """A person as last heard of. `decision` and what follows it are None until scheduling decides."""

    inscription: UUID
    campagne: str
    thematique: str
    prenom: str
    nom: str
    email: str
    etat: EtatInscription
    messages: bool = True
    decision: str | None = None
    motif: str | None = None
    phrase: str | None = None
    groupe: UUID | None = None
    rang_attente: int | None = None
    decidee_le: datetime | None = None

    def has_place_in(self, groupe: UUID) -> bool:
        return self.etat is EtatInscription.VALIDEE and self.decision == "retenue" and self.groupe == groupe


@dataclass(frozen=True, slots=True)
class Campagne:
    campagne: str
    nom: str
    thematiques: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Groupe:
    groupe: UUID
    thematique: str
    nom: str
    creneau: str
    animateur_nom: str
    dissous: bool = False


@dataclass(frozen=True, slots=True)
class Seance:
    seance: UUID
    groupe: UUID
    rang: int
    debut: datetime
    fin: datetime
    sequence: int
    visio_url: str
    annulee: bool = False
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Agenda:
    """What one person's calendar was told last of one séance; `version` is the séance's own sequence at that time."""

    seance: UUID
    inscription: UUID
    sequence: int
    version: int
    annulee: bool
    dit_le: datetime


@dataclass(frozen=True, slots=True)
class Intent:
    """One message to one person. `contexte` holds ids and facts, never personal data."""

    cle: str
    modele: Modele
    inscription: UUID
    contexte: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Envoi:
    """An intent on its way. Its id follows from its key, and its Message-ID from its id."""

    id: UUID
    cle: str
    modele: Modele
    inscription: UUID
    contexte: Mapping[str, Any]
    etat: Etat
    essais: int
    commence: bool
    cree_le: datetime


@dataclass(frozen=True, slots=True)
class GroupeFacts:
    """Everything known about one groupe and the people it concerns, those who left included."""

    groupe: Groupe
    seances: Sequence[Seance]
    membres: frozenset[UUID]
    participants: Mapping[UUID, Participant]
    agendas: Mapping[tuple[UUID, UUID], Agenda]

    @property
    def complete(self) -> bool:
        """The four dates are known: they are told together, in the decision."""
        return len({seance.rang for seance in self.seances}) >= SEANCES_PAR_CYCLE

    def expects(self, inscription: UUID) -> bool:
        person = self.participants.get(inscription)
        return (
            not self.groupe.dissous
            and inscription in self.membres
            and person is not None
            and person.has_place_in(self.groupe.groupe)
        )


def decision_key(person: Participant) -> str:
    moment = person.decidee_le.isoformat() if person.decidee_le else ""
    return f"{Modele.AFFECTATION}:{person.inscription}:{moment}"


def decision_intent(person: Participant) -> Intent:
    """The decision as it stands; a later one has another key. A withdrawal is told by its own message, not here."""
    moment = person.decidee_le.isoformat() if person.decidee_le else None
    return Intent(decision_key(person), Modele.AFFECTATION, person.inscription, {"decidee_le": moment})


def decisions_of_groupe(facts: GroupeFacts) -> list[Intent]:
    if not facts.complete:
        return []
    return [
        decision_intent(facts.participants[membre])
        for membre in sorted(facts.membres, key=str)
        if facts.expects(membre)
    ]


def _calendar_intent(modele: Modele, entry: Agenda, **facts: Any) -> Intent:
    cle = f"{modele}:{entry.seance}:{entry.inscription}:{entry.sequence}"
    contexte = {"seance": str(entry.seance), "sequence": entry.sequence, **facts}
    return Intent(cle, modele, entry.inscription, contexte)


def _told(seance: Seance, inscription: UUID, entry: Agenda | None, *, annulee: bool, now: datetime) -> Agenda:
    sequence = seance.sequence if entry is None else max(seance.sequence, entry.sequence + 1)
    return Agenda(seance.seance, inscription, sequence, seance.sequence, annulee, now)


def _change(facts: GroupeFacts, seance: Seance, inscription: UUID, now: datetime) -> tuple[Intent, Agenda] | None:
    entry = facts.agendas.get((seance.seance, inscription))
    in_agenda = entry is not None and not entry.annulee
    expected = facts.expects(inscription)
    if expected and not seance.annulee:
        if seance.debut <= now or (in_agenda and entry is not None and seance.sequence <= entry.version):
            return None
        told = _told(seance, inscription, entry, annulee=False, now=now)
        return _calendar_intent(Modele.SEANCE_DEPLACEE if in_agenda else Modele.INVITATION, told), told
    if not in_agenda or seance.fin <= now:
        return None
    told = _told(seance, inscription, entry, annulee=True, now=now)
    return _calendar_intent(Modele.SEANCE_ANNULEE if expected else Modele.SEANCE_RETIREE, told), told


def calendar_changes(facts: GroupeFacts, now: datetime) -> Iterator[tuple[Intent, Agenda]]:
    """What each person's calendar must still be told so that it equals the groupe's séances.

    Nothing is said of the past, nor before the four dates are known. Applying it twice says nothing the second time.
    """
    if not facts.complete:
        return
    people = sorted(facts.membres | {inscription for _, inscription in facts.agendas}, key=str)
    for seance in sorted(facts.seances, key=lambda seance: seance.rang):
        for inscription in people:
            change = _change(facts, seance, inscription, now)
            if change is not None:
                yield change


def rappels(seance: Seance, agendas: Iterable[Agenda]) -> list[Intent]:
    """A reminder for each person who was told the date more than two days ahead: the others have just read it."""
    return [
        _seance_intent(Modele.RAPPEL, seance, entry.inscription)
        for entry in agendas
        if not entry.annulee and entry.dit_le <= seance.debut - RAPPEL_AVANT
    ]


def questionnaires(seance: Seance, agendas: Iterable[Agenda]) -> list[Intent]:
    return [_seance_intent(Modele.QUESTIONNAIRE, seance, entry.inscription) for entry in agendas if not entry.annulee]


def _seance_intent(modele: Modele, seance: Seance, inscription: UUID) -> Intent:
    cle = f"{modele}:{seance.seance}:{inscription}:{seance.sequence}"
    return Intent(cle, modele, inscription, {"seance": str(seance.seance), "version": seance.sequence})


def obsolete(
    envoi: Envoi, person: Participant | None, seance: Seance | None, agenda: Agenda | None, now: datetime
) -> str | None:
    """Why this message must no longer go out, in French for the team; None when it is still true."""
    modele = envoi.modele
    if person is None:
        return "La personne n’est plus connue."
    if modele in {Modele.REFUSEE, Modele.ANNULEE}:
        return None
    if modele not in CANCELS and person.etat is not EtatInscription.VALIDEE:
        return "L’inscription a pris fin."
    if modele is Modele.AFFECTATION:
        current = decision_intent(person).contexte["decidee_le"]
        return None if envoi.contexte["decidee_le"] == current else "La décision a changé depuis."
    if modele in CALENDAR:
        return _obsolete_calendar(envoi, seance, agenda, now)
    return _obsolete_option(envoi, person, seance, agenda, now) if modele in OPTIONAL else None


def _obsolete_calendar(envoi: Envoi, seance: Seance | None, agenda: Agenda | None, now: datetime) -> str | None:
    if seance is None or agenda is None or agenda.sequence != envoi.contexte["sequence"]:
        return "Un message plus récent remplace celui-ci."
    limit = seance.debut if envoi.modele in REQUESTS else seance.fin
    return "La séance est passée." if now >= limit else None


def _obsolete_option(
    envoi: Envoi, person: Participant, seance: Seance | None, agenda: Agenda | None, now: datetime
) -> str | None:
    if not person.messages:
        return "La personne ne souhaite plus recevoir les rappels et les questionnaires."
    if seance is None or seance.annulee or agenda is None or agenda.annulee:
        return "La personne n’est plus attendue à cette séance, ou la séance est annulée."
    if envoi.modele is Modele.QUESTIONNAIRE:
        return "Le questionnaire est fermé." if now >= seance.fin + QUESTIONNAIRE_OUVERT else None
    if seance.sequence != envoi.contexte["version"]:
        return "La séance a été déplacée."
    return "La séance a commencé." if now >= seance.debut else None


def resend(envoi: Envoi, number: int, agenda: Agenda | None) -> Intent:
    """The same message again, under a key of its own. A calendar message follows the calendar's last SEQUENCE."""
    contexte = dict(envoi.contexte)
    if envoi.modele in CALENDAR and agenda is not None and agenda.annulee == (envoi.modele in CANCELS):
        contexte["sequence"] = agenda.sequence
    base = envoi.cle.partition("#")[0]
    return Intent(f"{base}#{number}", envoi.modele, envoi.inscription, contexte)


def retry_delay(essais: int) -> timedelta:
    """5 s, 10 s, 20 s … up to a quarter of an hour."""
    return timedelta(seconds=min(5 * 2.0 ** min(essais, 10), 900))


MAX_ESSAIS: Final = 300
"""About three days of tries, as mail servers do (RFC 5321, 4.5.4.1 says four to five days at most)."""

RETENUE: Final = "retenue"
MOTIF_RETRAIT: Final = "non_retenue.retrait"
INTERRUPTED: Final = "L’envoi a été interrompu : le message est peut-être arrivé."
NOT_BEGUN: Final = "Remis dans la file avant d’être commencé."
SENT_AGAIN: Final = "Renvoyé par l’équipe."
SETTLED: Final = "Classé par l’équipe, sans nouvel envoi."
