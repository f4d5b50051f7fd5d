"""Who may answer what, and until when; what a complete answer is. No I/O, the time is an argument."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

ANSWER_PERIOD: Final = timedelta(days=21)
"""How long after its end a séance can be answered, and the answer changed."""
RANG_TEMOIGNAGE: Final = 4
"""From this séance on, a participant has lived the cycle and can testify."""
NOTES: Final = range(1, 6)
TEXT_LENGTH: Final = 1500
LINE_LENGTH: Final = 200


class Ouverture(StrEnum):
    """Whether a séance can be answered now."""

    A_VENIR = "a_venir"
    OUVERTE = "ouverte"
    CLOSE = "close"
    ANNULEE = "annulee"


@dataclass(frozen=True, slots=True)
class Seance:
    id: UUID
    groupe: UUID
    campagne: str
    thematique: str
    rang: int
    debut: datetime
    fin: datetime
    annulee: bool

    @property
    def deadline(self) -> datetime:
        return self.fin + ANSWER_PERIOD

    @property
    def asks_testimonial(self) -> bool:
        return self.rang >= RANG_TEMOIGNAGE

    def ouverture(self, now: datetime) -> Ouverture:
        if self.annulee:
            return Ouverture.ANNULEE
        if now < self.debut:
            return Ouverture.A_VENIR
        return Ouverture.OUVERTE if now < self.deadline else Ouverture.CLOSE

    def expects(self, depuis: datetime, jusque: datetime | None, annulee_le: datetime | None) -> bool:
        """Whether a member of the groupe from `depuis` to `jusque` was to be there; figures.py counts the same way."""
        came_in_time = depuis <= self.fin
        left_before = any(moment is not None and moment <= self.debut for moment in (jusque, annulee_le))
        return came_in_time and not left_before


@dataclass(frozen=True, slots=True)
class Thematique:
    code: str
    titre: str


@dataclass(frozen=True, slots=True)
class Campagne:
    code: str
    nom: str
    thematiques: tuple[Thematique, ...] = ()

    def titre(self, code: str) -> str:
        return next((t.titre for t in self.thematiques if t.code == code), code)


@dataclass(frozen=True, slots=True)
class Participant:
    inscription: UUID
    prenom: str
    nom: str
    fonction: str
    collectivite: str

    @property
    def nom_complet(self) -> str:
        return f"{self.prenom} {self.nom}"


@dataclass(frozen=True, slots=True)
class Temoignage:
    """What may be published with its author's name: it exists only with the author's consent."""

    nom: str
    fonction: str
    collectivite: str
    texte: str


@dataclass(frozen=True, slots=True)
class Reponse:
    """A complete answer: a note from 1 to 5, the rest if the person wishes."""

    satisfaction: int
    utile: str = ""
    manque: str = ""
    besoins: tuple[str, ...] = ()
    besoins_texte: str = ""
    temoignage: Temoignage | None = None


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """All that the questionnaire page needs; `reponse` is what the person has already answered."""

    seance: Seance
    participant: Participant
    campagne: Campagne
    groupe_nom: str
    is_expected: bool
    reponse: Reponse | None


@dataclass(frozen=True, slots=True)
class Participation:
    """Of `attendus` people, `reponses` have answered; `total` is the sum of their notes."""

    attendus: int = 0
    reponses: int = 0
    total: int = 0

    def __add__(self, other: "Participation") -> "Participation":
        return Participation(self.attendus + other.attendus, self.reponses + other.reponses, self.total + other.total)

    @property
    def moyenne(self) -> float | None:
        """Mean note to one decimal; None when nobody has answered."""
        return round(self.total / self.reponses, 1) if self.reponses else None

    @property
    def taux(self) -> int | None:
        """Share of answers in per cent, rounded; None when nobody is expected."""
        return round(100 * self.reponses / self.attendus) if self.attendus else None


@dataclass(frozen=True, slots=True)
class SeanceTenue:
    """A séance that has begun, with its participation and the people who have not answered."""

    seance: Seance
    participation: Participation
    silencieux: tuple[Participant, ...] = ()


@dataclass(frozen=True, slots=True)
class Groupe:
    id: UUID
    nom: str
    thematique: str
    animateur_nom: str
    participation: Participation = Participation()


@dataclass(frozen=True, slots=True)
class Verbatim:
    """What one person wrote about one séance; without the name, which is not needed to learn from it."""

    groupe_nom: str
    thematique: str
    rang: int
    satisfaction: int
    utile: str
    manque: str
    besoins_texte: str


@dataclass(frozen=True, slots=True)
class TemoignageRecu:
    temoignage: Temoignage
    thematique: str
    consenti_le: datetime
