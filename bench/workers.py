"""Measures what workers cost, and what more of them bring: `python3 scripts.py bench workers`.

One server over Redis or PostgreSQL that carries runs out itself, and then with 1, 2 and 4 workers,
in one go. Each is asked for runs at a fixed rate, for how long the first event takes, and then for
as many as it can do; processes are charged by the operating system. Then a user posts 500 runs, and
another one whose first must not wait for them. Every answer must have every word; a line that
starts with `WRONG:` and exit code 1 say that one had not.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter
from uuid import uuid4

from bench.backing import Backing, backing
from bench.idleness import watched
from bench.store_streams import asked, stream
from bench.worker_programs import programs
from bench.worker_turns import tell_turns
from bench.workers_app import WORDS

PARTS = ("starts", "turns")
RATE = 50
"""Starts a second while latency is measured."""

GOAL_P50, GOAL_P99 = 0.020, 0.100
"""Seconds that the queue may add to the time until the first event."""


async def first_event(port: int) -> float:
    """Seconds from the request until RUN_STARTED; the whole answer is read."""
    began, took, lines = perf_counter(), 0.0, list[bytes]()
    async for line in stream(port, "run", asked("hi", uuid4().hex)):
        took = took or (b"RUN_STARTED" in line and perf_counter() - began)
        lines.append(line)
    text = b"".join(lines).decode()
    if not all(f'"{number} "' in text for number in range(WORDS)) or "RUN_FINISHED" not in text:
        raise SystemExit(f"WRONG: an answer lacks words: {text[-300:]}")
    return took


async def at_rate(port: int, seconds: float) -> Sequence[float]:
    """What each of the runs took that began meanwhile."""
    running, began = [], perf_counter()
    for number in range(int(seconds * RATE)):
        await asyncio.sleep(max(0.0, began + number / RATE - perf_counter()))
        running.append(asyncio.create_task(first_event(port)))
    return await asyncio.gather(*running)


async def as_many_as_it_can(port: int, seconds: float) -> tuple[float, int]:
    """Runs a second, and how many: of 64 clients that begin again when they have their answer."""
    until, done = perf_counter() + seconds, 0

    async def again() -> None:
        nonlocal done
        while perf_counter() < until:
            await first_event(port)
            done += 1

    began = perf_counter()
    await asyncio.gather(*(again() for _ in range(64)))
    return done / (perf_counter() - began), done


async def measure(store: Backing, count: int, seconds: float) -> Sequence[float]:
    """Print a line, and return what the runs took at the fixed rate."""
    async with programs(store, count) as it:
        await at_rate(it.port, 2)  # warms up
        before = it.taken
        times = await at_rate(it.port, seconds)
        most, runs = await as_many_as_it_can(it.port, seconds)
        taken = it.taken.since(before)
    p99 = quantiles(times, n=100)[98]
    server, workers, database = (each / (len(times) + runs) * 1000 for each in taken)
    print(
        f"{store.name:11} {count} workers  first event p50 {median(times) * 1000:6.1f} ms, p99"
        f" {p99 * 1000:6.1f} ms at {RATE}/s   at most {most:4.0f} starts/s   CPU a run"
        f" {server + workers + database:5.1f} ms: server {server:4.1f}, workers {workers:4.1f},"
        f" store {database:4.1f}",
        flush=True,
    )
    return times


async def compare(store: Backing, seconds: float) -> bool:
    """Whether the queue adds no more than it may."""
    here = await measure(store, 0, seconds)
    one, *_ = [await measure(store, count, seconds) for count in (1, 2, 4)]
    added = median(one) - median(here)
    added_late = quantiles(one, n=100)[98] - quantiles(here, n=100)[98]
    is_met = added <= GOAL_P50 and added_late <= GOAL_P99
    print(
        f"{store.name:11} the queue adds {added * 1000:.1f} ms at p50, {added_late * 1000:.1f} ms"
        f" at p99; goals {GOAL_P50 * 1000:.0f} and {GOAL_P99 * 1000:.0f}:"
        f" {'met' if is_met else 'missed'}"
    )
    return is_met


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts.py bench workers", description=__doc__)
    parser.add_argument("stores", nargs="*", default=["redis", "postgres"])
    parser.add_argument("--seconds", type=float, default=10.0, help="of each measurement")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    options = parser.parse_args()
    met = []
    with TemporaryDirectory() as folder, ExitStack() as stack:
        for store in [backing(name, Path(folder), stack) for name in options.stores]:
            if "starts" in options.parts:
                met.append(asyncio.run(compare(store, options.seconds)))
            if "turns" in options.parts:
                met.append(asyncio.run(tell_turns(store)))
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(watched(main))
