"""The schedules of a caller: make, list, pause, resume, delete. It starts no runs.

A schedule of somebody else is as unknown as one that does not exist.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from agui_runtime.core.access import Resource
from agui_runtime.core.errors import InvalidInput, ThreadNotFound
from agui_runtime.core.events import Caller, RunInfo
from agui_runtime.core.schedules import Recurrence, Schedule, ScheduleNotFound
from agui_runtime.runtime.catalog import Sources
from agui_runtime.runtime.options import Options
from agui_runtime.runtime.permissions import Permissions
from agui_runtime.runtime.recurrences import ScheduleLimits, made, paused, resumed
from agui_runtime.stores.base import Store
from agui_runtime.stores.layers.delegating import schedules_of
from agui_runtime.stores.schedules import Schedules


class ShownSchedule(NamedTuple):
    """A schedule, and the run that it started last as its thread has it now; None if there is none
    any more.
    """

    schedule: Schedule
    run: RunInfo | None


async def shown_in(store: Store, schedules: Sequence[Schedule]) -> list[ShownSchedule]:
    """The schedules with their latest runs."""
    firings = [None if each.last is None else each.last.firing for each in schedules]
    threads = {each.thread_id for each in firings if each is not None}
    found = await store.threads.runs_of(list(threads))
    runs = {(run.thread_id, run.run_id): run for each in found.values() for run in each}
    return [
        ShownSchedule(schedule, runs.get((it.thread_id, it.run_id)) if it else None)
        for schedule, it in zip(schedules, firings, strict=True)
    ]


async def replaced(
    schedules: Schedules,
    find: Callable[[], Awaitable[Schedule]],
    change: Callable[[Schedule], Schedule],
) -> Schedule:
    """What is found, changed and stored, whoever else changes it meanwhile."""
    while True:
        known = await find()
        new = change(known)
        if await schedules.swap(known.version, new):
            return new


class OwnedSchedules:
    """What a caller may see and change of the store's schedules. The functions are called each
    time: what they give may change until the runtime is opened.
    """

    def __init__(
        self,
        store: Callable[[], Store],
        options: Callable[[], Options],
        permissions: Permissions,
        sources: Sources,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._options = options
        self._permissions = permissions
        self._sources = sources
        self._now = now

    async def create(self, wanted: Recurrence, caller: Caller) -> ShownSchedule:
        """Make runs recur for the caller. Raises InvalidInput, TooLarge, TooManySchedules,
        AgentNotFound, Forbidden, and ThreadNotFound for somebody else's thread.
        """
        agent = self._sources.present(wanted.agent)
        if not self._sources.may_have(agent):
            self._sources.own(agent)  # raises AgentNotFound
        here = Resource(agent, wanted.thread_id)
        await self._permissions.check(caller, "schedule", here)
        await self._permissions.check(caller, "start", here)
        chosen = self._options()
        limits = ScheduleLimits(chosen.caller_schedules, chosen.schedule_seconds)
        schedule = made(replace(wanted, agent=agent), caller.owner, self._now(), limits)
        await self._check_thread(wanted.thread_id, caller)
        await self._schedules().add(schedule, limits.each)
        return ShownSchedule(schedule, None)

    async def get(self, schedule_id: str, caller: Caller) -> ShownSchedule:
        """Raises ScheduleNotFound and Forbidden."""
        return (await self._shown([await self._own(schedule_id, caller)]))[0]

    async def list(self, caller: Caller) -> Sequence[ShownSchedule]:
        """All of the caller's, the oldest first; raises Forbidden."""
        await self._permissions.check(caller, "schedule", Resource())
        return await self._shown(await self._schedules().list(caller.owner))

    async def pause(self, schedule_id: str, caller: Caller) -> ShownSchedule:
        """It fires no more until it is resumed; raises ScheduleNotFound and Forbidden."""
        return await self._change(schedule_id, caller, paused)

    async def resume(self, schedule_id: str, caller: Caller) -> ShownSchedule:
        """It fires at the next of its times; raises ScheduleNotFound and Forbidden."""
        return await self._change(schedule_id, caller, lambda it: resumed(it, self._now()))

    async def delete(self, schedule_id: str, caller: Caller) -> None:
        """Forget it; what it has started stays. Raises ScheduleNotFound and Forbidden."""
        await self._schedules().delete(await self._own(schedule_id, caller))

    async def _change(
        self, schedule_id: str, caller: Caller, change: Callable[[Schedule], Schedule]
    ) -> ShownSchedule:
        find = partial(self._own, schedule_id, caller)
        return (await self._shown([await replaced(self._schedules(), find, change)]))[0]

    async def _own(self, schedule_id: str, caller: Caller) -> Schedule:
        found = await self._schedules().get(schedule_id)
        if found is None or found.owner != caller.owner:
            raise ScheduleNotFound(schedule_id)
        here = Resource(self._sources.present(found.agent), found.thread_id)
        await self._permissions.check(caller, "schedule", here)
        return found

    async def _shown(self, schedules: Sequence[Schedule]) -> Sequence[ShownSchedule]:
        present = [replace(it, agent=self._sources.present(it.agent)) for it in schedules]
        return await shown_in(self._store(), present)

    async def _check_thread(self, thread_id: str | None, caller: Caller) -> None:
        thread = await self._store().threads.get(thread_id) if thread_id else None
        if thread is not None and thread.owner != caller.owner:
            raise ThreadNotFound(thread.thread_id)

    def _schedules(self) -> Schedules:
        found = schedules_of(self._store())
        if found is None:
            raise InvalidInput("this server's store holds no schedules")
        return found
