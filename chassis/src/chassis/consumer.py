"""The consumer of one process: started, watched, and replaced when it does not work any more."""

import asyncio
import ssl
from collections.abc import Sequence
from typing import Final

import structlog
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError
from contracts.topics import Topic
from faststream.kafka import KafkaBroker

from chassis import metrics
from chassis.broker import make_broker
from chassis.handlers import Handlers
from chassis.kafka import connection, reach
from chassis.pulse import Pulse
from chassis.settings import Settings
from chassis.store import Database
from chassis.subscriber import Subscriber

log = structlog.get_logger(__name__)

LOOK_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 3.0
START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 20.0


class ConsumerDead(Exception):
    """Kafka answers, and yet nothing has come in for too long: another consumer must take over."""


class TopicsMissing(Exception):
    """Names the topics that are not there, or that this login may not see."""


class ConsumerStuck(Exception):
    """A dead consumer can't even be stopped, and may hold its partitions: only the end of the process frees them."""


class Consumer:
    """Consumes the topics of a service; `pulse` outlives each of the clients that it uses."""

    def __init__(
        self,
        service: str,
        topics: Sequence[Topic],
        *,
        handlers: Handlers,
        database: Database,
        settings: Settings,
        pulse: Pulse,
    ) -> None:
        self._service = service
        self._topics = topics
        self._handlers = handlers
        self._database = database
        self._settings = settings
        self.pulse = pulse
        self._joined = False
        self._suspected = False

    async def check(self) -> str | None:
        return None if self._joined else "consumer: no place in the group yet"

    async def run(self) -> None:
        """Consume until it fails: start it again then. Raises ConsumerStuck when that would not help."""
        broker = make_broker(self._settings)
        subscriber = Subscriber(self._service, self._topics, self._handlers, self._database, self.pulse)
        subscriber.attach(broker)
        try:
            await reach(self._settings)
            await self._check_topics()
            await asyncio.wait_for(broker.start(), START_SECONDS)
            self._joined = True
            log.info("consuming", topics=[topic.name for topic in self._topics])
            while True:
                await asyncio.sleep(LOOK_SECONDS)
                await self._look(broker, subscriber)
        except (KafkaError, TopicsMissing, ssl.SSLError):
            self.pulse.beat()  # what is wrong is known, and nothing that a restart of the process would help
            raise
        finally:
            self._joined = self._suspected = False
            subscriber.forget()
            await self._stop(broker)

    async def _check_topics(self) -> None:
        """Say at once which topic is missing: the consumer would wait for it without a word."""
        client = AIOKafkaClient(**connection(self._settings))
        try:
            await client.bootstrap()
            there = (await client.fetch_all_metadata()).topics()
        finally:
            await client.close()
        if missing := [topic.name for topic in self._topics if topic.name not in there]:
            raise TopicsMissing(", ".join(missing))

    async def _look(self, broker: KafkaBroker, subscriber: Subscriber) -> None:
        await subscriber.look()
        suspected, self._suspected = self._suspected, self.pulse.is_overdue()
        if not (suspected and self._suspected):
            return  # one look is not enough: the process itself may have been stopped for a while
        if not await broker.ping(ANSWER_SECONDS):
            self.pulse.beat()
            return
        metrics.consumer_restarts.inc()
        raise ConsumerDead(f"no sign of life for {self.pulse.age():.0f} s")

    async def _stop(self, broker: KafkaBroker) -> None:
        try:
            await asyncio.wait_for(broker.stop(), STOP_SECONDS)
        except TimeoutError:
            raise ConsumerStuck("the consumer does not stop") from None
