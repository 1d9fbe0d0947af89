"""Where agents of these tests stand still until a test has seen what they did so far."""

from __future__ import annotations

import asyncio
import multiprocessing

LOOKING = 0.01
"""Seconds: the agent may be in a process that was forked off, which nothing wakes."""


class Gate:
    """Each `go_on` lets one agent pass, once; it may come before the agent does."""

    def __init__(self) -> None:
        self._places = multiprocessing.Semaphore(0)

    def go_on(self) -> None:
        self._places.release()

    async def passed(self) -> None:
        while not self._places.acquire(block=False):  # noqa: ASYNC110  # see above
            await asyncio.sleep(LOOKING)
