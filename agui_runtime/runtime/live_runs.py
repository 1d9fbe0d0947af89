"""The runs that are live in this process: each is a task of its own, which goes on whatever becomes
of whoever began it.
"""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager, suppress

from agui_runtime.begun_task import begun_task
from agui_runtime.core.errors import ShuttingDown
from agui_runtime.core.log_lines import logger_of
from agui_runtime.runs.run import Run
from agui_runtime.runtime.openings import OpenPlace
from agui_runtime.runtime.refused_writes import RefusedWrites
from agui_runtime.stores.base import Lease

logger = logger_of(__name__)


class LiveRuns:
    """Answers for runs from their claims to their ends."""

    def __init__(self, writes: RefusedWrites) -> None:
        self._writes = writes
        self._runs: dict[asyncio.Task[None], Run] = {}
        self._claims: set[asyncio.Future[None]] = set()
        self._closing = self._over = False

    def open(self) -> None:
        """Let runs be started, also after an earlier `drain`."""
        self._closing = self._over = False

    def check(self) -> None:
        """Raises ShuttingDown where no run is started any more."""
        if self._closing:
            raise ShuttingDown

    def claiming(self) -> AbstractContextManager[None]:
        """A thread is being claimed for a run, which counts as live from now on: the claim may have
        taken effect before its answer is here. Raises ShuttingDown.
        """
        self.check()
        return _Claiming(self._claims)

    async def drain(self, limit: float) -> None:
        """Start nothing new, let the live runs go on for `limit` seconds, end the rest with
        SHUTDOWN.
        """
        if not self._closing and self._runs:
            logger.info("new runs are refused from now on; %d are live", len(self._runs))
        self._closing = True
        if limit:
            with suppress(TimeoutError):
                async with asyncio.timeout(limit):
                    await self._ended()
        self._over = True
        while self._runs:
            for run in self._runs.values():
                run.cut(ShuttingDown())
            await asyncio.wait(list(self._runs))

    def carry_out(self, run: Run, lease: Lease, place: OpenPlace) -> asyncio.Task[None]:
        """Go on with a run whose thread was claimed, and give back its place at its end. From here
        on the task answers for the lease.
        """
        work = self._driven(run, lease, place)
        task = begun_task(work) if run.is_awaited else asyncio.create_task(work)
        self._runs[task] = run
        task.add_done_callback(self._forget)
        if self._over:  # since the claim was made
            run.cut(ShuttingDown())
        return task

    async def _ended(self) -> None:
        while live := [*self._runs, *self._claims]:
            await asyncio.wait(live)

    def _forget(self, task: asyncio.Task[None]) -> None:
        run = self._runs.pop(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("the end of %s could not be stored", run, exc_info=task.exception())

    async def _driven(self, run: Run, lease: Lease, place: OpenPlace) -> None:
        try:
            with self._writes:
                await run.drive(lease)
        finally:
            await place.free()


class _Claiming(AbstractContextManager[None]):
    """See `LiveRuns.claiming`."""

    __slots__ = ("_claim", "_claims")

    def __init__(self, claims: set[asyncio.Future[None]]) -> None:
        self._claims = claims
        self._claim: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def __enter__(self) -> None:
        self._claims.add(self._claim)

    def __exit__(self, *_: object) -> None:
        self._claims.discard(self._claim)
        self._claim.set_result(None)
