"""`make bench`: every measure in one run, printed as ratios."""

import asyncio
import logging
import statistics
import time

import structlog
from chassis.service import collect_garbage_seldom

from bench import consumer, mail, relay, stand


async def _run() -> None:
    with stand.servers() as servers:
        batched, alone = await consumer.measure(servers)
        _line("consumer, in batches", batched, "one message per transaction", alone, 30)
        relayed, library = await relay.measure(servers)
        _line("relay, in order per key", relayed, "faststream-outbox, 16 workers", library, 8)
    at_rest, loaded = await mail.measure()
    print(f"from POST to the mail, at rest: median {_ms(at_rest, 50):.0f} ms (goal: under 150)")
    print(
        f"from POST to the mail, {mail.A_SECOND} a second: p50 {_ms(loaded, 50):.0f} ms, p99 {_ms(loaded, 99):.0f} ms"
    )


def _ms(seconds: list[float], percent: int) -> float:
    return 1000 * statistics.quantiles(seconds, n=100, method="inclusive")[percent - 1]


def _line(ours: str, fast: float, other: str, slow: float, goal: int) -> None:
    print(f"{ours}: {fast:,.0f}/s; {other}: {slow:,.0f}/s; ratio {fast / slow:.1f} (goal: {goal} or more)", flush=True)


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    collect_garbage_seldom()
    started = time.perf_counter()
    asyncio.run(_run())
    print(f"{time.perf_counter() - started:.0f} s")
