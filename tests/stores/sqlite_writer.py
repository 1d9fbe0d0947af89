"""A process that writes a thread of a SQLite file until it is killed; run as a program.

It prints each number that was acknowledged, and `full` for one that finds no room, which it tries
again: `python -m tests.stores.sqlite_writer URL THREAD`.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from agui_runtime.core.errors import StoreFull
from agui_runtime.core.events import Event, RunInfo
from agui_runtime.stores.base import Lease
from agui_runtime.stores.sql import SqliteStore, SqlLimits

LEASE = 60.0
"""Seconds: who waits for the file's lock gets it by luck, and may wait for long."""

ROOT = Path(__file__).parents[2]


async def write(url: str, thread: str) -> None:
    store = SqliteStore(url, SqlLimits(lease=LEASE))
    await store.open()
    lease = await store.log.claim(RunInfo(thread, "r1", "default", "ann", 1.0), lambda: None)
    with store.log.keep(lease, lambda: None):
        number = 0
        while True:
            number += 1
            event = {"type": "TEXT_MESSAGE_CONTENT", "messageId": "m1", "delta": str(number)}
            while not await is_stored(store, lease, event):
                say("full")
                await asyncio.sleep(0.2)  # the disk sends no word of room
            say(number)


def say(word: object) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


async def is_stored(store: SqliteStore, lease: Lease, event: Event) -> bool:
    try:
        await store.log.append(lease, [event])
    except StoreFull:
        return False
    return True


@asynccontextmanager
async def writing(url: str, thread: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Another process that writes the thread; it is killed with the block."""
    program = [sys.executable, "-m", "tests.stores.sqlite_writer", url, thread]
    process = await asyncio.create_subprocess_exec(*program, stdout=subprocess.PIPE, cwd=ROOT)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()  # not `wait`, which waits for ever where a pipe is full


async def acknowledged(process: asyncio.subprocess.Process, most: int | None = None) -> int:
    """The number that it printed last, of so many or of all."""
    assert process.stdout is not None
    last = 0
    async for line in process.stdout:
        last = int(line)
        if last == most:
            return last
    assert most is None, f"the process ended after {last} of {most}"
    return last


if __name__ == "__main__":
    asyncio.run(write(*sys.argv[1:]))
