"""How far a run is from its turn, for those who wait for it in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from time import time

from agui_runtime.core.errors import AguiError
from agui_runtime.core.events import RunInfo
from agui_runtime.core.log_lines import lasting_logger_of
from agui_runtime.core.queueing import JobLost
from agui_runtime.runs.announced import Place
from agui_runtime.runtime.adoption import Stock
from agui_runtime.runtime.deferred import NOTICEABLE
from agui_runtime.runtime.turns import Turns

logger = lasting_logger_of(__name__)

EVERY = 5.0
"""Seconds between two looks for the same reader."""


class WaitingLine:
    """All readers of a process look one after the other: however many wait, the store is asked one
    thing at a time, and each reader less often.
    """

    def __init__(self, stock: Stock, turns: Turns) -> None:
        self._stock = stock
        self._turns = turns
        self._turn = asyncio.Lock()

    async def places(self, run: RunInfo) -> AsyncGenerator[Place, None]:
        """Where the run stands, from time to time while it waits, once that is noticeable. Raises
        JobLost when the store knows nothing of it any more.
        """
        await asyncio.sleep(NOTICEABLE)
        while True:
            position = await self._position(run)
            if position is not None:
                yield Place(position, max(0.0, time() - run.started_at))
            elif not await self._waits_or_began(run):
                raise JobLost
            await asyncio.sleep(EVERY)

    async def stop(self, run: RunInfo) -> None:
        """As `CopilotRuntime.stop` does, for whoever has its handle."""
        await self._turns.stop(run.thread_id, run.run_id, self._stock.store().log)

    async def _position(self, run: RunInfo) -> int | None:
        async with self._turn:
            try:
                return await self._stock.jobs().position(run.thread_id, run.run_id)
            except AguiError as error:
                logger.warning("where runs stand in line is not known: %s", error.message)
                return None

    async def _waits_or_began(self, run: RunInfo) -> bool:
        """Whether the store knows the run; True where it cannot be asked."""
        store = self._stock.store()
        async with self._turn:
            try:
                live = await store.log.active(run.thread_id)
                if live is not None and live.run_id == run.run_id:
                    return True
                runs = await store.threads.runs(run.thread_id)
            except AguiError as error:
                return error.status != 404  # the thread is gone, too
        return any(each.run_id == run.run_id for each in runs)
