"""Database migrations: each service's own, run by `<service> migrate`.

Two at once wait for each other (an advisory lock), and a service can tell whether its database is current.
"""

from pathlib import Path
from typing import Any

from alembic import command, context
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis.tables import NAMING, add_delivery_tables

_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('ateliers.migrate'))")


def run(metadata: MetaData) -> None:
    """The whole env.py of a service: Alembic calls it with the connection that `upgrade` gave."""
    connection: Connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=metadata, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


def create_delivery_tables(op: Any) -> None:
    """Create inbox, outbox and dlq; the first step of every service's first migration."""
    metadata = MetaData(naming_convention=NAMING)
    add_delivery_tables(metadata)
    metadata.create_all(op.get_bind())


def drop_delivery_tables(op: Any) -> None:
    for table in ("dlq", "outbox", "inbox"):
        op.drop_table(table)


def _config(folder: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


async def upgrade(engine: AsyncEngine, folder: Path, revision: str = "head") -> None:
    def work(connection: Connection) -> None:
        connection.execute(_LOCK)
        config = _config(folder)
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    async with engine.begin() as connection:
        await connection.run_sync(work)


async def downgrade(engine: AsyncEngine, folder: Path, revision: str = "base") -> None:
    def work(connection: Connection) -> None:
        connection.execute(_LOCK)
        config = _config(folder)
        config.attributes["connection"] = connection
        command.downgrade(config, revision)

    async with engine.begin() as connection:
        await connection.run_sync(work)


async def is_current(engine: AsyncEngine, folder: Path) -> bool:
    """Whether the database stands at the newest migration that this version has."""
    head = ScriptDirectory.from_config(_config(folder)).get_current_head()

    def revision(connection: Connection) -> str | None:
        return MigrationContext.configure(connection).get_current_revision()

    async with engine.connect() as connection:
        return await connection.run_sync(revision) == head
