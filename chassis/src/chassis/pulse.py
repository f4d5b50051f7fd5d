"""How long ago the consumer last showed that it works, whatever replaces it meanwhile.

A Kafka client can look well and consume nothing: its tasks are alive and the broker answers pings, but its place in the
group is lost for good. What it takes in is the only proof.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Pulse:
    """How long a sign may be missing, in seconds: `idle` without a batch in hand, `working` with one.

    After `grace` more the consumer is lost: replacing it did not help.
    """

    def __init__(self, idle: float = 60.0, working: float = 300.0, grace: float = 120.0) -> None:
        self._idle = idle
        self._working = working
        self._grace = grace
        self._patience = idle
        self._last = time.monotonic()

    def beat(self) -> None:
        self._last = time.monotonic()

    def age(self) -> float:
        """Return the seconds since the last sign."""
        return time.monotonic() - self._last

    def is_overdue(self) -> bool:
        return self.age() > self._patience

    def is_lost(self) -> bool:
        return self.age() > self._patience + self._grace

    @contextmanager
    def batch(self) -> Iterator[None]:
        """A batch is in hand: nothing is polled until it ends."""
        self.beat()
        self._patience = self._working
        try:
            yield
        finally:
            self._patience = self._idle
            self.beat()
