"""Alive: the process turns. Ready: the database answers and, for a worker, so does Kafka."""

import asyncio

from fastapi import APIRouter, Response
from faststream.kafka import KafkaBroker
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text

from chassis.measures import Measures
from chassis.store import Database

PROBE_SECONDS = 3.0


class Health:
    def __init__(self, database: Database, measures: Measures) -> None:
        self._database = database
        self._measures = measures
        self._started = False
        self.broker: KafkaBroker | None = None

    def started(self) -> None:
        """The database is there and current, and the roles have been started."""
        self._started = True

    async def problems(self) -> list[str]:
        found = [] if self._started else ["starting"]
        try:
            async with asyncio.timeout(PROBE_SECONDS), self._database.read() as connection:
                await connection.execute(text("SELECT 1"))
        except Exception as error:  # noqa: BLE001 - any failure is the answer
            found.append(f"postgresql: {type(error).__name__}")
        if self.broker is not None and not await self.broker.ping(PROBE_SECONDS):
            found.append("kafka: no answer")
        return found

    def router(self) -> APIRouter:
        router = APIRouter(include_in_schema=False)

        @router.get("/health/live")
        async def live() -> dict[str, str]:
            return {"status": "ok"}

        @router.get("/health/ready")
        async def ready(response: Response) -> dict[str, object]:
            problems = await self.problems()
            response.status_code = 503 if problems else 200
            return {"status": "waiting" if problems else "ok", "problems": problems}

        @router.get("/metrics")
        async def metrics() -> Response:
            await self._measures.read()
            return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

        return router
