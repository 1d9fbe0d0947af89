"""A process that writes a thread of a SQLite file until it is killed; run as a program.

It prints each number that was acknowledged, and `full` for one that finds no room, which it tries
again: `python -m tests.stores.sqlite_writer URL THREAD`.
"""

from __future__ import annotations

import asyncio
import sys

from agui_runtime.core.errors import StoreFull
from agui_runtime.core.events import Event, RunInfo
from agui_runtime.stores.base import Lease
from agui_runtime.stores.sql import SqliteStore, SqlLimits


async def write(url: str, thread: str) -> None:
    store = SqliteStore(url, SqlLimits(lease=1.0))
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


if __name__ == "__main__":
    asyncio.run(write(*sys.argv[1:]))
