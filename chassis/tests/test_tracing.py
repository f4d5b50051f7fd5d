"""A trace crosses services: request in, event out, next service, whether or not this process records it."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from chassis.handlers import Handlers, Received
from chassis.ids import uuid7
from chassis.service import Service
from chassis.store import Database, Transaction, unpack_headers
from chassis.tables import new_metadata
from chassis.testing import client, make_settings, new_database, post_form
from chassis.web.pages import Db
from contracts.envelope import Event, decode
from contracts.events import InscriptionRetiree
from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, Response
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from sqlalchemy import text

from chassis import tracing

NOW = datetime(2027, 5, 3, 8, tzinfo=UTC)
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
router = APIRouter()


def withdrawal() -> InscriptionRetiree:
    return InscriptionRetiree(inscription=uuid7(), retiree_le=NOW)


@router.post("/retrait/{jeton}")
async def withdraw(jeton: str, database: Db) -> Response:
    async with database.transaction() as tx:
        tx.publish(withdrawal())
    return PlainTextResponse(jeton)


class Served:
    """A service that answers each withdrawal with an event of the same key, and those whose key is in `more` twice."""

    def __init__(self, url: str, database: Database) -> None:
        self.url, self.database = url, database
        self.handlers = Handlers()
        self.handlers.on(InscriptionRetiree)(self.take)

    async def take(self, tx: Transaction, events: Sequence[Received[InscriptionRetiree]]) -> None:
        for event in events:
            tx.publish(event.data)
        tx.publish(withdrawal())

    def service(self) -> Service:
        folder = Path(__file__).parent
        return Service(
            "test", "", make_settings(self.url), self.database, self.handlers, router, folder, new_metadata()
        )

    async def deliver(self, *traceparents: str | None) -> list[Event]:
        events = [Event(uuid7(), "test", NOW, withdrawal(), traceparent) for traceparent in traceparents]
        async with self.database.transaction() as tx:
            await self.handlers.handle(tx, events)
        return events

    async def outbox(self) -> list[Event]:
        async with self.database.read() as connection:
            rows = await connection.execute(text("SELECT key, headers, value FROM outbox ORDER BY id"))
            return [decode(key, unpack_headers(headers), value) for key, headers, value in rows]


@pytest.fixture
async def served(make_database: Callable[[str], str]) -> AsyncIterator[Served]:
    url = make_database("tracing")
    database = await new_database(url, new_metadata())
    yield Served(url, database)
    await database.engine.dispose()


async def test_what_follows_from_a_request_is_part_of_its_trace(served: Served) -> None:
    async with client(served.service()) as web:
        await post_form(web, "/retrait/a", {})
        web.headers["traceparent"] = PARENT
        await post_form(web, "/retrait/b", {})
    assert [event.traceparent for event in await served.outbox()] == [None, PARENT]


async def test_each_event_hands_its_trace_on_to_what_follows_from_it(served: Served) -> None:
    other = PARENT.replace("4bf", "0af")
    taken = await served.deliver(PARENT, None, other)
    following = await served.outbox()
    assert [event.key for event in following[:3]] == [event.key for event in taken]
    assert [event.traceparent for event in following] == [PARENT, None, other, None]


@pytest.mark.parametrize("strange", ["nom@exemple.fr", PARENT.upper(), f"00-{'0' * 32}-00f067aa0ba902b7-01", "00"])
async def test_a_traceparent_that_is_none_goes_no_further(served: Served, strange: str) -> None:
    await served.deliver(strange)
    assert [event.traceparent for event in await served.outbox()] == [None, None]


@contextmanager
def collector() -> Iterator[tuple[str, list[Any]]]:
    """An OTLP collector; its address and the spans that it got."""
    spans: list[Any] = []

    class Take(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            raw = gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body
            request = ExportTraceServiceRequest.FromString(raw)
            for resource in request.resource_spans:
                spans.extend(span for scope in resource.scope_spans for span in scope.spans)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Take)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", spans
    server.shutdown()
    server.server_close()


async def test_spans_are_sent_where_the_standard_variables_say_without_addresses_or_messages(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    with collector() as (address, spans):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
        monkeypatch.setattr(tracing, "_tracer", None)
        provider = tracing.configure("registration", {"OTEL_EXPORTER_OTLP_ENDPOINT": address})
        async with client(served.service()) as web:
            web.headers["traceparent"] = PARENT
            await post_form(web, "/retrait/jeton-secret", {})
        (sent,) = await served.outbox()
        await served.deliver(sent.traceparent)
        await served.deliver(PARENT, PARENT.replace("4bf", "0af"))
        served.handlers.on(InscriptionRetiree)(_fail)
        with pytest.raises(ZeroDivisionError):
            await served.deliver(PARENT)
        await asyncio.to_thread(provider.shutdown)
    assert [span.name for span in spans] == ["POST /retrait/{jeton}", "process", "process", "process"]
    request, alone, together, failed = spans
    assert request.trace_id.hex() == alone.trace_id.hex() == TRACE
    assert alone.parent_span_id == request.span_id
    assert len(together.links) == 2
    assert failed.status.message == "ZeroDivisionError"
    assert "secret" not in str(spans)
    assert "Élodie" not in str(spans)


async def _fail(_tx: Transaction, _events: Sequence[Received[InscriptionRetiree]]) -> None:
    raise ZeroDivisionError("Élodie")


def test_nothing_is_recorded_unless_the_environment_says_where_to() -> None:
    assert tracing.configure("registration", {}) is None
    on = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}
    assert tracing.configure("registration", on | {"OTEL_SDK_DISABLED": "true"}) is None
