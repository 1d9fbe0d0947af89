"""What one more reader of a run costs an event, where it is one, and where there are a thousand."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from urllib.request import Request
from uuid import uuid4

import uvloop

from bench.rig import Server, run, verdict
from bench.store_streams import asked, stream
from bench.tables import Grown, Table

READERS = (1, 100, 1000)
GOAL = 10.0
"""Microseconds of an event and reader."""

WORDS, RATE = 400, 50
"""Of one run, and a second, so that all readers are there while most of it is to come."""


class Reader:
    """Counts the words that come to it."""

    def __init__(self) -> None:
        self.words = 0
        self.begun = asyncio.Event()
        self.finished = False

    async def read(self, server: Server, verb: str, thread: str) -> None:
        async for line in stream(server.port, verb, asked(f"{WORDS} {RATE}", thread)):
            if b'"TEXT_MESSAGE_CONTENT"' in line:
                self.words += 1
                self.begun.set()
            elif b'"RUN_FINISHED"' in line:
                self.finished = True
        self.begun.set()


def tell_readers(options: argparse.Namespace, folder: Path) -> Grown:
    table = Table(
        "us of CPU of an event with so many more readers of its run", ("a reader", "goal")
    )
    grown = Grown(table, "An event and reader, us (across: readers)", at_least=(1.0, 20.0))
    command = [sys.executable, "-m", "agui_runtime", "serve", "--port"]
    env = {"AGUI_APP": "bench.growth_app:runtime", "AGUI_LOG_LEVEL": "warning"}
    with run("readers", command, env, Request("http://127.0.0.1/healthz")) as server:
        costs = uvloop.run(_costs(server, options, grown.problems))
    for count, cost in costs.items():
        table.add(f"{count:,}", cost, f"<= {GOAL:g} us: {verdict(cost <= GOAL)}")
        grown.curves.setdefault("an event and reader", []).append((count, cost))
    return grown


async def _costs(
    server: Server, options: argparse.Namespace, problems: list[str]
) -> dict[int, float]:
    """The medians of what each reader more than the one who began the run costs an event."""
    found: dict[int, list[float]] = {count: [] for count in options.readers}
    await _watched(server, 1, problems)  # to warm up
    for number in range(options.rounds):
        alone, _ = await _watched(server, 0, problems)
        for count in list(found)[:: 1 if number % 2 else -1]:
            cost, spread = await _watched(server, count, problems)
            found[count].append((cost - alone) / spread)
    return {count: median(costs) for count, costs in found.items()}


async def _watched(server: Server, count: int, problems: list[str]) -> tuple[float, float]:
    """Microseconds of an event once all are there, and how many more readers it went to."""
    thread, owner = str(uuid4()), Reader()
    readers = [Reader() for _ in range(count)]
    tasks = [asyncio.create_task(owner.read(server, "run", thread))]
    await owner.begun.wait()
    tasks += (asyncio.create_task(each.read(server, "connect", thread)) for each in readers)
    for each in readers:
        await each.begun.wait()
    before, events, read = server.cpu_seconds, owner.words, _words(readers)
    await asyncio.gather(*tasks)
    cpu, events, read = server.cpu_seconds - before, owner.words - events, _words(readers) - read
    lost = [it for it in (owner, *readers) if it.words != WORDS or not it.finished]
    if lost:
        problems.append(f"{len(lost)} of {count + 1} readers lost words")
    return cpu / max(1, events) * 1e6, read / max(1, events)


def _words(readers: Sequence[Reader]) -> int:
    return sum(each.words for each in readers)
