"""A browser without a screen: reads pages, fills in their forms as they stand, sends them as a person would.

Nothing is sent that the page doesn't hold: a field that the form lacks is an error here. While a service restarts, the
same request is made again; every page of the platform takes a second sending of a form for the first.
"""

import asyncio
import ssl
import time
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urljoin, urlsplit

import httpx

PATIENCE: Final = 60.0
PAUSE: Final = 0.3
_AWAY = frozenset({502, 503, 504})

Values = dict[str, list[str]]


@cache
def _certificates() -> ssl.SSLContext:
    """Read the certificates once, not for each of hundreds of browsers."""
    return ssl.create_default_context()


class PageError(Exception):
    """A page didn't hold what was looked for, or answered with an error."""


@dataclass
class Form:
    """A form of a page: where it goes, and its fields with the values they have now."""

    action: str
    method: str
    values: Values = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)

    def press(self, text: str) -> None:
        """Choose the submit button whose text contains `text`."""
        for name, value, label in self.buttons:
            if text.lower() in label.lower():
                if name:
                    self.values[name] = [value]
                return
        raise PageError(f"no button “{text}” in the form {self.action}: {self.buttons}")

    def fill(self, **fields: str | list[str]) -> None:
        for name, value in fields.items():
            if name not in self.names:
                raise PageError(f"no field {name} in the form {self.action}: {sorted(self.names)}")
            self.values[name] = [value] if isinstance(value, str) else value


class _Reader(HTMLParser):
    """Collects forms, links and text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.links: list[tuple[str, str]] = []
        self.text: list[str] = []
        self._form: Form | None = None
        self._area: str | None = None
        self._select: str | None = None
        self._button: tuple[str, str] | None = None
        self._link: str | None = None
        self._collected: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        present = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(present.get("action", ""), present.get("method", "get").lower())
            self.forms.append(self._form)
        elif tag == "a" and "href" in present:
            self._link, self._collected = present["href"], []
        elif self._form is not None:
            self._control(self._form, tag, present)

    def _control(self, form: Form, tag: str, present: dict[str, str]) -> None:
        name = present.get("name", "")
        if tag == "input":
            self._input(form, name, present)
        elif tag == "textarea":
            form.names.add(name)
            self._area, self._collected = name, []
        elif tag == "select":
            form.names.add(name)
            self._select = name
        elif tag == "option" and self._select and ("selected" in present or self._select not in form.values):
            form.values[self._select] = [present.get("value", "")]
        elif tag == "button" and present.get("type", "submit") == "submit":
            self._button, self._collected = (name, present.get("value", "")), []

    def _input(self, form: Form, name: str, present: dict[str, str]) -> None:
        kind, value = present.get("type", "text"), present.get("value", "")
        if kind in {"submit", "image"}:
            form.buttons.append((name, value, value))
        elif name:
            form.names.add(name)
            if kind not in {"radio", "checkbox"}:
                form.values.setdefault(name, []).append(value)
            elif "checked" in present:
                form.values.setdefault(name, []).append(value or "on")

    def handle_endtag(self, tag: str) -> None:
        collected = " ".join("".join(self._collected).split())
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea" and self._form and self._area:
            self._form.values[self._area] = ["".join(self._collected).removeprefix("\n")]
            self._area = None
        elif tag == "button" and self._form and self._button:
            self._form.buttons.append((*self._button, collected))
            self._button = None
        elif tag == "a" and self._link is not None:
            self.links.append((self._link, collected))
            self._link = None

    def handle_data(self, data: str) -> None:
        self._collected.append(data)
        self.text.append(data)


class Page:
    """What came back: its address after redirects, its forms, links and text."""

    def __init__(self, response: httpx.Response) -> None:
        self.url = str(response.url)
        self.status = response.status_code
        reader = _Reader()
        reader.feed(response.text)
        self.forms, self.links = reader.forms, reader.links
        self.text = " ".join(" ".join(reader.text).split())

    def form(self, *, action: str = "", field: str = "", button: str = "") -> Form:
        """Return the first posted form whose action, fields and buttons hold what is asked for."""
        for form in self.forms:
            labels = " ".join(label for _, _, label in form.buttons).lower()
            fits = action in form.action and (not field or field in form.names) and button.lower() in labels
            if form.method == "post" and fits:
                return form
        asked = " ".join(filter(None, (action, field, button)))
        raise PageError(f"no form with “{asked}” on {self.url} ({self.status}): {self.text[:600]}")

    def link(self, part: str) -> str:
        """Return the first address that contains `part`."""
        for href, _ in self.links:
            if part in href:
                return href
        raise PageError(f"no link to “{part}” on {self.url} ({self.status})")

    def has_link(self, part: str) -> bool:
        return any(part in href for href, _ in self.links)


class Browser:
    """One person's browser, with their cookies."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._client = httpx.AsyncClient(
            base_url=base_url, follow_redirects=True, timeout=30, trust_env=False, verify=_certificates()
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def get(self, address: str, *, status: int = 200) -> Page:
        """Open an address. Raises PageError when it answers anything but `status`."""
        page = Page(await self._request("GET", urljoin(self.base_url + "/", address)))
        return _expect(page, status)

    async def fetch(self, address: str) -> httpx.Response:
        """Return what an address answers, whatever its kind. Raises PageError when it isn't 200."""
        response = await self._request("GET", urljoin(self.base_url + "/", address))
        if response.status_code != httpx.codes.OK:
            raise PageError(f"{response.url} answered {response.status_code}")
        return response

    async def send(self, page: Page, form: Form, *, status: int = 200, follow: bool = True) -> Page:
        """Send a form of a page and follow to where it leads, unless told to stop at the answer itself."""
        target = urljoin(page.url, form.action or urlsplit(page.url).path)
        answer = Page(await self._request("POST", target, form.values, follow=follow))
        return _expect(answer, status)

    async def _request(
        self, method: str, url: str, data: Values | None = None, *, follow: bool = True
    ) -> httpx.Response:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                response = await self._client.request(method, url, data=data, follow_redirects=follow)
                if response.status_code not in _AWAY or time.monotonic() > deadline:
                    return response
            except httpx.TransportError:
                if time.monotonic() > deadline:
                    raise
            await asyncio.sleep(PAUSE)


def _expect(page: Page, status: int) -> Page:
    if page.status != status:
        raise PageError(f"{page.url} answered {page.status} instead of {status}: {page.text[:800]}")
    return page
