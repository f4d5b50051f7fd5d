"""What every page owes to whoever opens it, on a phone and on a desk: looked at in a real browser.

No fault that axe finds, nothing wider than the screen, no error in the console, a title and one first heading.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urldefrag, urljoin, urlsplit

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, ConsoleMessage, Page

from tests.browser.routes import Route, shape

WIDTHS: Final = {"phone": 390, "desk": 1280}
HEIGHT: Final = 900
_HREFS: Final = "links => links.map(link => link.getAttribute('href'))"
_TOO_WIDE: Final = "document.documentElement.scrollWidth - window.innerWidth"


@dataclass
class Looker:
    """Walks through the pages as one visitor; `findings` says what is wrong, `seen` which pages were looked at."""

    page: Page
    base_url: str
    known: tuple[Route, ...]
    findings: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    _errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self._errors.append(str(error)))

    async def walk(self, *starts: str) -> None:
        """Look at these pages and at one of each kind that links lead to from them."""
        here: set[str] = set()
        waiting = deque(starts)
        while waiting:
            address = self._inside(waiting.popleft())
            if address is None or (kind := self._kind(address)) in here:
                continue
            here.add(kind)
            waiting.extend(await self.look(address))

    async def look(self, address: str) -> Iterable[str]:
        """Look at one page at each width; return where its links lead."""
        self._errors.clear()
        await self.page.set_viewport_size({"width": WIDTHS["phone"], "height": HEIGHT})
        answer = await self.page.goto(urljoin(self.base_url, address), wait_until="load")
        if answer is None or answer.status != 200:
            self._find(address, "phone", f"answered {answer.status if answer else 'nothing'}")
            return ()
        self.seen.add(shape(urlsplit(self.page.url).path, self.known))
        await self.judge(address)
        return [urljoin(self.page.url, href) for href in await self.page.eval_on_selector_all("a[href]", _HREFS)]

    async def judge(self, address: str) -> None:
        """Judge the page as it is now, at each width."""
        if await self.page.locator("h1").count() != 1 or not await self.page.title():
            self._find(address, "any", "has no title, or not one first heading")
        for name, width in WIDTHS.items():
            await self.page.set_viewport_size({"width": width, "height": HEIGHT})
            if (excess := await self.page.evaluate(_TOO_WIDE)) > 0:
                self._find(address, name, f"is {excess} pixels wider than the screen")
            faults = (await Axe().run(self.page)).response["violations"]
            for fault in faults:
                self._find(address, name, f"axe: {fault['id']} at {fault['nodes'][0]['target']}")
        for error in self._errors:
            self._find(address, "any", f"console: {error}")

    def _inside(self, address: str) -> str | None:
        """The address without its fragment, if it is one of our pages and not a file."""
        whole = urldefrag(urljoin(self.base_url, address)).url
        parts = urlsplit(whole)
        ours = parts.netloc == urlsplit(self.base_url).netloc and not parts.path.endswith((".csv", ".ics"))
        return whole if ours and not parts.path.startswith("/mails") else None

    def _kind(self, address: str) -> str:
        parts = urlsplit(address)
        names = sorted({pair.split("=")[0] for pair in parts.query.split("&")} - {"proposition", "numero"})
        return f"{shape(parts.path, self.known)}?{'&'.join(names)}"

    def _note(self, message: ConsoleMessage) -> None:
        # A form that comes back to be corrected answers 422, as it should; Chromium calls that an error.
        if message.type == "error" and "422" not in message.text:
            self._errors.append(message.text)

    def _find(self, address: str, width: str, what: str) -> None:
        self.findings.append(f"{urlsplit(address).path} ({width}): {what}")


async def visitor(chrome: Browser, base_url: str, known: tuple[Route, ...]) -> Looker:
    """Somebody with a browser of their own: no cookie is shared."""
    context = await chrome.new_context(locale="fr-FR", timezone_id="Europe/Paris")
    return Looker(await context.new_page(), base_url, known)
