"""Sign-in of the team, CSRF tokens, a rate limit, and the headers of every answer.

One sign-in serves the four services: they share the secret key, and the cookie is for the whole address.
"""

import secrets
import time
from collections import OrderedDict
from typing import Annotated, Any, Final
from urllib.parse import quote, urlsplit

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from fastapi import Depends, Request
from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.datastructures import FormData
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.web.errors import PageError

TEAM_COOKIE: Final = "equipe"
CSRF_COOKIE: Final = "csrf"
SESSION_SECONDS: Final = 12 * 3600
TEAM_NAME: Final = "Équipe"

HEADERS: Final = (
    (b"content-security-policy", b"default-src 'self'; frame-ancestors 'self'; form-action 'self'; base-uri 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
    (b"cache-control", b"private, no-cache"),
)


class SignInNeeded(Exception):
    """The page is for the team."""


class Sessions:
    """The team's signed cookie."""

    def __init__(self, secret_key: str, password_hash: str) -> None:
        self._serializer = URLSafeTimedSerializer(secret_key, salt="ateliers.equipe")
        self._password_hash = password_hash

    def accepts(self, password: str) -> bool:
        try:
            return PasswordHasher().verify(self._password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    def cookie(self) -> str:
        return self._serializer.dumps(TEAM_NAME)

    def name(self, request: Request) -> str | None:
        """Who is signed in, or None."""
        try:
            name = self._serializer.loads(request.cookies.get(TEAM_COOKIE, ""), max_age=SESSION_SECONDS)
        except BadData:
            return None
        return str(name)


def signed_in(request: Request) -> str | None:
    sessions: Sessions = request.app.state.sessions
    return sessions.name(request)


def team(request: Request) -> str:
    """Dependency of pages for the team."""
    name = signed_in(request)
    if name is None:
        raise SignInNeeded
    return name


Team = Annotated[str, Depends(team)]


def new_csrf_token() -> str:
    return secrets.token_urlsafe(24)


async def check_csrf(request: Request) -> None:
    """Dependency of every route: a POST must repeat the token of its cookie in its form.

    The cookie is SameSite=Lax and HttpOnly, so another site can neither send nor read it.
    """
    if request.method in {"GET", "HEAD", "OPTIONS"}:
        return
    if any(request.scope["path"].startswith(path) for path in request.app.state.csrf_exempt_paths):
        return
    form: FormData = await request.form()
    given, expected = str(form.get("csrf_token", "")), request.cookies.get(CSRF_COOKIE, "")
    if not expected or not secrets.compare_digest(given.encode(), expected.encode()):
        raise PageError(
            403,
            "Le formulaire a expiré",
            "Revenez à la page précédente, rechargez-la et envoyez de nouveau. Vos cookies doivent être acceptés.",
        )


def sign_in_path(prefix: str, request: Request) -> str:
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return f"{prefix}/connexion?suite={quote(here if request.method == 'GET' else '/')}"


def safe_next(path: str, default: str) -> str:
    """Only a path of this very address may follow a sign-in."""
    parts = urlsplit(path)
    is_local = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.netloc and not parts.scheme
    return path if is_local and path.isprintable() else default


class RateLimit:
    """A token bucket per client: `rate` a second on average, `burst` at once. Kept in this process's memory."""

    def __init__(self, rate: float, burst: int, clients: int = 10_000) -> None:
        self._rate, self._burst, self._clients = rate, burst, clients
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allows(self, client: str) -> bool:
        now = time.monotonic()
        tokens, since = self._buckets.pop(client, (float(self._burst), now))
        tokens = min(float(self._burst), tokens + (now - since) * self._rate)
        allowed = tokens >= 1
        self._buckets[client] = (tokens - 1 if allowed else tokens, now)
        while len(self._buckets) > self._clients:
            self._buckets.popitem(last=False)
        return allowed


class CachedFiles(StaticFiles):
    """The style sheet, script and icon: the same for everybody, kept by browsers for an hour."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "public, max-age=3600"
        return response


class SecurityHeaders:
    """Adds the headers of HEADERS to each answer that doesn't set them itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(h for h in HEADERS if h[0] not in present)]
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)
