"""Measures what workers cost, and what more of them bring: `python3 scripts.py bench workers`.

One server over Redis or PostgreSQL that carries runs out itself, and then with 1, 2 and 4 workers,
in one go. Each is asked for runs at a fixed rate, for how long the first event takes, and then for
as many as it can do. Every answer must have every word; a line that starts with `WRONG:` and exit
code 1 say that one had not.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from uuid import uuid4

import httpx

from bench.workers_app import WORDS
from tests.programs import discarded, serving, started
from tests.stores.postgres_server import PostgresServer
from tests.stores.servers import RedisServer
from tests.wires.agui.serving import run_body

RUN = "/copilotkit/agent/default/run"
RATE = 50
"""Starts a second while latency is measured."""

GOAL_P50, GOAL_P99 = 0.020, 0.100
"""Seconds that the queue may add to the time until the first event."""


async def first_event(client: httpx.AsyncClient) -> float:
    """Seconds from the request until RUN_STARTED; the whole answer is read."""
    began = perf_counter()
    async with client.stream("POST", RUN, json=run_body("hi", uuid4().hex)) as answer:
        took, text = 0.0, ""
        async for piece in answer.aiter_text():
            took = took or ("RUN_STARTED" in piece and perf_counter() - began)
            text += piece
    if not all(f'"{number} "' in text for number in range(WORDS)) or "RUN_FINISHED" not in text:
        raise SystemExit(f"WRONG: an answer lacks words: {answer.status_code} {text[-300:]}")
    return took


async def at_rate(client: httpx.AsyncClient, seconds: float) -> Sequence[float]:
    """What each of the runs took that began meanwhile."""
    running, began = [], perf_counter()
    for number in range(int(seconds * RATE)):
        await asyncio.sleep(max(0.0, began + number / RATE - perf_counter()))
        running.append(asyncio.create_task(first_event(client)))
    return await asyncio.gather(*running)


async def as_many_as_it_can(client: httpx.AsyncClient, seconds: float) -> float:
    """Runs a second, of 64 clients that begin again when they have their answer."""
    until, done = perf_counter() + seconds, 0

    async def again() -> None:
        nonlocal done
        while perf_counter() < until:
            await first_event(client)
            done += 1

    began = perf_counter()
    await asyncio.gather(*(again() for _ in range(64)))
    return done / (perf_counter() - began)


@asynccontextmanager
async def working(count: int, **settings: str) -> AsyncIterator[None]:
    """So many workers that look."""
    workers = [await started("worker", **settings) for _ in range(count)]
    try:
        for each in workers:
            assert each.stderr is not None
            while b"working on" not in (line := await each.stderr.readline()):
                assert line, "a worker has ended"
        with discarded(*workers):
            yield
    finally:
        for each in workers:
            each.kill()
            await each.communicate()


async def measure(name: str, url: str, count: int, seconds: float) -> Sequence[float]:
    """Print a line, and return what the runs took at the fixed rate."""
    app = {"AGUI_APP": "bench.workers_app:runtime", "AGUI_STORE": url}
    queue = {"AGUI_QUEUE": url} if count else {}
    limits = httpx.Limits(max_connections=None)
    async with AsyncExitStack() as stack:
        server, origin, _ = await stack.enter_async_context(serving(**app, **queue))
        stack.enter_context(discarded(server))
        await stack.enter_async_context(working(count, **app, **queue))
        client = httpx.AsyncClient(base_url=origin, timeout=60, limits=limits)
        await stack.enter_async_context(client)
        await at_rate(client, 2)  # warms up
        used = children()
        times = await at_rate(client, seconds)
        most = await as_many_as_it_can(client, seconds)
    cpu = children() - used  # of those that have ended: servers, workers, not the store's
    p99 = quantiles(times, n=100)[98]
    print(
        f"{name:11} {count} workers  first event p50 {median(times) * 1000:6.1f} ms, p99"
        f" {p99 * 1000:6.1f} ms at {RATE}/s   at most {most:5.0f} runs/s"
        f"   {cpu / (len(times) + most * seconds) * 1000:5.1f} ms of CPU a run",
        flush=True,
    )
    return times


def children() -> float:
    """Seconds of CPU that processes of this one took which have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def stores(names: Sequence[str]) -> Iterator[Sequence[tuple[str, str]]]:
    """The URL of each of these stores."""
    with ExitStack() as stack:
        found = []
        if "redis" in names:
            server = RedisServer(Path(stack.enter_context(tempfile.TemporaryDirectory())))
            server.start()
            stack.callback(server.kill)
            found.append(("redis", server.url))
        if "postgres" in names:
            postgres = PostgresServer()
            stack.callback(postgres.stop)
            found.append(("postgres", postgres.database()))
        yield found


async def compare(name: str, url: str, seconds: float) -> bool:
    """Whether the queue adds no more than it may."""
    here = await measure(name, url, 0, seconds)
    one, *_ = [await measure(name, url, count, seconds) for count in (1, 2, 4)]
    added = median(one) - median(here)
    added_late = quantiles(one, n=100)[98] - quantiles(here, n=100)[98]
    is_met = added <= GOAL_P50 and added_late <= GOAL_P99
    print(
        f"{name:11} the queue adds {added * 1000:.1f} ms at p50, {added_late * 1000:.1f} ms at p99;"
        f" goals {GOAL_P50 * 1000:.0f} and {GOAL_P99 * 1000:.0f}: {'met' if is_met else 'missed'}"
    )
    return is_met


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts.py bench workers", description=__doc__)
    parser.add_argument("stores", nargs="*", default=["redis", "postgres"])
    parser.add_argument("--seconds", type=float, default=10.0, help="of each measurement")
    options = parser.parse_args()
    with stores(options.stores) as found:
        met = [asyncio.run(compare(name, url, options.seconds)) for name, url in found]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
