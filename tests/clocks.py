"""The time of the running event loop, which passes when a test says so: its timers fire then."""

from __future__ import annotations

import asyncio

import pytest

TURNS = 20
"""Of the loop: what has arrived at a socket is read and dealt with, by several tasks."""


class LoopClock:
    """It goes on by itself as well, as any clock does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        loop = asyncio.get_running_loop()
        self._ahead, now = 0.0, loop.time
        monkeypatch.setattr(loop, "time", lambda: now() + self._ahead)

    async def settle(self) -> None:
        """Let everything happen for which nothing but a turn of the loop is missing."""
        for _ in range(TURNS):
            await asyncio.sleep(0)

    async def pass_by(self, seconds: float) -> None:
        """So many seconds pass, after what has arrived, and the timers that are due fire."""
        await self.settle()
        self._ahead += seconds
        await self.settle()

    def pass_at_once(self, seconds: float) -> None:
        """The same without letting anything happen."""
        self._ahead += seconds
