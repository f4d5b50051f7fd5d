"""`python -m tests.faults.sink`: a mail server that can be sick, and writes down what it really kept.

The file `--health` holds "well" or the seed of a sickness: then each mail meets 4xx, 5xx, a line that breaks before
the text is kept, one that breaks after it, or no trouble at all. `--kept` gets one JSON line per mail.
"""

import argparse
import asyncio
import email.parser
import email.policy
import json
import random
from pathlib import Path
from typing import Final

from aiosmtpd.smtp import SMTP, Envelope, Session

HOST: Final = "127.0.0.1"
TROUBLES: Final = ("none", "later", "never", "lost", "kept")
"""Of a sick server: accepted, 451, 550, line lost before the text is kept, line lost after it."""
_HEADERS: Final = email.parser.BytesHeaderParser(policy=email.policy.compat32)


class Sink:
    def __init__(self, health: Path, kept: Path, raw: str) -> None:
        self._health = health
        self._kept = kept.open("a", buffering=1)
        self._raw = raw
        self._sickness = "well"
        self._choice = random.Random(0)  # noqa: S311

    def _trouble(self) -> str:
        sickness = self._health.read_text().strip() if self._health.exists() else "well"
        if sickness != self._sickness:
            self._sickness, self._choice = sickness, random.Random(sickness)  # noqa: S311 - which fault comes next
        return "none" if sickness == "well" else self._choice.choice(TROUBLES)

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        trouble, content = self._trouble(), bytes(envelope.original_content or b"")
        identity = str(_HEADERS.parsebytes(content)["Message-ID"]).strip()
        line: dict[str, str] = {"id": identity, "to": str(envelope.rcpt_tos[0]), "trouble": trouble}
        if self._raw in line["to"]:
            line["raw"] = content.decode("latin-1")
        self._kept.write(json.dumps(line) + "\n")
        if trouble in {"lost", "kept"} and server.transport is not None:
            server.transport.close()
        return {"later": "451 4.3.0 later", "never": "550 5.7.1 refused"}.get(trouble, "250 2.0.0 OK")


async def _serve(port: int, sink: Sink) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(sink, enable_SMTPUTF8=True, hostname="localhost", loop=loop), HOST, port
    )
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.faults.sink")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--health", type=Path, required=True)
    parser.add_argument("--kept", type=Path, required=True)
    parser.add_argument("--raw", required=True, help="part of the addresses whose mails are kept whole")
    options = parser.parse_args()
    asyncio.run(_serve(options.port, Sink(options.health, options.kept, options.raw)))


if __name__ == "__main__":
    main()
