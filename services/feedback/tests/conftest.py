"""A feedback service on a real database, at a time that each test sets."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest
from chassis.testing import client, new_database, settings_values
from feedback.app import build
from feedback.settings import Settings
from feedback.tables import metadata
from feedback.testing import DEBUT, World, story


@pytest.fixture
async def empty(make_database: Callable[[str], str]) -> AsyncIterator[World]:
    url = make_database("feedback")
    clock = [DEBUT - timedelta(days=1)]
    database = await new_database(url, metadata, clock=lambda: clock[0], source="feedback")
    settings = Settings(**settings_values(url))  # type: ignore[arg-type]
    async with client(build(settings, database)) as web:
        yield World(database, web, clock)
    await database.engine.dispose()


@pytest.fixture
async def world(empty: World) -> World:
    await empty.deliver(*story())
    return empty
