"""The SMTP side: a mail is answered with 250 only after it is stored."""

import asyncio
from datetime import UTC, datetime

from aiosmtpd.smtp import SMTP, Envelope, Session

from local.mailbox.store import MailStore

_LARGEST_MAIL = 10 * 1024 * 1024


class _Keeper:
    """What aiosmtpd calls for each mail."""

    def __init__(self, store: MailStore) -> None:
        self._store = store

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.original_content or b""
        recipients = [str(recipient) for recipient in envelope.rcpt_tos]
        self._store.add(envelope.mail_from or "", recipients, content, datetime.now(UTC))
        return "250 2.0.0 OK"


async def serve_smtp(store: MailStore, port: int) -> asyncio.Server:
    """Listen on the loopback address, in the running loop."""
    loop = asyncio.get_running_loop()
    return await loop.create_server(
        lambda: SMTP(
            _Keeper(store),
            enable_SMTPUTF8=True,
            data_size_limit=_LARGEST_MAIL,
            hostname="localhost",
            ident="ateliers",
            loop=loop,
        ),
        "127.0.0.1",
        port,
    )
