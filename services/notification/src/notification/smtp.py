"""Speaking SMTP: one connection, one message at a time, and what its answer means.

A refusal with 5xx is for ever, one with 4xx for now. A connection lost before the text was handed over has sent
nothing; lost after that, nobody knows: it is said as such and never guessed.
"""

import asyncio
from dataclasses import dataclass
from enum import Enum
from typing import Final, Self
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib
from aiosmtplib.errors import (
    SMTPConnectError,
    SMTPException,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

CONNECT_WITHIN: Final = 10.0
ENVELOPE_WITHIN: Final = 10.0
TEXT_WITHIN: Final = 30.0
"""Seconds. A server that thinks for longer over a text may keep it without our knowing."""
SEND_WITHIN: Final = CONNECT_WITHIN + ENVELOPE_WITHIN + TEXT_WITHIN

_RESET_WITHIN = 2.0
_PERMANENT = 500
_NOT_FOR_THE_RECIPIENT = (SMTPConnectError, SMTPServerDisconnected, SMTPTimeoutError, OSError)
_STARTTLS = {"auto": None, "always": True, "never": False}


class Verdict(Enum):
    ACCEPTED = "accepted"
    LATER = "later"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one message; `cause` is the server's answer, in one line, without the address."""

    verdict: Verdict
    cause: str | None = None


class ServerUnreachableError(Exception):
    """No connection, or no sign-in: it concerns every message and none in particular."""


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mails go. A login is never given away on a line that is not encrypted, unless `starttls=never` says so."""

    host: str
    port: int
    tls: bool
    starttls: bool | None
    login: str | None
    password: str | None

    @classmethod
    def of(cls, url: str) -> Self:
        """Raises ValueError with one line that says what is wrong; the password is not in it."""
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("must look like smtp://host:port or smtps://login:password@host")
        tls = parts.scheme == "smtps"
        asked = parse_qs(parts.query).get("starttls", ["always" if parts.username and not tls else "auto"])[0]
        if asked not in _STARTTLS:
            raise ValueError("starttls must be auto, always or never")
        return cls(
            host=parts.hostname,
            port=parts.port or (465 if tls else 587 if parts.username else 25),
            tls=tls,
            starttls=False if tls else _STARTTLS[asked],
            login=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
        )


class Connection:
    """One connection, opened when first needed and used for message after message."""

    def __init__(self, server: SmtpServer, hostname: str) -> None:
        self._client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.tls,
            start_tls=server.starttls,
            username=server.login,
            password=server.password,
            timeout=TEXT_WITHIN,
            local_hostname=hostname,
        )

    async def close(self) -> None:
        """Say goodbye; a server that does not answer is left at once."""
        try:
            if self._client.is_connected:
                await self._client.quit(timeout=_RESET_WITHIN)
        except (SMTPException, OSError):
            self._client.close()

    async def _connect(self) -> None:
        try:
            async with asyncio.timeout(CONNECT_WITHIN):
                await self._client.connect()
        except (SMTPException, OSError, ValueError) as error:
            self._client.close()
            raise ServerUnreachableError(_cause(error)) from error

    async def send(self, sender: str, recipient: str, content: bytes) -> Outcome:
        """Hand over one message. Raises ServerUnreachableError if there is no connection to be had."""
        if not self._client.is_connected:
            await self._connect()
        try:
            async with asyncio.timeout(ENVELOPE_WITHIN):
                await self._envelope(sender, recipient)
        except SMTPResponseException as error:
            return await self._refused(error)
        except _NOT_FOR_THE_RECIPIENT as error:
            self._client.close()
            return Outcome(Verdict.LATER, _cause(error))
        except (SMTPException, ValueError) as error:
            await self._reset()
            return Outcome(Verdict.REFUSED, _cause(error))
        try:
            async with asyncio.timeout(TEXT_WITHIN):
                await self._client.data(content)
        except SMTPResponseException as error:
            return await self._refused(error)
        except (SMTPException, OSError) as error:
            self._client.close()
            return Outcome(Verdict.UNKNOWN, _cause(error))
        return Outcome(Verdict.ACCEPTED)

    async def _envelope(self, sender: str, recipient: str) -> None:
        if recipient.isascii():
            await self._client.mail(sender)
            await self._client.rcpt(recipient)
            return
        if not self._client.supports_extension("smtputf8"):
            raise aiosmtplib.SMTPNotSupported("the mail server takes no address with accents")
        await self._client.mail(sender, options=["SMTPUTF8"], encoding="utf-8")
        await self._client.rcpt(recipient, encoding="utf-8")

    async def _refused(self, error: SMTPResponseException) -> Outcome:
        await self._reset()
        # A refused sender is a wrong setting of ours: it is no reason to give the recipient up.
        permanent = error.code >= _PERMANENT and not isinstance(error, SMTPSenderRefused)
        verdict = Verdict.REFUSED if permanent else Verdict.LATER
        return Outcome(verdict, _cause(error))

    async def _reset(self) -> None:
        try:
            await self._client.rset(timeout=_RESET_WITHIN)
        except (SMTPException, OSError):
            self._client.close()


def _cause(error: Exception) -> str:
    if isinstance(error, SMTPResponseException):
        text = f"{error.code} {error.message}"
    else:
        text = f"{type(error).__name__}: {error}"
    words = (word for word in text.split() if "@" not in word)
    return " ".join(words)[:200] or type(error).__name__
