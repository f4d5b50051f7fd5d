"""A notification service of its own for each test: real PostgreSQL, a real SMTP server, a clock that the test moves."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from uuid import UUID, uuid4

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from chassis.handlers import Handlers
from chassis.links import Links
from chassis.service import Service
from chassis.store import Database
from chassis.testing import deliver, new_database, settings_values
from contracts.events import (
    AffectationDecidee,
    CampagneOuverte,
    GroupeForme,
    InscriptionAnnulee,
    InscriptionRefusee,
    InscriptionValidee,
    SeanceAnnulee,
    SeanceDeplacee,
    SeancePlanifiee,
)
from contracts.events.campagnes import Thematique
from contracts.events.inscriptions import (
    Accord,
    Annulation,
    Collectivite,
    Disponibilite,
    Engagements,
    Personne,
    Qualite,
    Taille,
    TypeCollectivite,
)
from contracts.model import EventData
from contracts.reasons import PHRASES, Decision, Motif, Refus
from notification.app import build
from notification.handlers import handlers
from notification.mailer import Mailer
from notification.settings import Settings
from notification.smtp import Connection, SmtpServer
from notification.tables import metadata
from notification.writing import Writer
from sqlalchemy import text

START = datetime(2027, 4, 1, 9, 0, tzinfo=UTC)


@dataclass
class Sink:
    """An SMTP server that keeps what it accepts; `answers` are its next words after the text, or None to hang up."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    answers: list[str | None] = field(default_factory=list)
    recipient_answers: list[str] = field(default_factory=list)
    connections: int = 0
    received: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_EHLO(  # noqa: N802
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        answer = self.recipient_answers.pop(0) if self.recipient_answers else "250 OK"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer is None or answer.startswith("250"):
            message = message_from_bytes(envelope.original_content or b"", policy=default)
            assert isinstance(message, EmailMessage)
            self.mails.append(message)
            self.received.set()
        if answer is None:
            assert server.transport is not None
            server.transport.abort()
            return "421 gone"
        return answer

    def subjects(self) -> list[str]:
        """What was received, in order, with plain spaces."""
        return [str(mail["Subject"]).replace("\xa0", " ") for mail in self.mails]


@dataclass
class Notification:
    """The service as the tests drive it."""

    database: Database
    service: Service
    handlers: Handlers
    sink: Sink
    links: Links
    settings: Settings
    now: list[datetime]

    async def hear(self, *events: EventData) -> None:
        for event in events:
            await deliver(self.handlers, self.database, event)

    def mailer(self, *, port: int | None = None) -> Mailer:
        writer = self.service.state["writer"]
        assert isinstance(writer, Writer)
        server = SmtpServer.of(f"smtp://127.0.0.1:{port or self.sink.port}")
        return Mailer(self.database, writer, lambda: Connection(server, "localhost"))

    async def send(self) -> None:
        await self.mailer().run()

    async def look_at_the_clock(self) -> None:
        (timer,) = [timer for timer in self.service.timers if timer.name == "rappels"]
        await timer.run()

    def go_to(self, moment: datetime) -> None:
        self.now[0] = moment

    async def rows(self, columns: str = "modele, etat, cause") -> list[tuple[object, ...]]:
        async with self.database.read() as connection:
            found = await connection.execute(text(f"SELECT {columns} FROM envois ORDER BY ordre"))  # noqa: S608
            return [tuple(row) for row in found]

    async def execute(self, statement: str) -> None:
        async with self.database.engine.begin() as connection:
            await connection.execute(text(statement))


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    sink = Sink()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(sink, hostname="localhost", loop=loop, enable_SMTPUTF8=True), "127.0.0.1", 0
    )
    sink.port = server.sockets[0].getsockname()[1]
    yield sink
    server.close()


@pytest.fixture
async def notification(make_database: Callable[[str], str], sink: Sink) -> AsyncIterator[Notification]:
    url = make_database("notification")
    now = [START]
    database = await new_database(url, metadata, clock=lambda: now[0], source="notification")
    values = settings_values(url) | {
        "smtp_url": f"smtp://127.0.0.1:{sink.port}",
        "mail_from": "Ateliers interactifs <ateliers@exemple.gouv.fr>",
        "reply_to": "equipe@exemple.gouv.fr",
    }
    settings = Settings.model_validate(values)
    service = build(settings, database)
    links = Links(settings.secret_key.get_secret_value())
    yield Notification(database, service, handlers(), sink, links, settings, now)
    await database.engine.dispose()


@dataclass
class Season:
    """The events of one small season: one groupe of eau, four séances from 4 May 2027 at 8 h 30."""

    groupe_id: UUID = field(default_factory=uuid4)
    people: list[UUID] = field(default_factory=list)
    first: datetime = datetime(2027, 5, 4, 6, 30, tzinfo=UTC)
    seance_ids: list[UUID] = field(default_factory=lambda: [uuid4() for _ in range(4)])

    def campagne(self) -> CampagneOuverte:
        return CampagneOuverte(
            campagne="printemps-2027",
            nom="Printemps 2027",
            inscriptions_du=START,
            inscriptions_au=START + timedelta(days=14),
            seances_du=date(2027, 5, 3),
            seances_au=date(2027, 7, 9),
            thematiques=(Thematique(code="eau", titre="Gérer l’eau : un bien commun"),),
            creneaux=("mardi-matin",),
            animateurs=(),
        )

    def validee(self, email: str = "anne.leroy@exemple.fr", nom: str = "Leroy") -> InscriptionValidee:
        self.people.append(uuid4())
        return InscriptionValidee(
            inscription=self.people[-1],
            campagne="printemps-2027",
            thematique="eau",
            personne=Personne(prenom="Anne", nom=nom, email=email),
            qualite=Qualite.ELU,
            fonction="Maire",
            disponibilites=(Disponibilite(creneau="mardi-matin", accord=Accord.PREFERE),),
            situation="Une source à partager.",
            engagements=Engagements(quatre_seances=True, situation_concrete=True, camera_et_micro=True),
            recue_le=START,
            collectivite=Collectivite(
                type=TypeCollectivite.COMMUNE, code="12145", nom="Millau", departement="12", taille=Taille.MOYENNE
            ),
        )

    def refusee(self, code: Refus) -> InscriptionRefusee:
        return InscriptionRefusee(
            inscription=uuid4(),
            campagne="automne-1999",
            thematique="eau",
            personne=Personne(prenom="Zoé", nom="Petit", email="zoe@exemple.fr"),
            code=code,
            phrase=PHRASES[code],
            refusee_le=START,
        )

    def annulee(self, inscription: UUID, cause: Annulation = Annulation.RETRAIT) -> InscriptionAnnulee:
        return InscriptionAnnulee(
            inscription=inscription, campagne="printemps-2027", thematique="eau", cause=cause, annulee_le=START
        )

    def decidee(
        self, inscription: UUID, decision: Decision = Decision.RETENUE, code: Motif = Motif.PLACE, **more: object
    ) -> AffectationDecidee:
        values = {
            "inscription": inscription,
            "campagne": "printemps-2027",
            "thematique": "eau",
            "decision": decision,
            "code": code,
            "phrase": PHRASES[code],
            "groupe": self.groupe_id if decision is Decision.RETENUE else None,
            "decidee_le": START,
        }
        return AffectationDecidee.model_validate(values | more)

    def groupe(self, membres: Sequence[UUID] | None = None, version: int = 1) -> GroupeForme:
        return GroupeForme(
            groupe=self.groupe_id,
            campagne="printemps-2027",
            thematique="eau",
            nom="Eau 1",
            creneau="mardi-matin",
            animateur="camille-roux",
            animateur_nom="Camille Roux",
            membres=tuple(self.people if membres is None else membres),
            version=version,
        )

    def _seance(self, rang: int) -> dict[str, object]:
        debut = self.first + timedelta(days=14 * (rang - 1))
        return {
            "seance": self.seance_ids[rang - 1],
            "groupe": self.groupe_id,
            "campagne": "printemps-2027",
            "thematique": "eau",
            "rang": rang,
            "debut": debut,
            "fin": debut + timedelta(hours=2),
            "sequence": 0,
            "visio_url": "https://visio.exemple.fr/eau-1",
        }

    def seances(self) -> list[SeancePlanifiee]:
        return [SeancePlanifiee.model_validate(self._seance(rang)) for rang in (1, 2, 3, 4)]

    def deplacee(self, rang: int, by: timedelta, sequence: int = 1) -> SeanceDeplacee:
        old = self._seance(rang)
        debut = self.first + timedelta(days=14 * (rang - 1)) + by
        new = {"debut": debut, "fin": debut + timedelta(hours=2), "sequence": sequence, "ancien_debut": old["debut"]}
        return SeanceDeplacee.model_validate(old | new)

    def seance_annulee(self, rang: int, sequence: int = 1) -> SeanceAnnulee:
        return SeanceAnnulee.model_validate(
            self._seance(rang) | {"sequence": sequence, "cause": "L’animatrice est souffrante."}
        )

    def published(self, people: int = 1) -> list[EventData]:
        """All that leads to the decision mails, in the order in which one could wish for it."""
        welcomed = [self.validee(f"personne{number}@exemple.fr") for number in range(people)]
        decisions = [self.decidee(inscription) for inscription in self.people]
        return [self.campagne(), *welcomed, self.groupe(), *decisions, *self.seances()]


@pytest.fixture
def season() -> Season:
    return Season()
