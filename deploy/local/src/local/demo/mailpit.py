"""The same mailbox when it is Mailpit: its JSON lists the newest mail first, and knows each by a random id."""

import asyncio
from email.message import EmailMessage
from typing import Any, Final
from urllib.parse import quote

from local.demo.browser import Browser
from local.demo.mails import Listed, Mails
from local.mailbox.store import parse

_API: Final = "/mails/api/v1"
_LIMIT: Final = 1000
_AT_ONCE: Final = 8


class Mailpit(Mails):
    """Links in mails lead to `public_url`, the address of people; here the path under it is what counts."""

    def __init__(self, browser: Browser, public_url: str) -> None:
        super().__init__(browser)
        self._public_url = public_url
        self._seen: set[str] = set()

    async def fresh(self) -> list[Listed]:
        """Return the mails that came since the last call, oldest first."""
        found: list[Listed] = []
        start = 0
        while new := await self._unseen(f"messages?start={start}&limit={_LIMIT}"):
            found += new
            start += _LIMIT
        return found[::-1]

    async def to(self, address: str) -> list[Listed]:
        query = quote(f'to:"{address}"')
        found = await self._listed(f"search?query={query}&limit={_LIMIT}")
        return found[::-1]

    async def link(self, mail: Listed, part: str) -> str | None:
        """Return the path of the address in the text of a mail that contains `part`, if it is the platform's."""
        link = await super().link(mail, part)
        return link.removeprefix(self._public_url) if link and link.startswith(self._public_url) else None

    async def raw(self, mail: Listed) -> bytes:
        """Return a mail as it was received."""
        return (await self._browser.fetch(f"{_API}/message/{mail['id']}/raw")).content

    async def everything(self) -> list[tuple[str, EmailMessage]]:
        """Return (recipient, message) of every mail, oldest first."""
        self._seen.clear()
        at_once = asyncio.Semaphore(_AT_ONCE)

        async def read(mail: Listed) -> tuple[str, EmailMessage]:
            async with at_once:
                return mail["to"], parse(await self.raw(mail))

        return list(await asyncio.gather(*(read(mail) for mail in await self.fresh())))

    async def _unseen(self, query: str) -> list[Listed]:
        """Return what a list holds that was not seen before: new mails push it on while it is read."""
        new = [mail for mail in await self._listed(query) if mail["id"] not in self._seen]
        self._seen.update(mail["id"] for mail in new)
        return new

    async def _listed(self, query: str) -> list[Listed]:
        messages: list[dict[str, Any]] = (await self._browser.fetch(f"{_API}/{query}")).json()["messages"]
        return [
            {"id": m["ID"], "to": m["To"][0]["Address"], "subject": m["Subject"], "received": m["Created"]}
            for m in messages
        ]
