import smtplib
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage

import httpx
import pytest
from local.child import end, spawn
from local.ports import free_port
from local.supervisor import answers_ok


@dataclass
class Mailbox:
    smtp_port: int
    web: httpx.Client

    def deliver(self, message: EmailMessage) -> None:
        with smtplib.SMTP("127.0.0.1", self.smtp_port) as smtp:
            smtp.send_message(message)


@pytest.fixture(scope="module")
def mailbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailbox]:
    folder = tmp_path_factory.mktemp("mailbox")
    smtp, http = free_port(), free_port()
    argv = [sys.executable, "-m", "local.mailbox", "--smtp-port", str(smtp), "--http-port", str(http)]
    child = spawn([*argv, "--data", folder / "mails.sqlite"], folder / "log")
    ready = answers_ok(f"http://127.0.0.1:{http}/mails/api")
    while not ready():
        assert child.poll() is None, (folder / "log").read_text()
        threading.Event().wait(0.05)
    with httpx.Client(base_url=f"http://127.0.0.1:{http}", follow_redirects=True) as web:
        yield Mailbox(smtp, web)
    end(child)


def invitation(to: str, subject: str = "Vos 4 dates : groupe Eau, dès l’été") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "equipe@exemple.fr", to, subject
    message.set_content("Bonjour, voici vos dates <b>exactes</b>.")
    message.add_alternative('<html><head></head><body><a href="/x">Voir</a></body></html>', subtype="html")
    message.add_attachment(b"BEGIN:VCALENDAR", "text", "calendar", filename="séance.ics")
    return message


def test_a_mail_is_read_with_its_texts_its_invitation_and_its_source(mailbox: Mailbox) -> None:
    mailbox.deliver(invitation("maire@exemple.fr"))
    found = mailbox.web.get("/mails/api", params={"to": "Maire@exemple.fr"}).json()[-1]
    assert found["subject"] == "Vos 4 dates : groupe Eau, dès l’été"
    page = mailbox.web.get(f"/mails/{found['id']}")
    assert "voici vos dates &lt;b&gt;exactes&lt;/b&gt;" in page.text
    assert "séance.ics" in page.text
    piece = mailbox.web.get(f"/mails/{found['id']}/piece/0")
    assert piece.content == b"BEGIN:VCALENDAR"
    assert piece.headers["content-disposition"].startswith("attachment;")
    assert b"multipart" in mailbox.web.get(f"/mails/api/{found['id']}").content


def test_the_html_of_a_mail_can_run_nothing_and_load_nothing(mailbox: Mailbox) -> None:
    mailbox.deliver(invitation("frame@exemple.fr"))
    found = mailbox.web.get("/mails/api", params={"to": "frame@exemple.fr"}).json()[-1]
    policy = mailbox.web.get(f"/mails/{found['id']}/html").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy


def test_the_list_searches_by_address_and_has_pages(mailbox: Mailbox) -> None:
    for number in range(51):
        mailbox.deliver(invitation("serie_a@exemple.fr", f"Message {number}"))
    first = mailbox.web.get("/mails/", params={"q": "serie_a"}).text
    assert "Message 50" in first
    assert ">Message 0<" not in first
    second = mailbox.web.get("/mails/", params={"q": "serie_a", "page": "2"}).text
    assert ">Message 0<" in second
    assert "Aucun message n’a été envoyé" in mailbox.web.get("/mails/", params={"q": "serie%"}).text
    assert "page=2" in str(mailbox.web.get("/mails/", params={"q": "serie_a", "page": "9"}).url)


def test_the_api_tells_only_what_came_after_an_id(mailbox: Mailbox) -> None:
    mailbox.deliver(invitation("suite@exemple.fr", "un"))
    first = mailbox.web.get("/mails/api", params={"to": "suite@exemple.fr"}).json()[-1]["id"]
    mailbox.deliver(invitation("suite@exemple.fr", "deux"))
    later = mailbox.web.get("/mails/api", params={"to": "suite@exemple.fr", "apres": first}).json()
    assert [mail["subject"] for mail in later] == ["deux"]


def test_an_unknown_mail_is_answered_politely(mailbox: Mailbox) -> None:
    answer = mailbox.web.get("/mails/999999")
    assert answer.status_code == 404
    assert "n’existe pas" in answer.text
