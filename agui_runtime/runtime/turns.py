"""Whose turn it is to write a thread: what a second start gets, and how a run is stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from agui_runtime.core.errors import Busy, Stopped
from agui_runtime.core.queueing import QUEUED
from agui_runtime.runtime.adoption import Adoption
from agui_runtime.runtime.live_runs import LiveRuns
from agui_runtime.runtime.options import Options
from agui_runtime.runtime.refused_writes import RefusedWrites
from agui_runtime.stores.base import RunLog

T = TypeVar("T")


class Turns:
    """`options` is called each time: they may change until the runtime is opened. `adoption` takes
    over what waits for a worker.
    """

    def __init__(
        self,
        options: Callable[[], Options],
        live: LiveRuns,
        adoption: Adoption,
        writes: RefusedWrites,
    ) -> None:
        self._options = options
        self._live = live
        self._adoption = adoption
        self._writes = writes

    async def when_free(
        self,
        thread_id: str,
        claim: Callable[[], Awaitable[T]],
        log: RunLog,
        *,
        scheduled: bool = False,
    ) -> T:
        """Claim the thread as the policy says; raises Busy when it stays taken, and at once for an
        `scheduled` run.
        """
        options, now = self._options(), asyncio.get_running_loop().time()
        policy, deadline = options.on_busy, now + options.queue_timeout
        while True:
            try:
                with self._live.claiming(), self._writes:
                    return await claim()
            except Busy as busy:
                if policy == "reject" or scheduled:
                    raise
                if policy == "supersede":
                    await self.stop(thread_id, busy.run_id, log)
                try:
                    async with asyncio.timeout_at(deadline):
                        await log.wait_idle(thread_id)
                except TimeoutError:
                    raise busy from None

    async def stop(self, thread_id: str, run_id: str | None, log: RunLog) -> bool:
        """Ask the live run (or only that one) to stop, without waiting; False if it is idle. One
        that waits for a worker, whom nobody could ask, is ended here.
        """
        return await self._ended_waiting(thread_id, run_id, log) or await log.ask_stop(
            thread_id, run_id
        )

    async def _ended_waiting(self, thread_id: str, run_id: str | None, log: RunLog) -> bool:
        if self._options().run_in is None:
            return False
        live = await log.active(thread_id)
        if live is None or live.status != QUEUED or run_id not in (None, live.run_id):
            return False
        return await self._adoption.end(thread_id, live.run_id, Stopped())
