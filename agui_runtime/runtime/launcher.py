"""Starts runs, here or on workers, and answers for those that are live in this process.

It knows neither agents by name nor callers' rights; what it is given to run, it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.events import RunInfo, RunRequest
from agui_runtime.core.observation import incoming_trace
from agui_runtime.hooks.hook import Hooks
from agui_runtime.runs.assignment import Assignment
from agui_runtime.runs.handle import RunHandle
from agui_runtime.runs.run import Run
from agui_runtime.runtime.adoption import Adoption, Stock
from agui_runtime.runtime.assignments import Assignments
from agui_runtime.runtime.attendance import Unattended
from agui_runtime.runtime.live_runs import LiveRuns
from agui_runtime.runtime.openings import Openings
from agui_runtime.runtime.options import Options
from agui_runtime.runtime.queued_runs import QueuedRuns, queued_runs
from agui_runtime.runtime.turns import Turns
from agui_runtime.runtime.worker import Worker
from agui_runtime.stores.base import RunLog, Store


class Launcher:
    """`options` is called each time: they may change until it is opened."""

    def __init__(
        self,
        options: Callable[[], Options],
        hooks: Hooks,
        openings: Openings,
        assignments: Assignments,
        stock: Stock,
    ) -> None:
        self._options = options
        self._hooks = hooks
        self._openings = openings
        self._stock = stock
        self._live = LiveRuns(stock.writes)
        self._adoption = Adoption(stock, assignments, self._live, openings, hooks)
        self._turns = Turns(options, self._live, self._adoption, stock.writes)
        self._queued: QueuedRuns | None = None

    async def open(self) -> None:
        """Start runs, also after an earlier `drain`."""
        self._live.open()
        if self._options().run_in is not None:
            self._queued = queued_runs(
                self._options(), self._stock, self._adoption, self._turns, self._openings
            )
            await self._queued.open()

    @property
    def unattended(self) -> Unattended | None:
        """What no worker has looked after for a minute."""
        return self._queued.unattended if self._queued is not None else None

    def check(self) -> None:
        """Raises ShuttingDown where no run is started any more."""
        self._live.check()

    async def drain(self, limit: float) -> None:
        """Start nothing new, let the live runs go on for `limit` seconds, end the rest with
        SHUTDOWN. Runs that wait for a worker wait on.
        """
        await self._live.drain(limit)
        await self._adoption.settled()  # with what those asked for who were answered meanwhile
        await self._live.drain(0)

    async def close(self) -> None:
        """Let go of the queue, when all live runs have ended."""
        queued, self._queued = self._queued, None
        if queued is not None:
            await queued.close()
            await self.drain(0)  # its watch may just have taken over something

    async def launch(
        self,
        info: RunInfo,
        request: RunRequest,
        assignment: Assignment,
        store: Store,
        *,
        begun: bool = True,
    ) -> RunHandle:
        """Start the run, or find the very same one; returns when readers can see its start, or when
        a worker will; unless it is to have `begun`, as soon as the thread is the run's.

        Raises ShuttingDown, TooManyRequests, Busy, ThreadNotFound, InvalidInput or
        StoreUnavailable; then nothing was started.
        """
        self._live.check()
        if self._queued is not None and not request.ephemeral:
            return await self._queued.post(info, request, self._hooks.trace() or incoming_trace())
        run = Run(assignment, store, self._hooks, is_awaited=begun)
        handle = await self._launch_here(run, info, store, scheduled=request.scheduled)
        if begun and handle.ended is not None:
            await run.begun
        return handle

    async def stop(self, thread_id: str, run_id: str | None, log: RunLog) -> bool:
        """Ask the thread's live run (or only that one) to stop; False if it is idle."""
        return await self._turns.stop(thread_id, run_id, log)

    def knows(self, agent: str) -> bool:
        """Whether a worker of this runtime would carry out runs of an agent of that name."""
        return self._adoption.knows(agent)

    def worker(self, queues: Sequence[str], slots: int) -> Worker:
        """One who carries out runs that wait in these queues, `slots` at a time, while the runtime
        is open. Raises Misconfigured where no runs are posted.
        """
        if self._queued is None:
            raise Misconfigured("a worker needs the queue that runs are posted to: set AGUI_QUEUE")
        return self._queued.worker(queues, slots)

    async def _launch_here(
        self, run: Run, info: RunInfo, store: Store, *, scheduled: bool
    ) -> RunHandle:
        async with self._openings.place(info.owner) as place:
            claim = partial(store.log.claim, info, run.stop)
            lease = await self._turns.when_free(
                info.thread_id, claim, store.log, scheduled=scheduled
            )
            if not lease.fresh:
                return RunHandle(lease.run, lease.start, store)
            task = self._live.carry_out(run, lease, place.handed_on())
            return RunHandle(lease.run, lease.start, store, task)
