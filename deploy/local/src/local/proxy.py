"""One address for people: each service's pages under a path of its own, bodies streamed untouched."""

import argparse
import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

PATIENCE = 20.0
_PAUSE = 0.1

# These describe one connection, not the message (RFC 9110, 7.6.1).
_HOP_BY_HOP = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade"}
)
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_AWAY = Path(__file__).with_name("templates") / "indisponible.html"


def _upstream(path: str, routes: Mapping[str, str]) -> str:
    """Return the address that serves `path`: the longest prefix of whole segments, or the route of "/"."""
    prefixes = [p for p in routes if p != "/" and (path == p or path.startswith(f"{p}/"))]
    return routes[max(prefixes, key=len, default="/")]


def _request_headers(request: Request) -> list[tuple[bytes, bytes]]:
    headers = [
        (name, value)
        for name, value in request.headers.raw
        if name not in _HOP_BY_HOP and not name.startswith(b"x-forwarded-")
    ]
    client = request.client.host if request.client else "127.0.0.1"
    forwarded = {"for": client, "proto": request.url.scheme, "host": request.headers.get("host", "")}
    return headers + [(f"x-forwarded-{key}".encode(), value.encode()) for key, value in forwarded.items()]


def _away() -> Response:
    return HTMLResponse(_AWAY.read_text(), 503, {"Retry-After": "2", "Cache-Control": "no-store"})


def proxy(routes: Mapping[str, str], patience: float = PATIENCE) -> Starlette:
    """Build the application; `routes` maps a path prefix to an address such as http://127.0.0.1:21000.

    A request waits `patience` seconds for a service that restarts before its page says that it is away.
    """

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        timeout = httpx.Timeout(60, connect=2)
        # A connection kept open may be one that the service closes just then: nobody could tell what became of a POST.
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=0)
        async with httpx.AsyncClient(timeout=timeout, limits=limits, trust_env=False) as app.state.client:
            yield

    async def forward(request: Request) -> Response:
        client: httpx.AsyncClient = request.app.state.client
        raw_path = request.scope["raw_path"].decode("latin-1").partition("?")[0]
        query = request.scope["query_string"].decode("latin-1")
        url = f"{_upstream(request.url.path, routes)}{raw_path}{'?' + query if query else ''}"
        has_body = "content-length" in request.headers or "transfer-encoding" in request.headers

        def onward() -> httpx.Request:
            content = request.stream() if has_body else None
            return client.build_request(request.method, url, headers=_request_headers(request), content=content)

        answer = await _send(client, onward, patience)
        if answer is None:
            return _away()
        response = StreamingResponse(_body(answer), answer.status_code)
        # The raw list keeps each Set-Cookie apart.
        response.raw_headers = [
            (name.lower(), value) for name, value in answer.headers.raw if name.lower() not in _HOP_BY_HOP
        ]
        return response

    return Starlette(routes=[Route("/{path:path}", forward, methods=_METHODS)], lifespan=lifespan)


async def _send(
    client: httpx.AsyncClient, onward: Callable[[], httpx.Request], patience: float
) -> httpx.Response | None:
    """Send a request, again as long as nobody can have acted on it; None when there is no answer in time."""
    deadline = time.monotonic() + patience
    while True:
        request = onward()
        try:
            return await client.send(request, stream=True)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            pass
        except httpx.TransportError:
            if request.method not in _SAFE_METHODS:
                return None
        if time.monotonic() > deadline:
            return None
        await asyncio.sleep(_PAUSE)


async def _body(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in answer.aiter_raw():
            yield chunk
    finally:
        await answer.aclose()


def main() -> None:
    parser = argparse.ArgumentParser(prog="local.proxy")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("routes", nargs="+", metavar="PREFIX=ADDRESS", help="/groupes=http://127.0.0.1:21000")
    options = parser.parse_args()
    routes = dict(route.split("=", 1) for route in options.routes)
    uvicorn.run(
        proxy(routes),
        host="127.0.0.1",
        port=options.port,
        log_level="warning",
        server_header=False,
        date_header=False,
        proxy_headers=False,
    )


if __name__ == "__main__":
    main()
