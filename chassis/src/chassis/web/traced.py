"""A request is part of the trace that it names, so that the events which follow from it are, too."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis import tracing


class Traced:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(("/health/", "/metrics")):
            await self._app(scope, receive, send)
            return
        with tracing.request(scope["method"], Headers(scope=scope)) as told:

            async def noting(message: Message) -> None:
                if message["type"] == "http.response.start":
                    told["status"] = message["status"]
                    told["route"] = getattr(scope.get("route"), "path", "?")
                await send(message)

            await self._app(scope, receive, noting)
