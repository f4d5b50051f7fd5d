"""How the operators' commands speak: a table for a person, plain lines for a program, one line for a problem."""

import asyncio
import getpass
import re
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Final, NoReturn, TypeAlias

import typer
from sqlalchemy import Row

from chassis.migrations import database_problem
from chassis.service import Service
from chassis.store import is_transient, name_of, unpack_headers, unreachable

WIDTH: Final = 160
Compose: TypeAlias = Callable[[], Service]
_PLAIN_KEY = re.compile(rb"[A-Za-z0-9_.:-]{1,64}")


def login() -> str:
    return getpass.getuser()


def fail(problem: str, status: int = 2) -> NoReturn:
    sys.stderr.write(problem + "\n")
    raise SystemExit(status)


def run(service: Service, work: Callable[[Service], Awaitable[None]]) -> None:
    """Do the work on a database that is current, or end with status 1 and one line."""

    async def on_current_database() -> None:
        try:
            if problem := await _problem(service):
                fail(f"{service.name}: {problem}", 1)
            await work(service)
        except Exception as error:
            if not is_transient(error):
                raise
            fail(f"{service.name}: stopped ({name_of(error)}): what is done is done; run the command again", 1)
        finally:
            await service.database.engine.dispose()

    asyncio.run(on_current_database())


async def _problem(service: Service) -> str | None:
    try:
        return await database_problem(service.database.engine, service.migrations, service.name)
    except Exception as error:  # noqa: BLE001 - whatever keeps us from the database
        return unreachable(error)


def confirm(question: str, *, yes: bool) -> None:
    if not yes and not typer.confirm(question):
        raise SystemExit(1)


def line(text: str) -> None:
    sys.stdout.write(text + "\n")


def note(text: str) -> None:
    """Something about the output, for a person: not part of it."""
    sys.stderr.write(text + "\n")


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if not sys.stdout.isatty():
        for row in rows:
            line("\t".join(row))
        return
    from rich.console import Console  # noqa: PLC0415 - a running service has no use for it
    from rich.table import Column, Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    *narrow, last = heads
    drawn = Table(*(Column(head, no_wrap=True) for head in narrow), last, box=None, pad_edge=False)
    for row in rows:
        drawn.add_row(*map(Text, row))
    console = Console()
    console.width = max(console.width, WIDTH)  # what is cut off can't be copied into the next command
    console.print(drawn)


def moment(value: datetime) -> str:
    return value.astimezone().isoformat(timespec="seconds")


def read_moment(written: str | None) -> datetime | None:
    """Read a time; without an offset it is the machine's own."""
    if written is None:
        return None
    try:
        return datetime.fromisoformat(written).astimezone()
    except ValueError:
        fail(f"{written}: write a time like 2027-05-03T14:00+02:00")


def key(value: bytes | None) -> str:
    """Only what looks like one of our ids: a stranger may have put anything there."""
    return value.decode() if value and _PLAIN_KEY.fullmatch(value) else "?"


def record(name: str, row: Row[Any]) -> None:
    """Print a record that was kept aside, whole; bytes that can't be shown are escaped."""
    line(f"record      {name}")
    line(f"kept aside  {moment(row.received_at)}")
    line(f"reason      {row.reason}")
    for deed in row.history:
        why = f": {deed['why']}" if deed.get("why") else ""
        line(f"history     {deed['at']} {deed['by']}: {deed['did']}{why}")
    line(f"key         {_shown(row.key)}")
    for header, value in unpack_headers(row.headers):
        line(f"header      {header}: {_shown(value)}")
    line(f"value       {_shown(row.value)}")


def _shown(value: bytes | None) -> str:
    if value is None:
        return "null"
    text = value.decode("utf-8", errors="backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
