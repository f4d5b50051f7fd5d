"""The composition root: the one place that puts registration together. Nothing connects here."""

from datetime import timedelta
from pathlib import Path

from chassis.command import command
from chassis.service import Service
from chassis.store import Database
from chassis.timers import Timer
from chassis.web.security import RateLimit

from registration import use_cases
from registration.admission import Collectivites
from registration.collectivites import load_reference
from registration.handlers import handlers
from registration.http import router
from registration.settings import Settings
from registration.tables import metadata


def build(settings: Settings, database: Database) -> Service:
    known = Collectivites(load_reference(), settings.seuils)

    async def purge() -> None:
        async with database.transaction() as tx:
            await use_cases.purge_drafts(tx)

    return Service(
        name="registration",
        prefix="",
        settings=settings,
        database=database,
        handlers=handlers(known),
        router=router,
        templates=Path(__file__).parent / "templates",
        metadata=metadata,
        timers=(Timer("purge-drafts", timedelta(hours=1), purge),),
        state={
            "collectivites": known,
            "rate_limit": RateLimit(settings.envois_par_minute / 60, settings.envois_par_minute),
        },
    )


main = command("registration", Settings, build)
