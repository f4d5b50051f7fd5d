"""Writing out a mail: letter, text and HTML parts, calendar, headers.

EmailMessage and Address refuse line breaks in headers, so that no name or subject can add one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.headerregistry import Address, HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Final
from uuid import UUID

import css_inline
from chassis.links import Links
from chassis.web.french import typographie
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from notification.domain import OPTIONAL, QUESTIONNAIRE_OUVERT, Campagne, Envoi, Groupe, Participant, Seance
from notification.invitation import invitation, method_of
from notification.letters import Adresses, Dossier, Letter, letter_for

TEMPLATES: Final = Path(__file__).parent / "templates"


class _Registry(HeaderRegistry):
    """The standard one makes a new class at every look at a header, which is a third of the cost of a mail."""

    @cache  # noqa: B019 - there is one registry, for the life of the process
    def __getitem__(self, name: str) -> type:
        return super().__getitem__(name)


_POLICY: Final = SMTP.clone(header_factory=_Registry())


@dataclass(frozen=True, slots=True)
class Written:
    """A mail as people see it, before it is packed."""

    sujet: str
    texte: str
    html: str


class Writer:
    """Writes every mail of this service. Compiled templates and the style sheet are kept between mails."""

    def __init__(self, links: Links, public_url: str, sender: Address, reply_to: Address | None) -> None:
        self._links = links
        self._public_url = public_url
        self.sender = sender
        self._reply_to = reply_to
        self._html = _environment(autoescape=True).get_template("mail.html")
        self._text = _environment(autoescape=False).get_template("mail.txt")
        self._inliner = css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)

    def dossier(
        self,
        envoi: Envoi,
        personne: Participant,
        campagne: Campagne | None,
        groupe: Groupe | None,
        seances: Sequence[Seance],
    ) -> Dossier:
        """Gather what a letter needs; `seances` are the groupe's, among them the one that the mail is about."""
        wanted = envoi.contexte.get("seance")
        seance = next((s for s in seances if str(s.seance) == wanted), None)
        return Dossier(envoi, personne, self._adresses(personne.inscription, seance), campagne, groupe, seances, seance)

    def _adresses(self, inscription: UUID, seance: Seance | None) -> Adresses:
        person = str(inscription)
        adresses = Adresses(
            accueil=f"{self._public_url}/",
            suivi=f"{self._public_url}/suivi/{self._links.sign('suivi', person)}",
            preferences=f"{self._public_url}/messages/preferences/{self._links.sign('preferences', person)}",
        )
        if seance is None:
            return adresses
        expires = seance.fin + QUESTIONNAIRE_OUVERT
        token = self._links.sign("questionnaire", str(seance.seance), person, expires=expires)
        return replace(adresses, questionnaire=f"{self._public_url}/retours/questionnaire/{token}")

    def write(self, dossier: Dossier) -> Written:
        """Raises LookupError when what the mail is about is not known."""
        letter = _typeset(letter_for(dossier))
        context = {
            "lettre": letter,
            "prenom": dossier.personne.prenom,
            "adresses": dossier.adresses,
            "facultatif": dossier.envoi.modele in OPTIONAL,
        }
        html = self._inliner.inline(self._html.render(context))
        return Written(letter.sujet, self._text.render(context), html)

    def message(self, dossier: Dossier, now: datetime) -> EmailMessage:
        """Build the mail. Raises LookupError (see write) and ValueError for an address that no header can hold."""
        written = self.write(dossier)
        recipient = _address(dossier.personne)
        message = EmailMessage(policy=_POLICY)
        message["From"] = self.sender
        message["To"] = recipient
        if self._reply_to is not None:
            message["Reply-To"] = self._reply_to
        message["Subject"] = written.sujet
        message["Date"] = format_datetime(now)
        message["Message-ID"] = f"<{dossier.envoi.id}@{self.sender.domain}>"
        message["Content-Language"] = "fr"
        message["Auto-Submitted"] = "auto-generated"
        if dossier.envoi.modele in OPTIONAL:
            message["List-Unsubscribe"] = f"<{dossier.adresses.preferences}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(written.texte, cte="quoted-printable")
        message.add_alternative(written.html, subtype="html", cte="quoted-printable")
        self._add_calendar(message, dossier, recipient)
        return message

    def _add_calendar(self, message: EmailMessage, dossier: Dossier, recipient: Address) -> None:
        method = method_of(dossier.envoi.modele)
        if method is None:
            return
        calendar = invitation(dossier, method, self.sender, recipient)
        message.add_alternative(
            calendar.decode(), subtype="calendar", params={"method": method}, charset="utf-8", cte="base64"
        )
        message.add_attachment(calendar, maintype="application", subtype="ics", filename="invite.ics")


def _environment(*, autoescape: bool) -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES / "mails"),
        autoescape=autoescape,  # noqa: S701 - off for the plain text part only
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _address(personne: Participant) -> Address:
    name = " ".join(f"{personne.prenom} {personne.nom}".split())
    local, _, domain = personne.email.rpartition("@")
    return Address(display_name=name, username=local, domain=_ascii_domain(domain))


def _ascii_domain(domain: str) -> str:
    return domain if domain.isascii() else domain.encode("idna").decode()


def _typeset(letter: Letter) -> Letter:
    return replace(
        letter,
        sujet=typographie(letter.sujet),
        accroche=typographie(letter.accroche),
        corps=[typographie(text) for text in letter.corps if text],
        details=[(label, typographie(value)) for label, value in letter.details],
        suite=[typographie(text) for text in letter.suite],
    )
