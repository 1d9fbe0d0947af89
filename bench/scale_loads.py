"""The loads that `bench scale` puts on, and what things cost by what these differ by."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from itertools import pairwise
from typing import NamedTuple
from uuid import uuid4

from bench.backing import Backing
from bench.scale_world import Reading, World, size_of, world
from bench.store_streams import asked, read, stream

US = 1e6
PARTS = ("web", "worker", "store")

IDLE = 6.0
"""Seconds for which nothing is asked for, and for which runs wait."""

SETTLED = 14.0
"""Seconds from the end of a load until its runs are compacted."""

SHORT, AT_ONCE = 400, 16
"""Runs of one word, and how many at once."""

LONG, WORDS, RATE = 60, 80, 10
"""Runs at once, their words, and words a second."""

MORE = 4
"""Readers of each run at the other server."""

QUIET = 200
"""Runs that wait after their first word."""

SAID = LONG * WORDS

Costs = Mapping[str, float]


class Loads(NamedTuple):
    """What each of them took; `more` is `long` with more readers."""

    idle: Reading
    short: Reading
    long: Reading
    more: Reading
    waiting: Reading


async def runs(port: int, count: int, text: str, at_once: int) -> None:
    """So many runs on threads of their own, each read to its end."""
    turn = asyncio.Semaphore(at_once)

    async def one() -> None:
        async with turn:
            found = await read(port, "run", asked(text, str(uuid4())))
            if found.end != "RUN_FINISHED":
                raise SystemExit(f"WRONG: a run ended with {found.end}")

    await asyncio.gather(*(one() for _ in range(count)))


async def long_runs(it: World, readers: int) -> None:
    """Runs that talk for a while, each with so many readers at the other server."""
    text = f"{WORDS} {RATE}"

    async def one(thread: str) -> None:
        reading, words, line = None, 0, b""
        async for line in stream(it.port, "run", asked(text, thread)):
            words += b'"delta"' in line
            if reading is None and words:
                more = (read(it.other_port, "connect", asked("", thread)) for _ in range(readers))
                reading = asyncio.gather(*more)
        if reading is None or words < WORDS:
            raise SystemExit(f"WRONG: a run has {words} words: {line!r}")
        for each in await reading:
            if each.end != "RUN_FINISHED":
                raise SystemExit(f"WRONG: a reader has {len(each.late)} words, {each.end}")

    await asyncio.gather(*(one(str(uuid4())) for _ in range(LONG)))


async def loaded(it: World, load: Callable[[], Awaitable[None]]) -> Reading:
    """What the load took, with the compaction of its runs."""
    before = await it.read()
    await load()
    await asyncio.sleep(SETTLED)
    return (await it.read()).since(before)


async def waiting_runs(it: World) -> None:
    """Runs that wait for a while."""
    await quiet(it)


async def quiet(it: World) -> tuple[Reading, Reading]:
    """What memory runs take that wait after their first word; what they take of processors."""
    before, begun = await it.read(), asyncio.Semaphore(0)

    async def one() -> None:
        async for line in stream(it.port, "run", asked("1 0.01", str(uuid4()))):
            if b'"delta"' in line:
                begun.release()

    reading = [asyncio.create_task(one()) for _ in range(QUIET)]
    for _ in range(QUIET):
        await begun.acquire()
    await asyncio.sleep(1)
    held = await it.read()
    await asyncio.sleep(IDLE)
    took = (await it.read()).since(held)
    for task in reading:
        task.cancel()
    await asyncio.gather(*reading, return_exceptions=True)
    return held.since(before), took


async def measured(store: Backing) -> Costs:
    """The costs, in microseconds of CPU unless their names say otherwise."""
    async with world(store) as it:
        await runs(it.port, 50, "1 1000", AT_ONCE)  # warms up
        await asyncio.sleep(SETTLED)
        before = await it.read()
        await asyncio.sleep(IDLE)
        idle = (await it.read()).since(before)
        short = await loaded(it, partial(runs, it.port, SHORT, "1 1000", AT_ONCE))
        long = await loaded(it, partial(long_runs, it, 0))
        read_by_more = await loaded(it, partial(long_runs, it, MORE))
        links = await it.connections()
        held, waiting = await quiet(it)
    loads = Loads(idle, short, long, read_by_more, waiting)
    return costs_of(loads, held) | {"connections": links, **await kept(store)}


def costs_of(loads: Loads, held: Reading) -> dict[str, float]:
    """What each thing costs, from what the loads took."""
    found: dict[str, float] = {}
    for part in PARTS:
        live = _beyond(loads.waiting, loads.idle, part) / (QUIET * loads.waiting.at)
        run = _beyond(loads.short, loads.idle, part) / SHORT
        said = _beyond(loads.long, loads.idle, part) - LONG * (run + live * WORDS / RATE)
        found |= {f"live_{part}": live, f"run_{part}": run, f"token_{part}": said / SAID}
        found[f"process_{part}"] = getattr(loads.idle, part) / loads.idle.at * US
    found["process_store"] /= 3  # of a process
    return found | _of_readers(loads, found["token_web"]) | _of_counters(loads, held)


def _beyond(load: Reading, idle: Reading, part: str) -> float:
    """Microseconds beyond what idle processes take."""
    return float(getattr(load, part) - getattr(idle, part) / idle.at * load.at) * US


def _of_readers(loads: Loads, token_web: float) -> dict[str, float]:
    """A word at a server costs `news` once, and `frame` for each reader. A server without a reader
    of it pays `bystander`.
    """
    read_by_more = _beyond(loads.more, loads.idle, "other") / SAID
    frame = max(0.0, (read_by_more - token_web) / (MORE - 1))
    return {
        "bystander": max(0.0, _beyond(loads.long, loads.idle, "other") / SAID),
        "frame": frame,
        "news": max(0.0, token_web - frame),
        "subscriber_store": max(0.0, (loads.more.store - loads.long.store) * US / SAID),
    }


def _of_counters(loads: Loads, held: Reading) -> dict[str, float]:
    idle, short, long = loads.idle, loads.short, loads.long
    a_second = idle.commands / idle.at
    run = (short.commands - a_second * short.at) / SHORT
    return {
        "run_commands": run,
        "token_commands": (long.commands - a_second * long.at - LONG * run) / SAID,
        "token_sent_bytes": (long.sent - LONG * short.sent / SHORT) / SAID,
        "live_web_kb": held.web_memory / QUIET,
        "live_worker_kb": held.worker_memory / QUIET,
    }


async def kept(store: Backing) -> Costs:
    """Bytes that a run leaves, and a word of it, once it is compacted."""
    async with world(store) as it:
        sizes = [await size_of(store)]
        for words in (1, 401):
            await runs(it.port, 200, f"{words} 1000000", 8)
            await asyncio.sleep(SETTLED)
            sizes.append(await size_of(store))
    one, many = ((after - before) / 200 for before, after in pairwise(sizes))
    return {"kept_run_bytes": one, "kept_word_bytes": (many - one) / 400}
