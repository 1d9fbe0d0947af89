"""Posts runs for workers: the process that takes a request does not carry it out."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from agui_runtime.core.events import RunInfo, RunRequest
from agui_runtime.core.log_lines import logger_of
from agui_runtime.core.queueing import QUEUED
from agui_runtime.queues.base import QueueUnavailable, RunQueue
from agui_runtime.runs.handle import RunHandle
from agui_runtime.runtime import job_bodies
from agui_runtime.runtime.adoption import Stock
from agui_runtime.runtime.job_bodies import Luggage
from agui_runtime.runtime.openings import Openings, Reservation
from agui_runtime.runtime.options import Options
from agui_runtime.runtime.turns import Turns
from agui_runtime.runtime.waiting_line import WaitingLine
from agui_runtime.stores.jobs import Job, Posted

logger = logger_of(__name__)

T = TypeVar("T")

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
        self._line = WaitingLine(stock, turns)
        self._posting: set[asyncio.Task[Any]] = set()
        self._ringing: set[asyncio.Task[Any]] = set()

    async def post(self, info: RunInfo, request: RunRequest, trace: Mapping[str, str]) -> RunHandle:
        """Have the run carried out by a worker as a part of that trace, or find the very same one.

        Raises TooManyRequests, Busy, ThreadNotFound, InvalidInput or StoreUnavailable; then nothing
        was posted. A queue that does not answer refuses nobody: workers look by themselves, too.
        """
        info = replace(info, status=QUEUED)
        log, seconds = self._stock.store().log, self._options.worker_timeout + GRACE
        async with self._openings.reserved(info.owner, seconds) as place:
            body = await job_bodies.written(request, Luggage(trace, place.name), self._stock.sealer)
            job = Job(self._options.queue_for(info.agent), body)
            post = partial(self._post_whole, info, job, seconds, place)
            posted = await self._turns.when_free(
                info.thread_id, post, log, scheduled=request.scheduled
            )
        return RunHandle(posted.run, posted.start, self._stock.store(), line=self._line)

    async def close(self) -> None:
        """The runs wait on."""
        if self._posting:
            await asyncio.wait(set(self._posting))
        for task in self._ringing:
            task.cancel()
        if self._ringing:
            await asyncio.wait(set(self._ringing))

    async def _post_whole(
        self, info: RunInfo, job: Job, seconds: float, place: Reservation
    ) -> Posted:
        """To its end also where the caller is cancelled: a run that waits is to be rung for."""
        task = _begun(self._post(info, job, seconds, place), self._posting)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait([task])  # until it is known whether the run has its place
            raise

    async def _post(self, info: RunInfo, job: Job, seconds: float, place: Reservation) -> Posted:
        posted = await self._stock.jobs().post(info, job, seconds)
        if posted.fresh:
            place.handed_on = True
            _begun(self._ring(job.queue), self._ringing)  # nobody waits for a queue that hangs
        return posted

    async def _ring(self, queue: str) -> None:
        try:
            await self._queue.ring(queue)
        except QueueUnavailable as error:
            logger.warning("workers find the run without a bell: %s", error.message)
        except Exception:  # a foreign SDK: the queue's client
            logger.exception("workers find the run without a bell")


def _begun(work: Coroutine[Any, Any, T], tasks: set[asyncio.Task[Any]]) -> asyncio.Task[T]:
    """A task of its own, which is among these until it is done."""
    task = asyncio.create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)
    return task
