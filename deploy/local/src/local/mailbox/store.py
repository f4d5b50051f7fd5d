"""The mails received, in one SQLite file: one row per recipient, on disk before the sender is told 250."""

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from pathlib import Path

PAGE_SIZE = 50
_HEADERS = BytesHeaderParser(policy=policy.default)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS mail (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    received TEXT NOT NULL,
    sender TEXT NOT NULL,
    recipient TEXT NOT NULL COLLATE NOCASE,
    subject TEXT NOT NULL,
    raw BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS mail_by_recipient ON mail (recipient, id);
"""


@dataclass(frozen=True)
class Mail:
    """A mail as the list shows it; `received` is in UTC."""

    id: int
    received: datetime
    sender: str
    recipient: str
    subject: str


class MailStore:
    """One connection, used from one thread: each insert is its own transaction."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(file, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_SCHEMA)

    def add(self, sender: str, recipients: list[str], raw: bytes, now: datetime) -> None:
        subject = str(_HEADERS.parsebytes(raw, headersonly=True).get("Subject", ""))
        received = now.astimezone(UTC).isoformat()
        self._db.execute("BEGIN")
        self._db.executemany(
            "INSERT INTO mail (received, sender, recipient, subject, raw) VALUES (?, ?, ?, ?, ?)",
            [(received, sender, recipient, subject, raw) for recipient in recipients],
        )
        self._db.execute("COMMIT")

    def search(self, address: str, page: int) -> tuple[list[Mail], int]:
        """Return one page, newest first, of the mails to addresses with `address` in them, and their number."""
        pattern = "%" + address.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"
        where = r"FROM mail WHERE recipient LIKE ? ESCAPE '\'"
        (total,) = self._db.execute(f"SELECT count(*) {where}", (pattern,)).fetchone()
        rows = self._db.execute(
            f"SELECT id, received, sender, recipient, subject {where} ORDER BY id DESC LIMIT ? OFFSET ?",
            (pattern, PAGE_SIZE, (page - 1) * PAGE_SIZE),
        )
        return [_mail(row) for row in rows], total

    def after(self, last_id: int, recipient: str | None, limit: int) -> list[Mail]:
        """Return the mails that came after `last_id`, oldest first."""
        rows = self._db.execute(
            "SELECT id, received, sender, recipient, subject FROM mail"
            " WHERE id > ?1 AND (?2 IS NULL OR recipient = ?2) ORDER BY id LIMIT ?3",
            (last_id, recipient, limit),
        )
        return [_mail(row) for row in rows]

    def get(self, mail_id: int) -> tuple[Mail, bytes] | None:
        row = self._db.execute(
            "SELECT id, received, sender, recipient, subject, raw FROM mail WHERE id = ?", (mail_id,)
        ).fetchone()
        return (_mail(row[:5]), row[5]) if row else None

    def close(self) -> None:
        self._db.close()


def _mail(row: tuple[int, str, str, str, str]) -> Mail:
    return Mail(row[0], datetime.fromisoformat(row[1]), *row[2:])


def parse(raw: bytes) -> EmailMessage:
    """Read a message with the modern policy: decoded headers, `iter_attachments`, `get_content`."""
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)  # noqa: S101 - what policy.default builds
    return message
