"""What a service does by itself, from time to time or when a transaction wakes it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from chassis.trouble import Trouble


@dataclass(frozen=True, slots=True)
class Timer:
    """`run` is called at least every `every` of real time, and at once after `Transaction.wake(name)`.

    Several workers run it at the same time: claim rows with FOR UPDATE SKIP LOCKED.
    """

    name: str
    every: timedelta
    run: Callable[[], Awaitable[None]]


async def run_for_ever(timer: Timer, awake: asyncio.Event) -> None:
    trouble = Trouble(timer.name)
    while True:
        awake.clear()
        try:
            await timer.run()
        except Exception as error:  # noqa: BLE001 - one failed turn must not end the timer
            trouble.tell(error)
        try:
            await asyncio.wait_for(awake.wait(), timer.every.total_seconds())
        except TimeoutError:
            continue
