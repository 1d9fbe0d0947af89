"""Starts runs and answers for those that are live in this process: busy threads, quotas, drain.

It knows neither agents by name nor callers' rights; what it is given to run, it runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

from agui_runtime.core.errors import Busy, ShuttingDown
from agui_runtime.core.events import RunInfo
from agui_runtime.core.log_lines import logger_of
from agui_runtime.hooks.hook import Hooks
from agui_runtime.runs.assignment import Assignment
from agui_runtime.runs.handle import RunHandle
from agui_runtime.runs.run import Run
from agui_runtime.runtime.openings import Openings
from agui_runtime.runtime.options import Options
from agui_runtime.runtime.refused_writes import RefusedWrites
from agui_runtime.stores.base import Lease, RunLog, Store

logger = logger_of(__name__)


class Launcher:
    """A launched run is a task of its own, which goes on whatever becomes of its caller."""

    def __init__(
        self, options: Options, hooks: Hooks, openings: Openings, writes: RefusedWrites
    ) -> None:
        self._options = options
        self._hooks = hooks
        self._openings = openings
        self._writes = writes
        self._runs: dict[asyncio.Task[None], Run] = {}
        self._closing = False

    def open(self) -> None:
        """Start runs, also after an earlier `drain`."""
        self._closing = False

    def check(self) -> None:
        """Raises ShuttingDown where no run is started any more."""
        if self._closing:
            raise ShuttingDown

    async def drain(self, limit: float) -> None:
        """Start nothing new, let the live runs go on for `limit` seconds, end the rest with
        SHUTDOWN.
        """
        if not self._closing and self._runs:
            logger.info("new runs are refused from now on; %d are live", len(self._runs))
        self._closing = True
        if self._runs and limit:
            await asyncio.wait(list(self._runs), timeout=limit)
        while self._runs:
            for run in self._runs.values():
                run.cut(ShuttingDown())
            await asyncio.wait(list(self._runs))

    async def launch(self, info: RunInfo, assignment: Assignment, store: Store) -> RunHandle:
        """Start the run, or find the very same one; returns when readers can see its start.

        Raises ShuttingDown, TooManyRequests, Busy, ThreadNotFound or StoreUnavailable; then nothing
        was started.
        """
        self.check()
        run = Run(assignment, store, self._hooks)
        async with AsyncExitStack() as place:
            await place.enter_async_context(self._openings.place(info.owner))
            lease = await self._claim(info, run.stop, store.log)
            if not lease.fresh:
                return RunHandle(lease.run, lease.start, store)
            assignment.pricing.prepare()
            # From here on the task answers for the lease, also if our caller is cancelled.
            task = asyncio.create_task(self._driven(run, lease, place.pop_all()))
            self._runs[task] = run
            task.add_done_callback(self._forget)
        if self._closing:  # since the claim was made
            run.cut(ShuttingDown())
        await run.begun
        return RunHandle(lease.run, lease.start, store, task)

    async def _claim(self, info: RunInfo, on_stop: Callable[[], None], log: RunLog) -> Lease:
        """Claim the thread as the policy says; raises Busy when it stays taken."""
        policy = self._options.on_busy
        deadline = asyncio.get_running_loop().time() + self._options.queue_timeout
        while True:
            try:
                with self._writes.noted():
                    return await log.claim(info, on_stop)
            except Busy as busy:
                if policy == "reject":
                    raise
                if policy == "supersede":
                    await log.ask_stop(info.thread_id, busy.run_id)
                try:
                    async with asyncio.timeout_at(deadline):
                        await log.wait_idle(info.thread_id)
                except TimeoutError:
                    raise busy from None
                self.check()  # the thread may be free because a drain has ended its run

    def _forget(self, task: asyncio.Task[None]) -> None:
        run = self._runs.pop(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("the end of %s could not be stored", run, exc_info=task.exception())

    async def _driven(self, run: Run, lease: Lease, place: AsyncExitStack) -> None:
        async with place:
            with self._writes.noted():
                await run.drive(lease)
