"""A worker: carries out runs that wait in the store, as many at a time as it has slots."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Sequence
from contextlib import suppress

from agui_runtime.core.errors import AguiError
from agui_runtime.core.log_lines import lasting_logger_of
from agui_runtime.queues.base import QueueUnavailable, RunQueue
from agui_runtime.runtime.adoption import Adoption, Stock
from agui_runtime.runtime.duties import Duties
from agui_runtime.stores.jobs import Offer

logger = lasting_logger_of(__name__)

EVERY = 5.0
"""A worker looks after so many seconds without a bell, too: bells may be lost."""

ELSEWHERE = 1.0
"""Seconds until a run is offered again whose agent this worker does not have."""

POLITE = 0.1
"""Seconds that a worker lets others look first, for as long as there are such runs."""


class Worker:
    """It looks into the store at each bell, when a slot gets free, and from time to time."""

    def __init__(self, queue: RunQueue, stock: Stock, adoption: Adoption, duties: Duties) -> None:
        self.name = uuid.uuid4().hex
        self._queue = queue
        self._stock = stock
        self._adoption = adoption
        self._duties = duties
        self._runs: set[asyncio.Task[None]] = set()
        self._room = asyncio.Event()
        self._room.set()
        self._looking = asyncio.Lock()
        self._filling: asyncio.Task[bool] | None = None
        self._saying: asyncio.Task[Sequence[Offer]] | None = None
        self._calling: dict[str, asyncio.Task[None]] = {}
        """By queue, who has others look for what this worker cannot do."""

    async def run(self) -> None:
        """Take up runs until cancelled. Those that were taken up go on: `CopilotRuntime.drain` is
        for them.
        """
        others = [asyncio.create_task(self._watch()), asyncio.create_task(self._beat())]
        try:
            await self._queue.serve(self._duties.own, self._look)
        finally:
            await _cancelled(others)
            # No run that was offered to this worker waits for it, and nothing says that it lives.
            if under_way := [task for task in (self._filling, self._saying) if task is not None]:
                await asyncio.wait(under_way)
            await _cancelled(list(self._calling.values()))
            with suppress(AguiError):  # it counts as gone soon in any case
                await self._stock.jobs().leave(self.name)

    async def _watch(self) -> None:
        """Look without a bell."""
        while True:
            await self._look()
            await asyncio.sleep(EVERY * random.uniform(0.8, 1.2))  # else some come first for ever

    async def _beat(self) -> None:
        """Say that the worker lives, while no slot is free for which it could look."""
        while True:
            await asyncio.sleep(EVERY)
            if self._looking.locked():
                self._saying = asyncio.create_task(self._take(0))
                await asyncio.shield(self._saying)

    async def _look(self) -> None:
        """Take up what waits; as long as more may wait and no slot is free, this waits for one."""
        async with self._looking:
            more = True
            if self._calling:
                await asyncio.sleep(POLITE)
            while more:
                await self._room.wait()
                self._filling = asyncio.create_task(self._fill())
                more = await asyncio.shield(self._filling)

    async def _fill(self) -> bool:
        """Take up a run for each free slot; whether more may wait."""
        free = self._duties.slots - len(self._runs)
        offers = await self._take(free)
        if len(offers) < free and (inherited := self._duties.inherited()):
            offers = [*offers, *await self._take_over(inherited, free - len(offers))]
        await asyncio.gather(*map(self._take_up, offers))
        return len(offers) == free

    async def _take(self, most: int) -> Sequence[Offer]:
        return await self._taken(self.name, self._duties.own, most)

    async def _take_over(self, queues: Sequence[str], most: int) -> Sequence[Offer]:
        """Under a name that does not stay: who looks here is none of the workers of these queues,
        and keeps no other from doing the same.
        """
        passing = f"{self.name}-passing"
        offers = await self._taken(passing, queues, most)
        with suppress(AguiError):  # it counts as gone soon in any case
            await self._stock.jobs().leave(passing)
        return offers

    async def _taken(self, name: str, queues: Sequence[str], most: int) -> Sequence[Offer]:
        try:
            return await self._stock.jobs().take(name, queues, most)
        except AguiError as error:
            logger.warning("this worker cannot look for runs: %s", error.message)
        except Exception:  # a foreign SDK: the store's client
            logger.exception("this worker cannot look for runs")
        return ()

    async def _take_up(self, offer: Offer) -> None:
        try:
            run = await self._stock.store().log.active(offer.thread_id)
            if run is not None and not self._adoption.knows(run.agent):
                await self._leave_to_others(offer)
                return
            task = await self._adoption.carry_out(offer)
        except AguiError as error:  # it is offered again
            logger.warning("run %s is not taken up: %s", offer.run_id, error.message)
            return
        except Exception:  # a foreign SDK: the store's client
            logger.exception("run %s is not taken up", offer.run_id)
            return
        if task is not None:
            self._runs.add(task)
            task.add_done_callback(self._free)
            if len(self._runs) >= self._duties.slots:
                self._room.clear()

    async def _leave_to_others(self, offer: Offer) -> None:
        await self._stock.jobs().put_back(offer, ELSEWHERE)
        if offer.queue not in self._calling:
            self._calling[offer.queue] = asyncio.create_task(self._call(offer.queue))

    async def _call(self, queue: str) -> None:
        """Have others look, and look after them for a while: one of them may have the agent."""
        try:
            await asyncio.sleep(ELSEWHERE)
            with suppress(QueueUnavailable):  # they look by themselves
                await self._queue.ring(queue)
            await asyncio.sleep(ELSEWHERE)
        except Exception:  # a foreign SDK: the queue's client
            logger.exception("workers find the run without a bell")
        finally:
            del self._calling[queue]

    def _free(self, task: asyncio.Task[None]) -> None:
        self._runs.discard(task)
        self._room.set()


async def _cancelled(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
