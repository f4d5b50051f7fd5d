"""The migrations make exactly the tables that the code uses, and can be taken back."""

from collections.abc import Callable
from pathlib import Path

import scheduling
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from chassis.store import make_engine
from scheduling.tables import metadata
from sqlalchemy import Connection, inspect

from chassis import migrations

FOLDER = Path(scheduling.__path__[0]) / "migrations"


def _differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))


async def test_a_migrated_database_has_the_tables_of_the_code_and_none_after_the_way_back(
    make_database: Callable[[str], str],
) -> None:
    engine = make_engine(make_database("scheduling_migrations"))
    await migrations.upgrade(engine, FOLDER)
    async with engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
    await migrations.downgrade(engine, FOLDER)
    async with engine.connect() as connection:
        left = await connection.run_sync(lambda c: set(inspect(c).get_table_names()))
    assert left <= {"alembic_version"}
    await engine.dispose()
