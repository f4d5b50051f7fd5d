"""Traces across services: `traceparent` comes in with a request or an event and goes out with what follows from it.

It is handed on whether or not anybody records traces. Spans are made and sent by OpenTelemetry's own library, loaded
only when the standard variables ask for it (OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER …). They hold names of
types and routes, never addresses: these may be signed links; never errors' messages: they may repeat people's data.
"""

import re
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from contracts.envelope import Event
from contracts.model import EventData
from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.trace import Link, SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_W3C: Final = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_PROPAGATOR: Final = TraceContextTextMapPropagator()
_ASKED_BY: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_MOST_LINKS: Final = 128
"""Of one span: the library would drop any other, and making them costs more than all the rest of tracing."""
_tracer: Tracer | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """Which traceparent an event gets that is published now: that of its key's event, or else `other`."""

    by_key: Mapping[str, str] = field(default_factory=dict)
    other: str | None = None

    def of(self, data: EventData) -> str | None:
        return self.by_key.get(data.key, self.other) if self.by_key else self.other


def configure(service: str, environ: Mapping[str, str]) -> Any:
    """Record and send traces if the environment says where to. Returns the provider, or None."""
    global _tracer  # noqa: PLW0603 - one process is one service
    if not any(environ.get(name) for name in _ASKED_BY) or environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - see above
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: environ.get("OTEL_SERVICE_NAME") or service}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    _tracer = provider.get_tracer("chassis")
    return provider


def current() -> str | None:
    """Return the traceparent of what is being done, if it is part of a trace."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier.get("traceparent")


@contextmanager
def request(method: str, headers: Mapping[str, str]) -> Iterator[MutableMapping[str, Any]]:
    """Do a request's work; put `route` and `status` into the mapping when they are known."""
    parent = _context(headers.get("traceparent"))
    told: dict[str, Any] = {}
    if _tracer is None:
        token = contexts.attach(parent)
        try:
            yield told
        finally:
            contexts.detach(token)
        return
    with _span(_tracer, method, SpanKind.SERVER, parent) as span:
        yield told
        span.update_name(f"{method} {told.get('route', '?')}")
        span.set_attribute("http.response.status_code", told.get("status", 0))


@contextmanager
def batch(events: Sequence[Event]) -> Iterator[Trace]:
    """Take events together: one span, in their trace if they share one, or else linked to as many as a span keeps."""
    by_key = {e.key: e.traceparent for e in events if e.traceparent and _W3C.fullmatch(e.traceparent)}
    parents = set(by_key.values())
    only = next(iter(parents)) if len(parents) == 1 else None
    if _tracer is None:
        yield Trace(by_key, only)
        return
    linked = [] if only else islice(parents, _MOST_LINKS)
    links = [Link(trace.get_current_span(_context(parent)).get_span_context()) for parent in linked]
    with _span(_tracer, "process", SpanKind.CONSUMER, _context(only), links) as span:
        span.set_attribute("messaging.system", "kafka")
        span.set_attribute("messaging.batch.message_count", len(events))
        yield Trace({} if only else by_key, current())


@contextmanager
def _span(
    tracer: Tracer, name: str, kind: SpanKind, parent: contexts.Context, links: Sequence[Link] = ()
) -> Iterator[trace.Span]:
    with tracer.start_as_current_span(
        name, parent, kind, links=links, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield span
        except BaseException as error:
            span.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise


def _context(traceparent: str | None) -> contexts.Context:
    carrier = {"traceparent": traceparent} if traceparent else {}
    return _PROPAGATOR.extract(carrier, contexts.Context())
