"""What the services really hold, read from their databases: for the demo's own waiting and its final checks."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import asyncpg

from local.demo.target import Target
from local.postgres import SERVICES

PATIENCE: Final = 90.0
PAUSE: Final = 0.2

Row = tuple[Any, ...]


class Truth:
    """Reads only. A database that restarts is asked again."""

    def __init__(self, platform: Target) -> None:
        self._urls = {s: platform.database_url(s).replace("+asyncpg", "", 1) for s in SERVICES}

    async def rows(self, service: str, query: str, *values: object) -> list[Row]:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                connection = await asyncpg.connect(self._urls[service])
                try:
                    return [tuple(row) for row in await connection.fetch(query, *values)]
                finally:
                    await connection.close()
            except (OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError):
                if time.monotonic() > deadline:
                    raise
            await asyncio.sleep(PAUSE)

    async def value(self, service: str, query: str, *values: object) -> Any:
        return (await self.rows(service, query, *values))[0][0]

    async def unsent(self) -> dict[str, int]:
        """How many outbox rows wait, by service."""
        query = "SELECT count(*) FROM outbox WHERE sent_at IS NULL"
        return {service: int(await self.value(service, query)) for service in SERVICES}

    async def retained(self) -> list[Row]:
        """Return (inscription, groupe) of everybody who has a place now."""
        return await self.rows(
            "scheduling",
            """SELECT a.inscription, a.groupe FROM affectations a JOIN propositions p ON p.id = a.proposition
               WHERE p.etat = 'publiee' AND a.decision = 'retenue'""",
        )

    async def seances(self) -> list[Row]:
        """Return (séance, groupe, rang, debut, fin) of every séance that takes place, by its start."""
        return await self.rows(
            "scheduling",
            """SELECT s.id, s.groupe, s.rang, s.debut, s.fin FROM seances s JOIN groupes g ON g.id = s.groupe
               JOIN propositions p ON p.id = g.proposition
               WHERE p.etat = 'publiee' AND s.cause_annulation IS NULL ORDER BY s.debut""",
        )

    async def told(self, modele: str) -> int:
        """How many messages of a kind are finished: sent, refused, or given up."""
        query = "SELECT count(*) FROM envois WHERE modele = $1 AND etat NOT IN ('a_envoyer', 'en_cours')"
        return int(await self.value("notification", query, modele))

    async def to_send(self) -> int:
        query = "SELECT count(*) FROM envois WHERE etat IN ('a_envoyer', 'en_cours')"
        return int(await self.value("notification", query))


async def until(condition: Callable[[], Awaitable[bool]], patience: float = PATIENCE) -> bool:
    """Wait for a condition; whether it came true in time."""
    deadline = time.monotonic() + patience
    while not await condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(PAUSE)
    return True
