"""`make bench`: every measure in one run, printed as ratios; `python -m bench registration scale` for some."""

import asyncio
import logging
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog
from chassis.service import collect_garbage_seldom

from bench import bare, consumer, mail, obvious, registration, relay, stand, traces

ANSWERED, OBVIOUS, WAITING = 100_000, 600, 100_000
WORKERS = (1, 2, 4)
ROUNDS = 3


async def _delivery() -> None:
    with stand.servers() as servers:
        batched, alone = await consumer.measure(servers)
        _line("consumer, in batches", batched, "one message per transaction", alone, 30)
        relayed, library = await relay.measure(servers)
        _line("relay, in order per key", relayed, "faststream-outbox, 16 workers", library, 8)


async def _registration() -> None:
    with stand.servers() as servers:
        slow = await obvious.run(servers, OBVIOUS)
    rounds = [await _round() for _ in range(ROUNDS)]
    alone = statistics.median(one.ours[1].rate for one in rounds)
    _line("registration, from event in to event out", alone, "the obvious stack", slow.rate, 20)
    for number, one in enumerate(rounds, 1):
        steps = f"consume {one.most.consume:,.0f}/s, one COPY {one.most.copy:,.0f}/s, produce {one.most.produce:,.0f}/s"
        print(f"round {number}, the bare machine: {one.most.all:,.0f}/s ({steps})")
        for workers, run in one.ours.items():
            print(f"round {number}, {_workers(workers)}: {run.rate:,.0f}/s, {one.share(workers):.2f} of it")
        for name, cpu in (("registration", one.ours[1].cpu), ("bare", one.most.cpu)):
            print(f"round {number}, {_spent(name, cpu)}")
    print(_spent("obvious", slow.cpu))
    for workers in WORKERS:
        share = statistics.median(one.share(workers) for one in rounds)
        print(f"{_workers(workers)}: {share:.2f} of the bare machine, median (goal: 0.4 or more)", flush=True)


@dataclass(frozen=True)
class _Round:
    """The bare machine and, right after it, registration by number of workers: the pace of both changes with time."""

    ours: Mapping[int, registration.Run]
    most: bare.Bare

    def share(self, workers: int) -> float:
        return self.ours[workers].rate / self.most.all


async def _round() -> _Round:
    with stand.servers() as servers:
        most = await bare.run(servers, ANSWERED)
    ours = {}
    for workers in WORKERS:
        with stand.servers() as servers:
            ours[workers] = await registration.run(servers, ANSWERED, workers)
    return _Round(ours, most)


def _workers(count: int) -> str:
    return f"{count} worker{'s' if count > 1 else ''} and one relay"


def _spent(name: str, cpu: Mapping[str, float]) -> str:
    parts = ", ".join(f"{part} {spent:.0f}" for part, spent in cpu.items())
    return f"processor time of {name}, µs an event: {sum(cpu.values()):,.0f} ({parts})"


async def _catching_up() -> None:
    with stand.servers() as servers:
        caught = await registration.run(servers, WAITING)
    print(
        f"catching up with {WAITING:,} events: {caught.seconds:.0f} s with the start, {caught.rate:,.0f}/s, "
        f"memory grows by {caught.growth:.0f} MB after the first tenth",
        flush=True,
    )


async def _traces() -> None:
    without, recorded = await traces.measure(ANSWERED)
    cost = f"{without:.0f} µs an event, {recorded:.0f} with spans sent: {recorded / without - 1:+.1%} (goal: under 5 %)"
    print(f"traces, one for each event: {cost}", flush=True)


async def _mail() -> None:
    at_rest, loaded = await mail.measure()
    print(f"from POST to the mail, at rest: median {_ms(at_rest, 50):.0f} ms (goal: under 150)")
    print(
        f"from POST to the mail, {mail.A_SECOND} a second: p50 {_ms(loaded, 50):.0f} ms, p99 {_ms(loaded, 99):.0f} ms"
    )


MEASURES = {
    "delivery": _delivery,
    "registration": _registration,
    "catching-up": _catching_up,
    "traces": _traces,
    "mail": _mail,
}


async def _run(names: Sequence[str]) -> None:
    for name in names or MEASURES:
        await MEASURES[name]()


def _ms(seconds: list[float], percent: int) -> float:
    return 1000 * statistics.quantiles(seconds, n=100, method="inclusive")[percent - 1]


def _line(ours: str, fast: float, other: str, slow: float, goal: int) -> None:
    print(f"{ours}: {fast:,.0f}/s; {other}: {slow:,.0f}/s; ratio {fast / slow:.1f} (goal: {goal} or more)", flush=True)


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    collect_garbage_seldom()
    started = time.perf_counter()
    asyncio.run(_run(sys.argv[1:]))
    print(f"{time.perf_counter() - started:.0f} s")
