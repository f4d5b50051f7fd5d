"""`<service> outbox list|retry|discard`: events that the broker refused, each of which holds back its own key."""

from typing import Annotated

import typer
from sqlalchemy import text

from chassis.ops import terminal
from chassis.ops.terminal import Compose, fail, run
from chassis.service import Service

_LIST = text("""
    SELECT q.id, q.topic, q.key, q.created_at, q.quarantined, length(q.value) AS bytes,
           (SELECT count(*) FROM outbox AS o WHERE o.topic = q.topic AND o.key = q.key
            AND o.sent_at IS NULL AND o.quarantined IS NULL) AS behind
    FROM outbox AS q WHERE q.quarantined IS NOT NULL AND q.sent_at IS NULL ORDER BY q.id
""")
_RETRY = text("UPDATE outbox SET quarantined = NULL WHERE id = :id AND quarantined IS NOT NULL AND sent_at IS NULL")
_DISCARD = text("""
    UPDATE outbox SET sent_at = now(), quarantined = quarantined || '; discarded by ' || :by || ': ' || :why
    WHERE id = :id AND quarantined IS NOT NULL AND sent_at IS NULL
""")


def make(compose: Compose) -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, help="Events that the broker refused")

    @app.command("list")
    def list_rows() -> None:
        """List refused events, with how many wait behind each."""
        run(compose(), _list)

    @app.command()
    def retry(row: int) -> None:
        """Send a refused event again: what made the broker refuse it has been changed."""
        run(compose(), lambda service: _change(service, row, _RETRY, {}))

    @app.command()
    def discard(
        row: int,
        why: Annotated[str, typer.Option(help="Why it will never be sent; kept with the row")],
        *,
        yes: Annotated[bool, typer.Option("--yes", help="Don't ask")] = False,
        by: Annotated[str, typer.Option(default_factory=terminal.login, help="Who does it")],
    ) -> None:
        """Never send a refused event, and let those behind it go. Other services will not hear of it."""
        if not why.strip():
            fail("--why is empty: say why this event will never be sent")
        terminal.confirm(f"Discard event {row}? Other services will not hear of it.", yes=yes)
        run(compose(), lambda service: _change(service, row, _DISCARD, {"by": by, "why": why}))

    return app


async def _list(service: Service) -> None:
    async with service.database.read() as connection:
        rows = (await connection.execute(_LIST)).all()
    heads = ["row", "topic", "key", "since", "bytes", "behind", "why"]
    lines = [
        [str(r.id), r.topic, terminal.key(r.key), terminal.moment(r.created_at), str(r.bytes), str(r.behind)]
        for r in rows
    ]
    terminal.table(heads, [[*line, row.quarantined] for line, row in zip(lines, rows, strict=True)])
    terminal.note(f"{len(rows)} refused")


async def _change(service: Service, row: int, statement: object, values: dict[str, str]) -> None:
    async with service.database.transaction() as tx:
        changed = (await tx.connection.execute(statement, {"id": row, **values})).rowcount  # type: ignore[call-overload]
    if not changed:
        fail(f"{row}: no refused event has this number: `outbox list` shows them")
    terminal.note("done")
