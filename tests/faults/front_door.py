"""A portal that never gives up: what Kafka has not acknowledged is sent again, under the same event id."""

import asyncio
import contextlib
from collections import Counter
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from contracts.topics import INSCRIPTIONS_RECUES

from tests.faults.sent import NUMBER

Headers = tuple[tuple[str, bytes | None], ...]
LARGEST: Final = 4 * 1024 * 1024
PARTITIONS: Final = INSCRIPTIONS_RECUES.partitions
PAUSE: Final = 0.5
PATIENCE: Final = 120.0
"""Seconds until a portal sends again: after failures the client may forget a batch and never say so."""


class FrontDoor:
    """`acks=all` and idempotence, as the contract asks portals to do. Values are compressed, as portals may."""

    def __init__(self, bootstrap_servers: str) -> None:
        self._servers = bootstrap_servers
        self._producer: Any = None
        self._renewing = asyncio.Lock()
        self.troubles: Counter[str] = Counter()

    async def close(self) -> None:
        if self._producer is not None:
            await self._producer.stop()

    async def send(self, number: int, key: bytes | None, headers: Headers, value: bytes | None) -> None:
        """Return once the brokers have it."""
        marked = [*headers, (NUMBER, str(number).encode())]
        while True:
            producer = await self._current()
            try:
                if key is None:  # the client's plain `send` takes no record without key and value
                    batch = producer.create_batch()
                    batch.append(timestamp=None, key=key, value=value, headers=marked)
                    sent = await producer.send_batch(batch, INSCRIPTIONS_RECUES.name, partition=number % PARTITIONS)
                else:
                    sent = await producer.send(INSCRIPTIONS_RECUES.name, value, key=key, headers=marked)
                await asyncio.wait_for(sent, PATIENCE)
            except Exception as error:  # noqa: BLE001 - whatever it was, a portal tries again
                self.troubles[type(error).__name__] += 1
                await self._renew(producer)
                await asyncio.sleep(PAUSE)
            else:
                return

    async def _current(self) -> AIOKafkaProducer:
        async with self._renewing:
            while self._producer is None:
                producer = AIOKafkaProducer(
                    bootstrap_servers=self._servers,
                    acks="all",
                    enable_idempotence=True,
                    compression_type="gzip",
                    max_request_size=LARGEST,
                    linger_ms=5,
                )
                try:
                    await producer.start()
                except Exception as error:  # noqa: BLE001
                    self.troubles[type(error).__name__] += 1
                    with contextlib.suppress(Exception):
                        await producer.stop()
                    await asyncio.sleep(PAUSE)
                else:
                    self._producer = producer
            return self._producer

    async def _renew(self, broken: AIOKafkaProducer) -> None:
        async with self._renewing:
            if self._producer is not broken:
                return
            self._producer = None
        with contextlib.suppress(Exception):
            await asyncio.wait_for(broken.stop(), 5)
