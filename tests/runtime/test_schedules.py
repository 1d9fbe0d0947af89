"""Who may have schedules, and what can be one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agui_runtime.core.access import Access, Resource
from agui_runtime.core.errors import (
    AgentNotFound,
    Forbidden,
    InvalidInput,
    ThreadNotFound,
    TooLarge,
)
from agui_runtime.core.events import Caller
from agui_runtime.core.schedules import (
    ScheduleNotFound,
    TooManySchedules,
    firing_of,
)
from agui_runtime.runtime.runtime import Options
from agui_runtime.stores.memory import MemoryStore
from tests.runtime.recurring import (
    DAILY,
    Watching,
    fast as fast,
    make_due,
    opened,
    seen as seen,
    store as store,
)
from tests.runtime.worlds import ANN, BOB, asking, ran


async def test_a_paused_schedule_fires_no_more_until_it_is_resumed(
    store: MemoryStore, seen: Watching
) -> None:
    async with opened(store, seen) as runtime:
        made = (await runtime.schedules.create(DAILY, ANN)).schedule
        paused = (await runtime.schedules.pause(made.schedule_id, ANN)).schedule
        late = await make_due(store, paused)
        other = (await runtime.schedules.create(DAILY, ANN)).schedule
        due = (await make_due(store, other)).next_at
        assert due is not None
        assert (await seen.fired.get()).firing == firing_of(other, due)
        assert (await runtime.schedules.get(made.schedule_id, ANN)).schedule == late
        resumed = (await runtime.schedules.resume(made.schedule_id, ANN)).schedule
        assert not resumed.paused
        assert resumed.next_at == made.next_at


async def test_a_deleted_schedule_fires_no_more_and_its_threads_stay(
    store: MemoryStore, seen: Watching
) -> None:
    async with opened(store, seen) as runtime:
        made = (await runtime.schedules.create(DAILY, ANN)).schedule
        await make_due(store, made)
        run = await seen.ended.get()
        await runtime.schedules.delete(made.schedule_id, ANN)
        assert list(await runtime.schedules.list(ANN)) == []
        assert (await runtime.threads.get(run.thread_id, ANN)).owner == "ann"


async def test_schedules_of_others_do_not_exist(store: MemoryStore, seen: Watching) -> None:
    async with opened(store, seen) as runtime:
        made = (await runtime.schedules.create(DAILY, ANN)).schedule
        assert list(await runtime.schedules.list(BOB)) == []
        for act in (
            runtime.schedules.get,
            runtime.schedules.pause,
            runtime.schedules.resume,
            runtime.schedules.delete,
        ):
            with pytest.raises(ScheduleNotFound):
                await act(made.schedule_id, BOB)
        await ran(runtime, asking("hello", thread="t1"))
        with pytest.raises(ThreadNotFound):
            await runtime.schedules.create(replace(DAILY, thread_id="t1"), BOB)


async def test_what_cannot_be_a_schedule_is_refused(store: MemoryStore, seen: Watching) -> None:
    options = Options(caller_schedules=1, schedule_seconds=3600)
    async with opened(store, seen, options=options) as runtime:
        create = runtime.schedules.create
        for wanted, error in (
            (replace(DAILY, cron="0 0 30 2 *"), InvalidInput),
            (replace(DAILY, cron="*/5 * * * *"), InvalidInput),
            (replace(DAILY, zone="Mars/Olympus"), InvalidInput),
            (replace(DAILY, message=" "), InvalidInput),
            (replace(DAILY, message="\ud83d"), InvalidInput),
            (replace(DAILY, message="x" * 70_000), TooLarge),
            (replace(DAILY, thread_id=""), InvalidInput),
            (replace(DAILY, thread_id="a\nb"), InvalidInput),
            (replace(DAILY, properties={"f": object()}), InvalidInput),
            (replace(DAILY, agent="nobody"), AgentNotFound),
        ):
            with pytest.raises(error):
                await create(wanted, ANN)
        await create(DAILY, ANN)
        with pytest.raises(TooManySchedules, match="you have 1 schedules"):
            await create(DAILY, ANN)


async def test_authorize_decides_about_schedules(store: MemoryStore, seen: Watching) -> None:
    asked: list[tuple[Access, Resource]] = []

    def authorize(caller: Caller, access: Access, resource: Resource) -> bool:
        asked.append((access, resource))
        return access != "schedule" or caller == ANN

    async with opened(store, seen, authorize=authorize) as runtime:
        made = (await runtime.schedules.create(replace(DAILY, thread_id="t1"), ANN)).schedule
        here = Resource("default", "t1")
        assert asked == [("schedule", here), ("start", here)]
        await make_due(store, made)
        await seen.ended.get()
        with pytest.raises(Forbidden):
            await runtime.schedules.create(DAILY, BOB)
        with pytest.raises(Forbidden):
            await runtime.schedules.list(BOB)
