"""Composition root: the one place that puts feedback together. Nothing connects at import."""

from pathlib import Path

from chassis.command import command
from chassis.service import Service
from chassis.store import Database

from feedback.handlers import handlers
from feedback.http import router
from feedback.settings import Settings
from feedback.tables import metadata


def build(settings: Settings, database: Database) -> Service:
    return Service(
        name="feedback",
        prefix="/retours",
        settings=settings,
        database=database,
        handlers=handlers(),
        router=router,
        templates=Path(__file__).parent / "templates",
        metadata=metadata,
    )


main = command("feedback", Settings, build)
