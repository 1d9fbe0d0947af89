"""Posts runs for workers: the process that takes a request does not carry it out."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack, aclosing, suppress
from dataclasses import replace
from functools import partial

from agui_runtime.core.errors import AguiError
from agui_runtime.core.events import RunInfo, RunRequest
from agui_runtime.core.log_lines import logger_of
from agui_runtime.core.observation import incoming_trace
from agui_runtime.core.queueing import DEFAULT_QUEUE, QUEUED
from agui_runtime.queues.base import QueueUnavailable, RunQueue
from agui_runtime.runs.handle import RunHandle
from agui_runtime.runtime import job_bodies
from agui_runtime.runtime.adoption import Stock
from agui_runtime.runtime.openings import Openings
from agui_runtime.runtime.options import Options
from agui_runtime.runtime.turns import Turns
from agui_runtime.stores.jobs import Job, Posted

logger = logger_of(__name__)

GRACE = 30.0
"""Seconds after its time when the store ends a run that waits, if no process has done so."""


class Poster:
    """Its runs are those of workers; what it starts itself are only calls at the queue's door."""

    def __init__(
        self, queue: RunQueue, options: Options, stock: Stock, turns: Turns, openings: Openings
    ) -> None:
        self._queue = queue
        self._options = options
        self._stock = stock
        self._turns = turns
        self._openings = openings
        self._tasks: set[asyncio.Task[None]] = set()

    async def post(self, info: RunInfo, request: RunRequest) -> RunHandle:
        """Have the run carried out by a worker, or find the very same one.

        Raises TooManyRequests, Busy, ThreadNotFound, InvalidInput or StoreUnavailable; then nothing
        was posted. A queue that does not answer refuses nobody: workers look by themselves, too.
        """
        info = replace(info, status=QUEUED)
        name = self._options.queues.get(info.agent, DEFAULT_QUEUE)
        body = await job_bodies.written(request, incoming_trace(), self._stock.sealer)
        log, seconds = self._stock.store().log, self._options.worker_timeout + GRACE
        async with AsyncExitStack() as place:
            await place.enter_async_context(self._openings.place(info.owner))
            post = partial(self._stock.jobs().post, info, Job(name, body), seconds)
            posted = await self._turns.when_free(info.thread_id, post, log)
            if posted.fresh:
                self._begin(self._held(posted, place.pop_all()))
                self._begin(self._ring(name))  # nobody waits for a queue that hangs
        stopping = partial(self._turns.stop, info.thread_id, info.run_id, log)
        return RunHandle(posted.run, posted.start, self._stock.store(), stopping=stopping)

    async def close(self) -> None:
        """The runs wait on, but count no longer as this process's."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _ring(self, queue: str) -> None:
        try:
            await self._queue.ring(queue)
        except QueueUnavailable as error:
            logger.warning("workers find the run without a bell: %s", error.message)
        except Exception:  # a foreign SDK: the queue's client
            logger.exception("workers find the run without a bell")

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _held(self, posted: Posted, place: AsyncExitStack) -> None:
        """Keep the run's place until a worker, which has one of its own for it, writes."""
        async with place:
            log = self._stock.store().log
            async with aclosing(log.follow(posted.run.thread_id, posted.start)) as batches:
                with suppress(AguiError):
                    await anext(batches)
