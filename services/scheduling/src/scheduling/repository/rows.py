"""Writing many rows with one statement: PostgreSQL reads them from one JSON document, typed by the table itself."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncConnection


async def insert_rows(
    connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]], *, conflict: str = ""
) -> None:
    """Insert dicts that all have the same keys; `conflict` is the text of an ON CONFLICT clause."""
    if not rows:
        return
    columns = ", ".join(table.c[name].name for name in rows[0])
    await connection.execute(
        text(
            f"INSERT INTO {table.name} ({columns}) SELECT {columns} "  # noqa: S608 - names come from the table
            f"FROM jsonb_populate_recordset(CAST(NULL AS {table.name}), CAST(:rows AS jsonb)) {conflict}"
        ),
        {"rows": to_json(rows).decode()},
    )
