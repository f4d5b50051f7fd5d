"""Which function of a service takes which event.

A handler takes consecutive events of one type of one partition together, in order, inside one transaction; events that
were already taken never reach it.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from contracts.envelope import Event
from contracts.model import EventData

from chassis import tracing
from chassis.store import Transaction

E = TypeVar("E", bound=EventData)


class Received(NamedTuple, Generic[E]):
    """An event as a handler sees it."""

    id: UUID
    time: datetime
    data: E


Handler = Callable[[Transaction, Sequence[Received[E]]], Awaitable[None]]


class Handlers:
    """A service's handlers by event type."""

    def __init__(self) -> None:
        self._by_type: dict[type[EventData], Handler[Any]] = {}

    def on(self, event: type[E]) -> Callable[[Handler[E]], Handler[E]]:
        def register(handler: Handler[E]) -> Handler[E]:
            self._by_type[event] = handler
            return handler

        return register

    async def handle(self, tx: Transaction, events: Sequence[Event]) -> int:
        """Take events in order, each at most once; types without a handler are passed over. How many were new."""
        known = [event for event in events if type(event.data) in self._by_type]
        new = await tx.only_new([event.id for event in known]) if known else set()
        fresh: list[Event] = []
        for event in known:
            if event.id in new:
                new.discard(event.id)  # a second copy in the same batch is no longer new
                fresh.append(event)
        if fresh:
            with tracing.batch(fresh) as tx.trace:
                await self._call(tx, fresh)
        return len(fresh)

    async def _call(self, tx: Transaction, fresh: Sequence[Event]) -> None:
        for event_type, run in groupby(fresh, key=lambda event: type(event.data)):
            received = [Received(event.id, event.time, event.data) for event in run]
            await self._by_type[event_type](tx, received)
