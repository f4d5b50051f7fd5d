"""Alive: the loop turns and the consumer takes in. Ready: what this process needs answers, and the database is current.

Not alive means that a restart may help; not ready, that it would not.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from aiokafka.errors import KafkaError
from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from chassis import kafka, migrations
from chassis.measures import Measures
from chassis.pulse import Pulse
from chassis.settings import KafkaSettings
from chassis.store import Database, name_of

PROBE_SECONDS: Final = 3.0

Check: TypeAlias = Callable[[], Awaitable[str | None]]
"""Says what is wrong, or None."""


class Health:
    def __init__(self, measures: Measures, checks: Sequence[Check] = (), pulse: Pulse | None = None) -> None:
        self._measures = measures
        self._checks = checks
        self._pulse = pulse
        self._started = False

    def started(self) -> None:
        """The database is there and current, and the roles have been started."""
        self._started = True

    async def problems(self) -> list[str]:
        found = await asyncio.gather(*(check() for check in self._checks))
        return [*([] if self._started else ["starting"]), *(problem for problem in found if problem)]

    def is_alive(self) -> bool:
        return not self._started or self._pulse is None or not self._pulse.is_lost()

    def router(self) -> APIRouter:
        router = APIRouter(include_in_schema=False)

        @router.get("/health/live")
        async def live(response: Response) -> dict[str, str]:
            alive = self.is_alive()
            response.status_code = 200 if alive else 503
            return {"status": "ok" if alive else "the consumer takes nothing in and could not be replaced"}

        @router.get("/health/ready")
        async def ready(response: Response) -> dict[str, object]:
            problems = await self.problems()
            response.status_code = 503 if problems else 200
            attention = await self._measures.read() if self._started else []
            return {"status": "waiting" if problems else "ok", "problems": problems, "attention": attention}

        @router.get("/metrics")
        async def metrics() -> Response:
            await self._measures.read()
            return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

        return router


def database_check(database: Database, folder: Path) -> Check:
    """A database that is newer than this process is no problem: its successor is on the way."""

    async def check() -> str | None:
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                found = await migrations.revision(database.engine)
        except Exception as error:  # noqa: BLE001 - any failure is the answer
            return f"postgresql: {name_of(error)}"
        return None if found is not None and found >= migrations.newest(folder) else "postgresql: not migrated"

    return check


def kafka_check(settings: KafkaSettings) -> Check:
    async def check() -> str | None:
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                await kafka.reach(settings)
        except (KafkaError, OSError) as error:
            return f"kafka: {type(error).__name__}"
        return None

    return check
