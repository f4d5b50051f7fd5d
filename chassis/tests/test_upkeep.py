from collections.abc import Callable

from chassis.tables import new_metadata
from chassis.testing import new_database
from sqlalchemy import text

from chassis import upkeep


async def test_old_rows_of_delivery_go_and_what_waits_stays(make_database: Callable[[str], str]) -> None:
    database = await new_database(make_database("upkeep"), new_metadata())
    async with database.transaction() as tx:
        for age in ("500 days", "1 day"):
            await tx.connection.execute(
                text(f"INSERT INTO inbox VALUES (gen_random_uuid(), now() - interval '{age}')")  # noqa: S608 - of this test
            )
        await tx.connection.execute(
            text(
                "INSERT INTO outbox (topic, headers, created_at, sent_at) VALUES"
                " ('waiting', '', now() - interval '500 days', NULL),"
                " ('old', '', now() - interval '500 days', now() - interval '500 days'),"
                " ('young', '', now() - interval '500 days', now() - interval '1 day')"
            )
        )
    await upkeep.timer(database).run()
    async with database.read() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM inbox"))).scalar_one() == 1
        assert (await connection.execute(text("SELECT topic FROM outbox ORDER BY id"))).scalars().all() == [
            "waiting",
            "young",
        ]
    await database.engine.dispose()
