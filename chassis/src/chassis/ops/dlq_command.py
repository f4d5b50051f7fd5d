"""`<service> dlq list|show|replay|discard`.

Status 0: done; 1: something is still open, or a server does not answer; 2: the command was wrong, or found nothing.
"""

from collections import Counter
from typing import Annotated, TypeAlias

import typer

from chassis.ops import dead_letters, terminal
from chassis.ops.dead_letters import LetterId, Outcome, Wanted
from chassis.ops.terminal import Compose, fail, run
from chassis.service import Service

Id: TypeAlias = Annotated[str | None, typer.Argument(help="topic/partition/offset", show_default=False)]
Topic: TypeAlias = Annotated[str | None, typer.Option(help="Only of this topic")]
Key: TypeAlias = Annotated[str | None, typer.Option(help="Only of this key: an inscription, a groupe …")]
Reason: TypeAlias = Annotated[str | None, typer.Option(help="Only if the reason contains this")]
Since: TypeAlias = Annotated[str | None, typer.Option(help="Kept aside at or after: 2027-05-03T14:00[+02:00]")]
Until: TypeAlias = Annotated[str | None, typer.Option(help="Kept aside before")]
Yes: TypeAlias = Annotated[bool, typer.Option("--yes", help="Don't ask")]
By: TypeAlias = Annotated[
    str, typer.Option(help="Who does it, for the record's history", default_factory=terminal.login)
]


def make(compose: Compose) -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, help="Records that the service could not accept")

    @app.command("list")
    def list_records(
        *,
        topic: Topic = None,
        key: Key = None,
        reason: Reason = None,
        since: Since = None,
        until: Until = None,
        closed: Annotated[bool, typer.Option("--all", help="Also those replayed or discarded")] = False,
        limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
        page: Annotated[int, typer.Option(min=1)] = 1,
    ) -> None:
        """List records, the oldest first, without their content."""
        wanted = Wanted(None, topic, key, reason, terminal.read_moment(since), terminal.read_moment(until), closed)
        run(compose(), lambda service: _list(service, wanted, limit, page))

    @app.command()
    def show(record: Annotated[str, typer.Argument(help="topic/partition/offset")]) -> None:
        """Print one record whole. It may hold personal data: don't copy it elsewhere."""
        letter = _letter(record)
        run(compose(), lambda service: _show(service, letter))

    @app.command()
    def replay(
        record: Id = None,
        *,
        topic: Topic = None,
        key: Key = None,
        reason: Reason = None,
        since: Since = None,
        until: Until = None,
        yes: Yes = False,
        by: By,
    ) -> None:
        """Hand records to the service again, with their own ids: nothing takes effect twice."""
        wanted = _wanted(record, topic=topic, key=key, reason=reason, since=since, until=until)
        run(compose(), lambda service: _replay(service, wanted, by, yes=yes))

    @app.command()
    def discard(
        record: Id = None,
        *,
        why: Annotated[str, typer.Option(help="Why they will never be taken; kept with each record")],
        topic: Topic = None,
        key: Key = None,
        reason: Reason = None,
        since: Since = None,
        until: Until = None,
        yes: Yes = False,
        by: By,
    ) -> None:
        """Close records for good without taking them. They stay in the table."""
        if not why.strip():
            fail("--why is empty: say why these records will never be taken")
        wanted = _wanted(record, topic=topic, key=key, reason=reason, since=since, until=until)
        run(compose(), lambda service: _discard(service, wanted, by, why, yes=yes))

    return app


async def _list(service: Service, wanted: Wanted, limit: int, page: int) -> None:
    async with service.database.read() as connection:
        total = await dead_letters.count(connection, wanted)
        rows = await dead_letters.page(connection, wanted, limit, (page - 1) * limit)
    lines = [
        [
            str(LetterId(row.topic, row.partition, row.offset)),
            terminal.moment(row.received_at),
            terminal.key(row.key),
            "closed" if row.closed_at else "open",
            row.reason,
        ]
        for row in rows
    ]
    terminal.table(["record", "kept aside", "key", "state", "reason"], lines)
    terminal.note(f"{len(rows)} of {total} records, page {page}")


async def _show(service: Service, letter: LetterId) -> None:
    async with service.database.read() as connection:
        row = await dead_letters.one(connection, letter)
    if row is None:
        fail(f"{letter}: no such record")
    terminal.record(str(letter), row)


async def _replay(service: Service, wanted: Wanted, by: str, *, yes: bool) -> None:
    letters = await _chosen(service, wanted, "Replay", yes=yes)
    told: Counter[Outcome] = Counter()
    for letter in letters:
        outcome, why = await dead_letters.replay(service.database, service.handlers, letter, by)
        told[outcome] += 1
        terminal.line(f"{letter}: {outcome}{': ' if why else ''}{why}")
    terminal.note(", ".join(f"{count} {outcome}" for outcome, count in told.items()))
    if told[Outcome.REFUSED]:
        raise SystemExit(1)


async def _discard(service: Service, wanted: Wanted, by: str, why: str, *, yes: bool) -> None:
    letters = await _chosen(service, wanted, "Discard", yes=yes)
    closed = [await dead_letters.discard(service.database, letter, by, why) for letter in letters]
    terminal.note(f"{sum(closed)} discarded")


async def _chosen(service: Service, wanted: Wanted, verb: str, *, yes: bool) -> list[LetterId]:
    async with service.database.read() as connection:
        letters = await dead_letters.ids(connection, wanted)
    if not letters:
        fail("no open record is like this: `dlq list --all` shows them all")
    terminal.confirm(f"{verb} {len(letters)} record{'s' if len(letters) > 1 else ''}?", yes=yes)
    return letters


def _wanted(
    record: str | None,
    *,
    topic: str | None,
    key: str | None,
    reason: str | None,
    since: str | None,
    until: str | None,
) -> Wanted:
    wanted = Wanted(
        _letter(record) if record else None,
        topic,
        key,
        reason,
        terminal.read_moment(since),
        terminal.read_moment(until),
    )
    if wanted.is_everything():
        fail("say which records: topic/partition/offset, --topic, --key, --reason, --since or --until")
    return wanted


def _letter(written: str) -> LetterId:
    try:
        return LetterId.parse(written)
    except ValueError:
        fail(f"{written}: write topic/partition/offset, as `dlq list` does")
