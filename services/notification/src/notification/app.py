"""The composition root of notification: the one place that builds the writer and the mailer. Nothing connects here."""

from datetime import timedelta
from functools import partial
from pathlib import Path

from chassis.command import command
from chassis.links import Links
from chassis.service import Service
from chassis.store import Database
from chassis.timers import Timer

from notification import http, use_cases
from notification.handlers import handlers
from notification.mailer import Mailer
from notification.measures import mails_by_state
from notification.settings import Settings, address
from notification.smtp import Connection, SmtpServer
from notification.tables import metadata
from notification.writing import Writer


def build(settings: Settings, database: Database) -> Service:
    sender = address(settings.mail_from)
    reply_to = address(settings.reply_to) if settings.reply_to else None
    writer = Writer(Links(settings.secret_key.get_secret_value()), settings.public_url, sender, reply_to)
    server = SmtpServer.of(settings.smtp_url.get_secret_value())
    connect = partial(Connection, server, sender.domain)
    mailer = Mailer(database, writer, connect)

    async def look_at_the_clock() -> None:
        for plan in (use_cases.plan_reminders, use_cases.plan_questionnaires):
            more = 1
            while more:
                async with database.transaction() as tx:
                    more = await plan(tx)

    return Service(
        name="notification",
        prefix="/messages",
        settings=settings,
        database=database,
        handlers=handlers(),
        router=http.router,
        templates=Path(__file__).parent / "templates",
        metadata=metadata,
        timers=(
            Timer(use_cases.MAILER, timedelta(seconds=2), mailer.run),
            Timer("rappels", timedelta(seconds=5), look_at_the_clock),
        ),
        state={"writer": writer},
        csrf_exempt_paths=("/preferences/",),
        measures=(mails_by_state,),
    )


main = command("notification", Settings, build)
