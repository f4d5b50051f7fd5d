"""The composition root of scheduling."""

from datetime import timedelta
from pathlib import Path

from chassis.command import command
from chassis.service import Service
from chassis.store import Database
from chassis.timers import Timer

from scheduling.essai.command import essai
from scheduling.handlers import handlers
from scheduling.http import router
from scheduling.planner import Planner
from scheduling.replanner import Replanner
from scheduling.settings import Settings
from scheduling.tables import metadata
from scheduling.use_cases.propose import PLANNER


def build(settings: Settings, database: Database) -> Service:
    """Put the service together; nothing connects yet."""
    planner = Planner(database, settings)
    return Service(
        name="scheduling",
        prefix="/groupes",
        settings=settings,
        database=database,
        handlers=handlers(),
        router=router,
        templates=Path(__file__).parent / "templates",
        metadata=metadata,
        state={"replanner": Replanner(settings)},
        timers=(Timer(PLANNER, timedelta(seconds=5), planner.run),),
    )


main = command("scheduling", Settings, build)
main.command()(essai)
