"""Fires what is due: takes a firing, starts its run, and notes what became of it.

Whoever takes one means the same run in the same thread. So a process that dies in between loses
nothing, since another one takes the firing again; and doubles nothing, since a run is started once.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace

from ag_ui.core import RunAgentInput, UserMessage

from agui_runtime.core.errors import AguiError, Busy, InvalidInput, ShuttingDown, StoreUnavailable
from agui_runtime.core.events import Caller, RunContext, RunRequest
from agui_runtime.core.fingerprints import fingerprint
from agui_runtime.core.jsontext import Json
from agui_runtime.core.log_lines import lasting_logger_of
from agui_runtime.core.schedules import Fired, Firing, Outcome, Schedule, Taken, changed, firing_of
from agui_runtime.hooks.hook import Hooks
from agui_runtime.runs.handle import RunHandle
from agui_runtime.runtime.cron import Timetable
from agui_runtime.stores.base import Store
from agui_runtime.stores.schedules import Schedules

logger = lasting_logger_of(__name__)

LEASE = 30.0
"""Seconds after which a process that took a firing and noted nothing counts as gone."""


class Firings:
    """`start` starts a run as any other. The store is that of the runtime."""

    def __init__(
        self,
        schedules: Schedules,
        store: Store,
        start: Callable[[RunRequest], Awaitable[RunHandle]],
        hooks: Hooks,
    ) -> None:
        self._schedules = schedules
        self._store = store
        self._start = start
        self._hooks = hooks

    async def take(self, schedule: Schedule, now: float) -> Schedule | None:
        """Take what is due of it, with which its next time is set, so that no other process does;
        None if somebody was faster.
        """
        try:
            taken = _taken(schedule, now)
        except InvalidInput as error:  # of another release, or of a machine with other zones
            await self._give_up(schedule, error)
            return None
        if not await self._schedules.swap(schedule.version, taken):
            return None
        _report(schedule, taken)
        return taken

    async def fire(self, schedule: Schedule) -> None:
        """Start the run of what was taken, and note it. Where the store or this process goes away
        meanwhile, another one does so.
        """
        taken = schedule.taken
        assert taken is not None
        try:
            fired = await self._fired(schedule, taken.firing)
        except ShuttingDown:
            await self._note(schedule, replace(taken, until=0.0))
            return
        await self._note(schedule, None, fired)
        self._hooks.schedule_fired(fired)
        if fired.outcome != "started":
            level = logger.warning if fired.outcome == "skipped" else logger.error
            level("schedule %s %s: %s", schedule.schedule_id, fired.outcome, fired.message)

    async def _fired(self, schedule: Schedule, firing: Firing) -> Fired:
        """Raises StoreUnavailable and ShuttingDown, with which nothing is decided."""

        def ended(outcome: Outcome, error: AguiError | None = None) -> Fired:
            why = (None, None) if error is None else (error.code, error.message)
            return Fired(firing, outcome, time.time(), *why)

        try:
            if not await self._was_started(firing):
                await self._begin(schedule, firing)
        except Busy as error:
            return ended("skipped", error)
        except (StoreUnavailable, ShuttingDown):
            raise
        except AguiError as error:
            return ended("failed", error)
        except Exception:  # user code: what finds agents and decides about callers
            logger.exception("schedule %s could not start a run", schedule.schedule_id)
            return ended("failed", AguiError("something went wrong; see the server's log"))
        return ended("started")

    async def _was_started(self, firing: Firing) -> bool:
        """Whether a process that is gone has started the run, which may have ended since."""
        runs = (await self._store.threads.runs_of([firing.thread_id])).get(firing.thread_id, ())
        return any(each.run_id == firing.run_id for each in runs)

    async def _begin(self, schedule: Schedule, firing: Firing) -> None:
        state: Json = None
        if schedule.thread_id is not None:
            saved = await self._store.states.load(firing.thread_id, schedule.agent)
            state = saved.state if saved is not None else None
        await self._start(_request(schedule, firing, state))

    async def _note(
        self, schedule: Schedule, taken: Taken | None, fired: Fired | None = None
    ) -> None:
        """Unless the firing is no longer this process's."""
        while True:
            present = await self._schedules.get(schedule.schedule_id)
            if present is None or present.taken != schedule.taken:
                return
            noted = changed(replace(present, taken=taken, last=fired or present.last))
            if await self._schedules.swap(present.version, noted):
                return

    async def _give_up(self, schedule: Schedule, error: InvalidInput) -> None:
        firing = firing_of(schedule, schedule.next_at or 0.0)
        fired = Fired(firing, "failed", time.time(), error.code, error.message)
        given_up = changed(replace(schedule, paused=True, taken=None, last=fired))
        if await self._schedules.swap(schedule.version, given_up):
            logger.error("schedule %s is paused: %s", schedule.schedule_id, error.message)
            self._hooks.schedule_fired(fired)


def _taken(schedule: Schedule, now: float) -> Schedule:
    """Raises InvalidInput for times that cannot be read here."""
    if schedule.taken is not None:  # whoever took it is gone
        return changed(replace(schedule, taken=Taken(schedule.taken.firing, now + LEASE)))
    table, due_at = Timetable(schedule.cron, schedule.zone), schedule.next_at
    assert due_at is not None
    firing = firing_of(schedule, due_at, table.missed(due_at, now))
    return changed(
        replace(schedule, taken=Taken(firing, now + LEASE), next_at=table.next(max(due_at, now)))
    )


def _report(before: Schedule, after: Schedule) -> None:
    """What is to be known of a firing that is no usual one."""
    taken = after.taken
    if before.taken is not None:
        logger.warning("schedule %s: the process that was to fire it is gone", before.schedule_id)
    elif taken is not None and taken.firing.missed:
        logger.warning(
            "schedule %s fires once for %d times that have passed",
            before.schedule_id,
            taken.firing.missed + 1,
        )


def _request(schedule: Schedule, firing: Firing, state: Json) -> RunRequest:
    """The same whoever makes it. It has no headers: what a caller once sent is not kept."""
    message = UserMessage(
        id=str(uuid.uuid5(uuid.UUID(firing.run_id), "message")), content=schedule.message
    )
    given = RunAgentInput(
        thread_id=firing.thread_id,
        run_id=firing.run_id,
        messages=[message],
        tools=[],
        context=[],
        state=state or {},
        forwarded_props=dict(schedule.properties),
    )
    caller = Caller(schedule.owner, {"schedule": schedule.schedule_id})
    return RunRequest(
        given,
        RunContext(caller, f"schedule-{schedule.schedule_id}", schedule.properties),
        schedule.agent,
        fingerprint=fingerprint(["schedule", schedule.schedule_id, firing.due_at]),
        scheduled=True,
    )
