"""The mailbox as people see it: what came for whom, and the links in it."""

import re
from email import message_from_bytes, policy
from typing import Any, Final
from urllib.parse import quote

from local.demo.browser import Browser
from local.demo.truth import until

_LIMIT: Final = 1000
_LINK: Final = re.compile(r"https?://[^\s<>\"]+")

Listed = dict[str, Any]
"""id, to, subject, received."""


class Mails:
    """Reads the mailbox through its JSON address; `fresh` never returns a mail twice."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._last = 0

    async def fresh(self) -> list[Listed]:
        """Return the mails that came since the last call, oldest first."""
        found: list[Listed] = []
        while page := await self._list(f"apres={self._last}&limite={_LIMIT}"):
            found += page
            self._last = int(page[-1]["id"])
        return found

    async def to(self, address: str) -> list[Listed]:
        return await self._list(f"to={quote(address)}&limite={_LIMIT}")

    async def wait_for(self, address: str, words: str, patience: float = 60) -> Listed | None:
        """Return the first mail to an address whose subject holds `words`, when it has come."""

        async def here() -> bool:
            return any(words in mail["subject"] for mail in await self.to(address))

        if not await until(here, patience):
            return None
        return next(mail for mail in await self.to(address) if words in mail["subject"])

    async def link(self, mail: Listed, part: str) -> str | None:
        """Return the address in the text of a mail that contains `part`."""
        body = message_from_bytes(await self.raw(mail), policy=policy.default).get_body(("plain",))
        text = body.get_content() if body is not None else ""
        return next((link for link in _LINK.findall(text) if part in link), None)

    async def raw(self, mail: Listed) -> bytes:
        """Return a mail as it was received."""
        return (await self._browser.fetch(f"/mails/api/{mail['id']}")).content

    async def _list(self, query: str) -> list[Listed]:
        answer: list[Listed] = (await self._browser.fetch(f"/mails/api?{query}")).json()
        return answer
