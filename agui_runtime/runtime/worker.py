"""A worker: carries out runs that wait in the store, as many at a time as it has slots."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from contextlib import suppress

from agui_runtime.core.errors import AguiError
from agui_runtime.core.log_lines import lasting_logger_of
from agui_runtime.queues.base import RunQueue
from agui_runtime.runtime.adoption import Adoption, Stock
from agui_runtime.stores.jobs import Offer

logger = lasting_logger_of(__name__)

EVERY = 5.0
"""A worker looks after so many seconds without a bell, too: bells may be lost."""

ELSEWHERE = 2.0
"""Seconds until a run is offered again whose agent this worker does not have."""


class Worker:
    """It looks into the store at each bell, when a slot gets free, and from time to time."""

    def __init__(
        self, queue: RunQueue, stock: Stock, adoption: Adoption, queues: Sequence[str], slots: int
    ) -> None:
        self.name = uuid.uuid4().hex
        self._queue = queue
        self._stock = stock
        self._adoption = adoption
        self._queues = queues
        self._slots = slots
        self._runs: set[asyncio.Task[None]] = set()
        self._room = asyncio.Event()
        self._room.set()
        self._looking = asyncio.Lock()

    async def run(self) -> None:
        """Take up runs until cancelled. Those that were taken up go on: `CopilotRuntime.drain` is
        for them.
        """
        watch = asyncio.create_task(self._watch())
        try:
            await self._queue.serve(self._queues, self._look)
        finally:
            watch.cancel()
            await asyncio.wait([watch])
            with suppress(AguiError):  # it counts as gone soon in any case
                await self._stock.jobs().leave(self.name)

    async def _watch(self) -> None:
        """Look without a bell; a worker that has no slot free says that it lives."""
        while True:
            if self._looking.locked():
                await self._take(0)
            else:
                await self._look()
            await asyncio.sleep(EVERY)

    async def _look(self) -> None:
        """Take up what waits; as long as more may wait and no slot is free, this waits for one."""
        async with self._looking:
            while True:
                await self._room.wait()
                free = self._slots - len(self._runs)
                offers = await self._take(free)
                await asyncio.gather(*map(self._take_up, offers))
                if len(offers) < free:
                    return

    async def _take(self, most: int) -> Sequence[Offer]:
        try:
            return await self._stock.jobs().take(self.name, self._queues, most)
        except AguiError as error:
            logger.warning("this worker cannot look for runs: %s", error.message)
            return ()

    async def _take_up(self, offer: Offer) -> None:
        try:
            run = await self._stock.store().log.active(offer.thread_id)
            if run is not None and not self._adoption.knows(run.agent):
                await self._stock.jobs().put_back(offer, ELSEWHERE)
                return
            task = await self._adoption.carry_out(offer.thread_id, offer.run_id)
        except AguiError as error:  # it is offered again
            logger.warning("run %s is not taken up: %s", offer.run_id, error.message)
            return
        if task is not None:
            self._runs.add(task)
            task.add_done_callback(self._free)
            if len(self._runs) >= self._slots:
                self._room.clear()

    def _free(self, task: asyncio.Task[None]) -> None:
        self._runs.discard(task)
        self._room.set()
