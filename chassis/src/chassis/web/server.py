"""Uvicorn as one task among others: signals belong to the process, not to the web server."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from chassis.settings import Settings


class Server(uvicorn.Server):
    def __init__(self, app: FastAPI, settings: Settings) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                host=settings.http_host,
                port=settings.http_port,
                log_config=None,
                access_log=False,
                proxy_headers=True,
                timeout_graceful_shutdown=8,
                server_header=False,
            )
        )

    def listen(self) -> socket.socket:
        """Take the port. Raises OSError when it is taken already."""
        return socket.create_server((self.config.host, self.config.port))

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
