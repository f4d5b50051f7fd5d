"""The pages that the four services have, and which of them an address shows."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from chassis.clock import system_clock
from chassis.service import Service
from chassis.store import Database, make_engine
from chassis.testing import settings_values
from fastapi import FastAPI
from local.postgres import SERVICES

NOT_PAGES: Final = ("/export.csv", "/collectivites", "/etat", "/avancement", "/apercu", "/inscription")
"""Ends of paths that answer with a file, with data, with a part of a page, or with a redirection."""


@dataclass(frozen=True)
class Route:
    """One page: `path` as it is declared, under the prefix of its service."""

    path: str
    pattern: re.Pattern[str]


def pages() -> tuple[Route, ...]:
    return tuple(route for name in SERVICES for route in _of(_service(name)))


def shape(path: str, known: tuple[Route, ...]) -> str:
    """Return the declared path of the page at `path`, or the path itself."""
    return next((route.path for route in known if route.pattern.match(path)), path)


def _service(name: str) -> Service:
    settings: Any = import_module(f"{name}.settings").Settings(**settings_values(), **_also(name))
    url = settings.database_url.get_secret_value()
    service: Service = import_module(f"{name}.app").build(settings, Database(make_engine(url), system_clock, name))
    return service


def _also(name: str) -> dict[str, str]:
    mail = {"smtp_url": "smtp://127.0.0.1:1", "mail_from": "Ateliers <ateliers@exemple.fr>"}
    return mail if name == "notification" else {}


def _of(service: Service) -> Iterator[Route]:
    app = FastAPI()
    app.include_router(service.router, prefix=service.prefix)
    for path, methods in app.openapi()["paths"].items():
        if "get" in methods and not path.endswith(NOT_PAGES):
            yield Route(path, re.compile(f"{re.sub('{[^}]*}', '[^/]+', path)}/?$"))
