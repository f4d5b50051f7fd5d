"""For the services' tests: a database, delivery without Kafka, and pages without a port.

Events go through the same handlers and inbox as the subscriber's, and what a service publishes is read from its outbox.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import unescape
from uuid import UUID

import httpx
from argon2 import PasswordHasher
from contracts.envelope import Event, decode
from contracts.model import EventData
from sqlalchemy import MetaData, text

from chassis.clock import Clock, system_clock
from chassis.handlers import Handlers
from chassis.health import Health
from chassis.ids import uuid7
from chassis.measures import Measures
from chassis.service import Service
from chassis.settings import Settings
from chassis.store import Database, make_engine, unpack_headers
from chassis.web.app import make_app

PASSWORD = "mot-de-passe-de-test"  # noqa: S105 - of the tests' own sign-in
_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


def settings_values(url: str = "postgresql+asyncpg://nobody@127.0.0.1:1/none") -> dict[str, object]:
    """Values for a Settings class: `Settings(**settings_values(url))`."""
    return {
        "environment": "local",
        "database_url": url,
        "kafka_bootstrap_servers": "127.0.0.1:1",
        "public_url": "http://testserver",
        "secret_key": "clef-de-test-" * 4,
        "team_password_hash": _HASH,
    }


def make_settings(url: str) -> Settings:
    return Settings(**settings_values(url))  # type: ignore[arg-type]


async def new_database(url: str, metadata: MetaData, clock: Clock = system_clock, source: str = "test") -> Database:
    """A Database on `url` with the tables of `metadata`."""
    database = Database(make_engine(url), clock, source)
    async with database.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    return database


async def deliver(
    handlers: Handlers, database: Database, *events: EventData, ids: Sequence[UUID] | None = None
) -> None:
    """Hand events to a service as one batch of one partition; the same `ids` again are duplicates."""
    identities = ids or [uuid7() for _ in events]
    now = datetime.now(UTC)
    received = [Event(i, "test", now, data) for i, data in zip(identities, events, strict=True)]
    async with database.transaction() as tx:
        await handlers.handle(tx, received)


async def published(database: Database) -> list[EventData]:
    """Every event in the outbox, in order; dead letters stand apart."""
    async with database.read() as connection:
        rows = await connection.execute(
            text("SELECT key, headers, value FROM outbox WHERE topic NOT LIKE '%.dlq' ORDER BY id")
        )
        return [decode(key, unpack_headers(headers), value).data for key, headers, value in rows]


def client(service: Service) -> httpx.AsyncClient:
    app = make_app(service, Health(Measures(service.database, service.measures)))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://testserver", follow_redirects=True)


async def post_form(web: httpx.AsyncClient, path: str, data: Mapping[str, object]) -> httpx.Response:
    """Send a form as a browser that has the page open does."""
    if "csrf" not in web.cookies:
        web.cookies.set("csrf", "jeton-de-test", domain="testserver.local", path="/")
    token = re.sub(r"\s", "", web.cookies.get("csrf") or "")
    return await web.post(path, data={**data, "csrf_token": token})


async def sign_in(web: httpx.AsyncClient, prefix: str = "") -> None:
    response = await post_form(web, f"{prefix}/connexion", {"mot_de_passe": PASSWORD, "suite": f"{prefix}/connexion"})
    response.raise_for_status()


def words(page: httpx.Response) -> str:
    """What a person reads of a page: no tags, and one plain space wherever there is any."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())
