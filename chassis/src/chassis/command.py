"""The console command of a service: `<service> [--roles web,worker,relay]`, `migrate`, `replay`, `dlq`, `outbox`."""

import asyncio
import os
import sys
from collections.abc import Callable
from typing import Annotated, NoReturn, TypeVar

import typer

from chassis import migrations, tracing
from chassis.clock import make_clock
from chassis.logs import configure_logs
from chassis.ops import dlq_command, outbox_command, replay_command
from chassis.service import Role, Service, run
from chassis.settings import Settings, load
from chassis.store import Database, make_engine, sqlstate, unreachable

S = TypeVar("S", bound=Settings)


def command(name: str, settings_type: type[S], build: Callable[[S, Database], Service]) -> typer.Typer:
    """Make the command; `build` is the service's composition root."""
    app = typer.Typer(add_completion=False, no_args_is_help=False, pretty_exceptions_enable=False)

    def compose() -> Service:
        settings = load(settings_type, name)
        configure_logs(name, settings.log_level)
        try:
            clock = make_clock(settings)
        except ValueError as error:
            _fail(name, str(error))
        return build(settings, Database(make_engine(settings.database_url.get_secret_value()), clock, name))

    @app.callback(invoke_without_command=True)
    def start(
        context: typer.Context,
        roles: Annotated[
            str, typer.Option(help="Any of web, worker and relay, separated by commas")
        ] = "web,worker,relay",
    ) -> None:
        """Run the service until it is told to stop."""
        if context.invoked_subcommand:
            return
        try:
            wanted = frozenset(Role(role.strip()) for role in roles.split(","))
        except ValueError:
            _fail(name, f"--roles {roles}: choose among web, worker and relay")
        service = compose()
        tracing.configure(name, os.environ)
        try:
            asyncio.run(run(service, wanted))
        except OSError as error:
            port = service.settings.http_port
            _fail(name, f"HTTP_PORT {port} can't be used ({type(error).__name__}): stop what uses it or choose another")

    @app.command()
    def migrate() -> None:
        """Bring the service's database to the newest version."""
        service = compose()
        if problem := asyncio.run(_migrate(service)):
            _fail(name, problem)

    app.add_typer(dlq_command.make(compose), name="dlq")
    replay_command.add_to(app, compose)
    app.add_typer(outbox_command.make(compose), name="outbox")
    return app


async def _migrate(service: Service) -> str | None:
    """Migrate, or say what is in the way."""
    engine = service.database.engine
    try:
        if problem := await migrations.newer(engine, service.migrations):
            return problem
        await migrations.upgrade(engine, service.migrations)
    except Exception as error:
        if not isinstance(error, OSError) and not sqlstate(error):
            raise
        return unreachable(error)
    finally:
        await engine.dispose()
    return None


def _fail(name: str, problem: str) -> NoReturn:
    sys.stderr.write(f"{name}: {problem}\n")
    raise SystemExit(2)
