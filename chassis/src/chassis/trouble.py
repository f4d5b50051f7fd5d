"""What is wrong, in one line that says what to do about it."""

import time
from typing import Final

import structlog

from chassis import kafka
from chassis.consumer import ConsumerDead, TopicsMissing
from chassis.logs import describe
from chassis.store import is_transient

log = structlog.get_logger(__name__)

REMIND_SECONDS: Final = 300.0


class Trouble:
    """Tells why one task fails: when the reason is new, and every five minutes while it stays the same."""

    def __init__(self, task: str) -> None:
        self._task = task
        self._told = ""
        self._at = 0.0

    def tell(self, error: Exception) -> None:
        self.say(advice(error))

    def say(self, problem: str) -> None:
        now = time.monotonic()
        if problem != self._told or now - self._at >= REMIND_SECONDS:
            log.warning(problem, task=self._task)
            self._told, self._at = problem, now


def advice(error: Exception) -> str:
    if isinstance(error, ConsumerDead):
        return f"the consumer is replaced: {error}"
    if isinstance(error, TopicsMissing):
        return f"Kafka lacks {error}: run `ateliers-topics create`, or give this login the right to read them"
    if told := kafka.advice(error):
        return told
    if is_transient(error):
        return f"waiting for a connection ({type(error).__name__}): check PostgreSQL and Kafka"
    return f"tried again after {describe(error)}"
