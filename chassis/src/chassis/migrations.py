"""Database migrations: each service's own, run by `<service> migrate`.

Two at once wait for each other (an advisory lock), and a service can tell whether its database is current: a migration
is named after its revision, `versions/0001_initial.py`, and the highest number is the newest. Alembic itself is loaded
only to migrate: it would cost every running process 14 MB.
"""

from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, MetaData, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis.tables import NAMING, add_delivery_tables, dlq_history

_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('ateliers.migrate'))")


def run(metadata: MetaData) -> None:
    """The whole env.py of a service: Alembic calls it with the connection that `upgrade` gave."""
    from alembic import context  # noqa: PLC0415 - see above

    connection: Connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=metadata, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


def create_delivery_tables(op: Any) -> None:
    """Create inbox, outbox and dlq as they are today; the first step of every service's first migration.

    Later steps bring older databases to the same shape, and find nothing to do on a new one.
    """
    metadata = MetaData(naming_convention=NAMING)
    add_delivery_tables(metadata)
    metadata.create_all(op.get_bind())


def drop_delivery_tables(op: Any) -> None:
    for table in ("dlq", "outbox", "inbox"):
        op.drop_table(table)


def add_dlq_history(op: Any) -> None:
    for column in dlq_history():
        op.add_column("dlq", column, if_not_exists=True)
    op.create_index(
        "dlq_open_idx", "dlq", ["received_at"], if_not_exists=True, postgresql_where=text("closed_at IS NULL")
    )


def drop_dlq_history(op: Any) -> None:
    op.drop_index("dlq_open_idx", table_name="dlq")
    for column in dlq_history():
        op.drop_column("dlq", column.name)


async def upgrade(engine: AsyncEngine, folder: Path, revision: str = "head") -> None:
    await _move(engine, folder, "upgrade", revision)


async def downgrade(engine: AsyncEngine, folder: Path, revision: str = "base") -> None:
    await _move(engine, folder, "downgrade", revision)


async def _move(engine: AsyncEngine, folder: Path, direction: Literal["upgrade", "downgrade"], revision: str) -> None:
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")

    def work(connection: Connection) -> None:
        connection.execute(_LOCK)
        config.attributes["connection"] = connection
        getattr(command, direction)(config, revision)

    async with engine.begin() as connection:
        await connection.run_sync(work)


def newest(folder: Path) -> str:
    """Return the revision of the newest migration in the folder."""
    return max(file.stem.split("_")[0] for file in (folder / "versions").glob("*.py"))


async def database_problem(engine: AsyncEngine, folder: Path, service: str) -> str | None:
    """What keeps this version from using the database, and what to do; None when it stands where it should."""
    if await revision(engine) == newest(folder):
        return None
    return await newer(engine, folder) or f"the database is not migrated: run `{service} migrate`"


async def newer(engine: AsyncEngine, folder: Path) -> str | None:
    """Say so when a later version has migrated the database: this one can neither use it nor migrate it."""
    known, found = newest(folder), await revision(engine)
    if found is None or found <= known:
        return None
    return f"the database is of a newer version ({found}, this program knows {known}): run the newer program"


async def revision(engine: AsyncEngine) -> str | None:
    """Return the migration that the database stands at; None before the first."""

    def read(connection: Connection) -> str | None:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()

    async with engine.connect() as connection:
        return await connection.run_sync(read)
