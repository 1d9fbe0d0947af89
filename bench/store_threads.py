"""Long threads and long lists over each store: what they cost as they grow."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from statistics import median, quantiles
from time import perf_counter
from urllib.request import Request
from uuid import uuid4

from agui_runtime.stores.base import Store, ThreadQuery
from agui_runtime.stores.open import open_store
from bench.backing import Backing
from bench.rig import Server, reset_peak, run, verdict
from bench.store_streams import CURSOR, END, asked, stream

RESUMES = 200
RESUMED, RESUME_GOAL = 1000, 50.0
"""Words of the run that is resumed; milliseconds to the first byte for 99 of 100."""

LONG, GROWTH_GOAL = 10_000, 16.0
"""Words of a long thread; megabytes that the server may grow by while it is read."""

THREADS, FEW, PAGE_GOAL = 10_000, 200, 2.0
"""Threads of an owner; of one who has few; how many times as long a page of the many may take."""

SPOKEN = re.compile(rb"\d+\.\d{6} ")
"""A word of `bench/stores_app.py`."""


def tell_threads(stores: Sequence[Backing]) -> bool:
    """Whether all that was to be read was."""
    command, whole = [sys.executable, "-m", "agui_runtime", "serve", "--port"], True
    for each in stores:
        env = {"AGUI_APP": "bench.stores_app:runtime", "AGUI_LOG_LEVEL": "warning"}
        env["AGUI_STORE"] = each.url
        with ExitStack() as stack:
            ready = Request("http://127.0.0.1/healthz")
            server = stack.enter_context(run(each.name, command, env, ready))
            whole &= asyncio.run(_tell_resumes(server))
            whole &= asyncio.run(_tell_long_thread(server))
        if each.name != "memory":  # which has at most 1,000 threads
            asyncio.run(_tell_pages(each))
    return whole


async def _written(server: Server, thread: str, words: int) -> list[str]:
    """The cursors of a run of so many words, written as fast as may be."""
    body = asked(f"{words} 1000000", thread)
    text = b"".join([line async for line in stream(server.port, "run", body)])
    return [each.decode() for each in CURSOR.findall(text)]


async def _tell_resumes(server: Server) -> bool:
    thread, late, whole = str(uuid4()), list[float](), True
    cursors = await _written(server, thread, RESUMED)
    for number in range(RESUMES):
        begun, body = perf_counter(), asked("", thread)
        place = cursors[number * (len(cursors) - 1) // RESUMES]
        lines = stream(server.port, "connect", body, place)
        found = [(perf_counter() - begun, line) async for line in lines]
        late.append(next(at for at, line in found if line.startswith(b"id: ")) * 1e3)
        whole &= any(END.search(line) for _, line in found[-4:])
    slowest = quantiles(late, n=100)[98]
    print(
        f"{server.name:9}resume of a run of {RESUMED} words: first record after p50"
        f" {median(late):.1f} ms, p99 {slowest:.1f} ms; goal <= {RESUME_GOAL:g}:"
        f" {verdict(slowest <= RESUME_GOAL)}{'' if whole else '; WRONG: the end is missing'}"
    )
    return whole


async def _tell_long_thread(server: Server) -> bool:
    thread = str(uuid4())
    for _ in range(LONG // RESUMED):
        await _written(server, thread, RESUMED)
    reset_peak(server)
    was, begun = server.megabytes, perf_counter()
    lines = [line async for line in stream(server.port, "connect", asked("", thread))]
    seconds, grown = perf_counter() - begun, server.peak_megabytes - was
    missing = LONG - len(SPOKEN.findall(b"".join(lines)))
    print(
        f"{server.name:9}thread of {LONG} words read in {seconds:.2f} s, the server grew by at"
        f" most {grown:.1f} MB; goal <= {GROWTH_GOAL:g}: {verdict(grown <= GROWTH_GOAL)}"
        f"{f'; WRONG: {missing} are missing' if missing else ''}"
    )
    return not missing


async def _tell_pages(backing: Backing) -> None:
    store = open_store(backing.url)
    await store.open()
    try:
        few, _ = await _page_times(store, FEW)
        first, last = await _page_times(store, THREADS)
    finally:
        await store.close()
    times = max(first, last) / few
    print(
        f"{backing.name:9}page of 50 of {FEW} threads {few:.2f} ms, of {THREADS} the first"
        f" {first:.2f} ms and the last {last:.2f} ms: {times:.1f} times;"
        f" goal <= {PAGE_GOAL:g}: {verdict(times <= PAGE_GOAL)}"
    )


async def _page_times(store: Store, count: int) -> tuple[float, float]:
    """Milliseconds of the first and the last page of an owner's threads."""
    owner, cursors = str(uuid4()), list[str | None]([None])
    for number in range(count):
        await store.threads.obtain(f"{owner}-{number}", owner, "default")
    while cursor := (await store.threads.list(owner, ThreadQuery(cursor=cursors[-1]))).next_cursor:
        cursors.append(cursor)
    return await _time_of(store, owner, None), await _time_of(store, owner, cursors[-1])


async def _time_of(store: Store, owner: str, cursor: str | None) -> float:
    times = []
    for _ in range(20):
        begun = perf_counter()
        await store.threads.list(owner, ThreadQuery(cursor=cursor))
        times.append(perf_counter() - begun)
    return median(times) * 1e3
