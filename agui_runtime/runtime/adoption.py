"""Takes over runs that wait for a worker: to carry them out, or only to end them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass, replace
from functools import partial

from ag_ui.core import RunAgentInput

from agui_runtime.core.errors import AguiError, StoreFailed
from agui_runtime.core.events import Caller, RunContext, RunInfo, RunRequest
from agui_runtime.core.log_lines import logger_of
from agui_runtime.core.observation import continue_trace
from agui_runtime.core.queueing import JobUnreadable
from agui_runtime.hooks.hook import Hooks
from agui_runtime.runs.assignment import Assignment
from agui_runtime.runs.run import Run
from agui_runtime.runtime import job_bodies
from agui_runtime.runtime.assignments import Assignments
from agui_runtime.runtime.deferred import DeferredAgent
from agui_runtime.runtime.job_bodies import Luggage
from agui_runtime.runtime.live_runs import LiveRuns
from agui_runtime.runtime.openings import Openings, OpenPlace
from agui_runtime.runtime.refused_writes import RefusedWrites
from agui_runtime.stores.base import Store
from agui_runtime.stores.jobs import Adopted, Jobs, Offer

logger = logger_of(__name__)


@dataclass(frozen=True, slots=True)
class Stock:
    """Where runs wait and are written, which writes were refused, and with what jobs are opened.
    All functions are called each time: a runtime may be given others until it is opened.
    """

    jobs: Callable[[], Jobs]
    store: Callable[[], Store]
    writes: RefusedWrites
    keys: Callable[[], job_bodies.Sealer | None]

    @property
    def sealer(self) -> job_bodies.Sealer | None:
        return self.keys()


class Adoption:
    """What it takes over is live in this process from then on."""

    def __init__(
        self,
        stock: Stock,
        assignments: Assignments,
        live: LiveRuns,
        openings: Openings,
        hooks: Hooks,
    ) -> None:
        self._stock = stock
        self._assignments = assignments
        self._live = live
        self._openings = openings
        self.hooks = hooks
        self._taking: set[asyncio.Task[asyncio.Task[None] | None]] = set()

    def knows(self, agent: str) -> bool:
        """Whether this process may have the agent."""
        return self._assignments.may_have(agent)

    async def carry_out(self, offer: Offer) -> asyncio.Task[None] | None:
        """Go on with the run; the task is done when it has ended. None if it waits no longer."""
        return await self._take(offer.thread_id, offer.run_id, queue=offer.queue)

    async def end(self, thread_id: str, run_id: str, cause: AguiError) -> bool:
        """End the run for this cause, its messages kept; False if it does not wait."""
        return await self._take(thread_id, run_id, cause) is not None

    async def settled(self) -> None:
        """Return when all that is being taken over is live here, also for callers who are gone."""
        if self._taking:
            await asyncio.wait(set(self._taking))

    async def _take(
        self, thread_id: str, run_id: str, cause: AguiError | None = None, queue: str | None = None
    ) -> asyncio.Task[None] | None:
        """To its end also where the caller is cancelled."""
        taken = self._taken(thread_id, run_id, cause, queue)
        # What a run does belongs to the request that it was posted for, and to no other.
        taking = asyncio.create_task(taken, context=Context())
        self._taking.add(taking)
        taking.add_done_callback(self._taking.discard)
        return await asyncio.shield(taking)

    async def _taken(
        self, thread_id: str, run_id: str, cause: AguiError | None = None, queue: str | None = None
    ) -> asyncio.Task[None] | None:
        stop = _Stop()
        adopted = await self._stock.jobs().adopt(thread_id, run_id, stop)
        if adopted is None:
            return None
        if queue is not None:
            self.hooks.run_waited(queue, adopted.waited)
        adopted = self._under_present_name(adopted)
        try:
            assignment, luggage = await self._assignment(adopted)
        except JobUnreadable as error:
            logger.error("the job of run %s of thread %s: %r", run_id, thread_id, error.__cause__)
            (assignment, luggage), cause = await self._unreadable(adopted), cause or error
        run = Run(assignment, self._stock.store(), self.hooks)
        if cause is not None:
            run.cut(cause)
        stop.reach(run.stop)
        place = await self._place(run, adopted.lease.run.owner, luggage.place)
        return self._live.carry_out(run, adopted.lease, place)

    def _under_present_name(self, adopted: Adopted) -> Adopted:
        """What the run leaves behind is its agent's, which may have been renamed since."""
        run = adopted.lease.run
        run = replace(run, agent=self._assignments.present(run.agent))
        return replace(adopted, lease=replace(adopted.lease, run=run))

    async def _place(self, run: Run, owner: str, granted: str) -> OpenPlace:
        """Where there is none, the run ends: its lease is held, and nobody else would end it."""
        place = self._openings.place(owner, granted=granted)
        try:
            await place.take()
        except Exception:  # a foreign SDK: the store's client
            logger.exception("%s has no place", run)
            run.cut(StoreFailed())
        return place

    async def _assignment(self, adopted: Adopted) -> tuple[Assignment, Luggage]:
        request, luggage = await job_bodies.read(adopted.body, self._stock.sealer)
        continue_trace(luggage.trace)
        find = partial(self._assignments.agent, request)
        agent = DeferredAgent(adopted.lease.run.agent, find, adopted.waited)
        return self._assignments.by(agent, request), luggage

    async def _unreadable(self, adopted: Adopted) -> tuple[Assignment, Luggage]:
        """With what its user wrote, if only a key is missing. Else nothing is known of what was
        requested, and the thread stays as it is.
        """
        run = adopted.lease.run
        try:
            request, luggage = await job_bodies.without_headers(adopted.body)
        except JobUnreadable:
            return self._of(run, _blank(run))._replace(history="thread"), Luggage()
        return self._of(run, request), luggage

    def _of(self, run: RunInfo, request: RunRequest) -> Assignment:
        agent = DeferredAgent(run.agent, partial(self._assignments.agent, request))
        return self._assignments.by(agent, request)


def _blank(run: RunInfo) -> RunRequest:
    blank = RunAgentInput(
        thread_id=run.thread_id,
        run_id=run.run_id,
        messages=[],
        tools=[],
        context=[],
        state=None,
        forwarded_props={},
    )
    return RunRequest(blank, RunContext(Caller(run.owner), ""))


@dataclass(slots=True)
class _Stop:
    """Whoever asks for a stop is heard, also before there is anything to stop."""

    due: bool = False
    on_stop: Callable[[], None] | None = None

    def __call__(self) -> None:
        self.due = True
        if self.on_stop is not None:
            self.on_stop()

    def reach(self, on_stop: Callable[[], None]) -> None:
        self.on_stop = on_stop
        if self.due:
            on_stop()
