"""What feedback keeps of the others' events, in whatever order the topics bring it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from chassis.store import make_engine
from chassis.testing import settings_values
from feedback import use_cases
from feedback.app import build
from feedback.settings import Settings
from feedback.tables import metadata
from feedback.testing import COME, DEBUT, GROUPE, IDRISS, SOLENE, World, sample, story
from sqlalchemy import Connection, text

from chassis import migrations
from contracts import events

NOW = datetime(2027, 4, 6, tzinfo=UTC)


async def members(world: World) -> dict[UUID, datetime | None]:
    async with world.database.read() as connection:
        rows = await connection.execute(text("SELECT inscription, jusque FROM membres"))
        return {row.inscription: row.jusque for row in rows}


async def take_groupe(world: World, moment: datetime, version: int, *membres: UUID) -> None:
    modifie = sample(events.GroupeModifie, groupe=GROUPE, membres=membres, version=version)
    assert isinstance(modifie, events.GroupeModifie)
    async with world.database.transaction() as tx:
        await use_cases.record_groupes(tx, [(moment, modifie)])


async def test_events_of_different_topics_may_come_in_any_order(empty: World) -> None:
    for event in reversed(story()):
        await empty.deliver(event)
    empty.at(DEBUT)
    assert "Cette séance a-t-elle répondu" in (await empty.web.get(empty.questionnaire())).text


async def test_who_leaves_a_groupe_stays_known_with_the_moment_and_may_come_back(empty: World) -> None:
    await take_groupe(empty, NOW, 1, SOLENE, IDRISS)
    later = NOW + timedelta(days=1)
    await take_groupe(empty, later, 2, IDRISS, COME)
    assert await members(empty) == {SOLENE: later, IDRISS: None, COME: None}
    await take_groupe(empty, later, 3, SOLENE)
    assert await members(empty) == {SOLENE: None, IDRISS: later, COME: later}


async def test_an_older_version_of_a_groupe_changes_nothing(empty: World) -> None:
    await take_groupe(empty, NOW, 2, SOLENE)
    await take_groupe(empty, NOW, 1, IDRISS)
    assert await members(empty) == {SOLENE: None}


async def test_several_versions_in_one_batch_leave_the_newest(empty: World) -> None:
    versions = [
        sample(events.GroupeModifie, groupe=GROUPE, membres=(m,), version=v) for v, m in ((2, SOLENE), (3, COME))
    ]
    await empty.deliver(*versions)
    assert await members(empty) == {COME: None}


async def test_a_groupe_that_loses_its_last_member_is_empty(empty: World) -> None:
    await take_groupe(empty, NOW, 1, SOLENE)
    await take_groupe(empty, NOW, 2)
    assert await members(empty) == {SOLENE: NOW}


async def test_migrations_make_the_tables_that_the_code_uses(make_database: Callable[[str], str], empty: World) -> None:
    service = build(Settings(**settings_values()), empty.database)  # type: ignore[arg-type]
    engine = make_engine(make_database("feedback_migrated"))
    await migrations.upgrade(engine, service.migrations)

    def differences(connection: Connection) -> list[object]:
        found = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)
        return [entry for entry in found if "alembic_version" not in str(entry)]

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await migrations.downgrade(engine, service.migrations)
    await engine.dispose()
