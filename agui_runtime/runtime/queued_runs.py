"""What a runtime has whose runs are carried out by workers; each part has a module of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from agui_runtime.core.events import RunInfo, RunRequest
from agui_runtime.core.log_lines import lasting_logger_of
from agui_runtime.core.queueing import DEFAULT_QUEUE, queue_of
from agui_runtime.queues.base import QueueUnavailable, RunQueue
from agui_runtime.runs.handle import RunHandle
from agui_runtime.runtime.adoption import Adoption, Stock
from agui_runtime.runtime.attendance import Unattended
from agui_runtime.runtime.duties import Duties
from agui_runtime.runtime.openings import Openings
from agui_runtime.runtime.options import Options
from agui_runtime.runtime.overdue import OverdueRuns
from agui_runtime.runtime.poster import Poster
from agui_runtime.runtime.queue_watch import QueueWatch
from agui_runtime.runtime.turns import Turns
from agui_runtime.runtime.worker import Worker

logger = lasting_logger_of(__name__)


class QueuedRuns:
    """Posts runs, makes workers for them, and ends those that no worker takes."""

    def __init__(
        self,
        options: Options,
        stock: Stock,
        adoption: Adoption,
        poster: Poster,
        watch: QueueWatch,
    ) -> None:
        self._options = options
        self._queue = queue_in(options)
        self._stock = stock
        self._adoption = adoption
        self._poster = poster
        self._watch = watch
        self._watching: asyncio.Task[None] | None = None

    @property
    def unattended(self) -> Unattended | None:
        """What no worker has looked after for a minute."""
        return self._watch.unattended

    async def open(self) -> None:
        """A queue that does not answer is rung when it does; runs are posted meanwhile."""
        self._stock.jobs()  # raises Misconfigured for a store in which no run can wait
        try:
            await self._queue.open()
        except QueueUnavailable as error:
            logger.warning("%s: %s", self._queue.where, error.message)
        self._watching = asyncio.create_task(self._watch.watch())

    async def close(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait([self._watching])
        await self._poster.close()
        await self._queue.close()

    async def post(self, info: RunInfo, request: RunRequest, trace: Mapping[str, str]) -> RunHandle:
        return await self._poster.post(info, request, trace)

    def worker(self, queues: Sequence[str], slots: int) -> Worker:
        version = self._options.app_version
        duties = Duties(queues, slots, version, lambda: self._watch.figures)
        return Worker(self._queue, self._stock, self._adoption, duties)


def queued_runs(
    options: Options, stock: Stock, adoption: Adoption, turns: Turns, openings: Openings
) -> QueuedRuns:
    """Those of the queue that the options name."""
    poster = Poster(queue_in(options), options, stock, turns, openings)
    overdue = OverdueRuns(stock, adoption, options.worker_timeout)
    names = {DEFAULT_QUEUE, *options.queues.values()}
    own = {queue_of(name, options.app_version) for name in names}
    watch = QueueWatch(overdue, adoption.hooks, own)
    return QueuedRuns(options, stock, adoption, poster, watch)


def queue_in(options: Options) -> RunQueue:
    """The one that calls workers."""
    assert options.run_in is not None
    return options.run_in
