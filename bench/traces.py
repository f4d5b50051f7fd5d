"""What recording traces costs: the same inscriptions, each in a trace of its own, with and without spans being sent."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from bench import registration
from bench.stand import servers


class _Collector(BaseHTTPRequestHandler):
    """Takes spans and does nothing with them."""

    received = 0

    def do_POST(self) -> None:
        type(self).received += len(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@contextmanager
def _collector() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


async def measure(count: int) -> tuple[float, float]:
    """Return the processor time of everything, in µs an event: without and with spans. The better of two runs each."""
    with _collector() as address:
        pairs = [[await _cost(count, spans) for spans in ("", address)] for _ in range(2)]
    if not _Collector.received:
        raise registration.WrongError("no span was sent")
    without, recorded = (min(pair[way] for pair in pairs) for way in (0, 1))
    return without, recorded


async def _cost(count: int, spans: str) -> float:
    with servers() as stand:
        return sum((await registration.run(stand, count, spans=spans, traced=True)).cpu.values())
