"""What becomes of recurring runs when they are due."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.core.access import Access, Resource
from agui_runtime.core.errors import (
    ShuttingDown,
    StoreUnavailable,
)
from agui_runtime.core.events import Caller, RunRequest
from agui_runtime.core.schedules import (
    Taken,
    changed,
    firing_of,
)
from agui_runtime.queues.here import HereQueue
from agui_runtime.runs.handle import RunHandle
from agui_runtime.runtime.options import BusyPolicy
from agui_runtime.runtime.runtime import Options
from agui_runtime.stores.base import AgentState
from agui_runtime.stores.memory import MemoryStore
from tests.runtime.recurring import (
    DAILY,
    DAY,
    Echo,
    Watching,
    fast as fast,
    make_due,
    opened,
    schedule_of,
    seen as seen,
    store as store,
    texts,
)
from tests.runtime.worlds import ANN, Waiting, asking, ran


async def test_a_schedule_starts_a_run_of_its_owner_when_it_is_due(
    store: MemoryStore, seen: Watching
) -> None:
    async with opened(store, seen) as runtime:
        wanted = replace(DAILY, properties={"tone": "kind"})
        made = (await runtime.schedules.create(wanted, ANN)).schedule
        due = await make_due(store, made)
        fired, run = await seen.fired.get(), await seen.ended.get()
        assert (fired.outcome, fired.firing.due_at) == ("started", due.next_at)
        assert (run.owner, run.agent, run.status) == ("ann", "default", "finished")
        assert await texts(runtime, run.thread_id) == [
            "good morning?",
            "ann {'tone': 'kind'} {}: good morning?",
        ]
        shown = await runtime.schedules.get(made.schedule_id, ANN)
        assert shown.schedule.last == fired
        assert shown.schedule.taken is None
        assert shown.run is not None
        assert shown.run.run_id == run.run_id == fired.firing.run_id
        assert shown.schedule.next_at == made.next_at


async def test_each_firing_begins_a_thread_or_goes_on_with_the_one_that_is_named(
    store: MemoryStore, seen: Watching
) -> None:
    async with opened(store, seen) as runtime:
        fresh = (await runtime.schedules.create(DAILY, ANN)).schedule
        await make_due(store, fresh)
        first = await seen.ended.get()
        await seen.fired.get()
        shown = await runtime.schedules.get(fresh.schedule_id, ANN)
        await make_due(store, shown.schedule, late=4.0)
        assert (await seen.ended.get()).thread_id != first.thread_id
        await ran(runtime, asking("hello", thread="t1"))
        await seen.ended.get()
        await store.states.save("t1", "default", AgentState({"n": 1}, [], 1))
        named = (await runtime.schedules.create(replace(DAILY, thread_id="t1"), ANN)).schedule
        await make_due(store, named)
        assert (await seen.ended.get()).thread_id == "t1"
        assert (await texts(runtime, "t1"))[-1].startswith("ann {} {'n': 1}:")


async def test_a_named_thread_goes_on_from_all_that_was_said_in_it(
    store: MemoryStore, seen: Watching
) -> None:
    async with opened(store, seen) as runtime:
        await ran(runtime, asking("hello", thread="t1"))
        await seen.ended.get()
        named = (await runtime.schedules.create(replace(DAILY, thread_id="t1"), ANN)).schedule
        await make_due(store, named)
        await seen.ended.get()
        assert (await texts(runtime, "t1"))[-1] == (
            "ann {} {}: hello, ann {} None: hello, good morning?"
        )


async def test_ten_schedulers_over_one_store_fire_once(store: MemoryStore) -> None:
    watching = [Watching() for _ in range(10)]
    async with AsyncExitStack() as stack:
        runtimes = [await stack.enter_async_context(opened(store, each)) for each in watching]
        made = [(await runtimes[0].schedules.create(DAILY, ANN)).schedule for _ in range(20)]
        for each in made:
            await make_due(store, each)
        ended = [asyncio.create_task(each.ended.get()) for each in watching]
        while not all(
            shown.run is not None and shown.run.ended_at
            for shown in await runtimes[0].schedules.list(ANN)
        ):
            await asyncio.wait(ended, timeout=0.01)
        for task in ended:
            task.cancel()
        await asyncio.wait(ended)
        page = await runtimes[0].threads.list(ANN)
        assert len(page.threads) == 20
        for thread in page.threads:
            assert len(await runtimes[0].threads.runs(thread.thread_id, ANN)) == 1


async def test_a_process_that_dies_before_it_starts_the_run_loses_nothing(
    store: MemoryStore, seen: Watching, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(store, seen) as runtime:
        made = (await runtime.schedules.create(DAILY, ANN)).schedule
        firing = firing_of(made, 1000.0)
        gone = changed(replace(made, taken=Taken(firing, 1030.0)))
        assert await store.schedules.swap(made.version, gone)
        assert (await seen.ended.get()).run_id == firing.run_id
        assert (await seen.fired.get()).outcome == "started"
        assert "the process that was to fire it is gone" in caplog.text


async def test_a_process_that_dies_after_it_started_the_run_doubles_nothing(
    store: MemoryStore, seen: Watching
) -> None:
    async with opened(store, seen) as runtime:
        wanted = replace(DAILY, thread_id="t1")
        made = (await runtime.schedules.create(wanted, ANN)).schedule
        firing = firing_of(made, 1000.0)
        await ran(runtime, asking("good morning?", thread="t1", run=firing.run_id))
        await ran(runtime, asking("and more", thread="t1"))  # so that it is not the latest
        gone = changed(replace(made, taken=Taken(firing, 1030.0)))
        assert await store.schedules.swap(made.version, gone)
        assert (await seen.fired.get()).outcome == "started"
        assert len(await runtime.threads.runs("t1", ANN)) == 2


async def test_what_was_missed_while_nobody_was_there_is_fired_once(
    store: MemoryStore, seen: Watching, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(store, seen) as runtime:
        made = (await runtime.schedules.create(replace(DAILY, cron="0 * * * *"), ANN)).schedule
        assert made.next_at is not None
        past = changed(replace(made, next_at=made.next_at - DAY))
        assert await store.schedules.swap(made.version, past)
        fired = await seen.fired.get()
        assert (fired.outcome, fired.firing.missed) == ("started", 23)
        assert "fires once for 24 times that have passed" in caplog.text
        shown = await runtime.schedules.get(made.schedule_id, ANN)
        assert shown.schedule.next_at == made.next_at


@pytest.mark.parametrize("on_busy", ["reject", "queue", "supersede"])
async def test_a_busy_thread_is_left_alone_and_the_reason_is_noted(
    store: MemoryStore, seen: Watching, caplog: pytest.LogCaptureFixture, on_busy: BusyPolicy
) -> None:
    agent = Waiting()
    async with opened(store, seen, agent, options=Options(on_busy=on_busy)) as runtime:
        live = await runtime.start(asking("hello", thread="t1"))
        made = (await runtime.schedules.create(replace(DAILY, thread_id="t1"), ANN)).schedule
        await make_due(store, made)
        fired = await seen.fired.get()
        assert (fired.outcome, fired.code) == ("skipped", "THREAD_BUSY")
        assert live.run.run_id in (fired.message or "")
        assert "skipped" in caplog.text
        active = await store.log.active("t1")
        assert active is not None
        assert active.run_id == live.run.run_id
        agent.go.set()
        assert (await seen.ended.get()).status == "finished"


async def test_a_firing_that_cannot_start_is_shown_and_the_next_one_comes(
    store: MemoryStore, seen: Watching, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(store, seen, authorize=only_schedules) as runtime:
        made = schedule_of()
        await store.schedules.add(made, 1)
        await make_due(store, made)
        fired = await seen.fired.get()
        assert (fired.outcome, fired.code) == ("failed", "FORBIDDEN")
        shown = await runtime.schedules.get("s1", ANN)
        assert shown.schedule.last == fired
        assert shown.schedule.next_at is not None
        assert "failed: you may not do this (start)" in caplog.text


def only_schedules(caller: Caller, access: Access, resource: Resource) -> bool:
    return access == "schedule"


async def test_user_code_that_raises_at_a_firing_is_shown(
    store: MemoryStore, seen: Watching, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(store, seen) as runtime:
        made = schedule_of()
        await store.schedules.add(made, 1)

        async def start(request: RunRequest) -> RunHandle:
            raise RuntimeError("secret")

        assert runtime._scheduler is not None
        runtime._scheduler._firings._start = start
        await make_due(store, made)
        fired = await seen.fired.get()
        assert (fired.outcome, fired.code) == ("failed", "INTERNAL_ERROR")
        assert "secret" not in (fired.message or "")
        assert "secret" in caplog.text


async def test_a_stop_of_the_server_hands_a_firing_to_others(
    store: MemoryStore, seen: Watching
) -> None:
    async with opened(store, seen) as runtime:
        made = schedule_of()
        await store.schedules.add(made, 1)
        tried = asyncio.Event()

        async def start(request: RunRequest) -> RunHandle:
            tried.set()
            raise ShuttingDown

        assert runtime._scheduler is not None
        runtime._scheduler._firings._start = start
        await make_due(store, made)
        await tried.wait()
    async with opened(store, seen):
        assert (await seen.fired.get()).outcome == "started"
        assert (await seen.ended.get()).status == "finished"


async def test_a_store_that_goes_away_is_reported_once_and_what_is_due_comes_afterwards(
    store: MemoryStore,
    seen: Watching,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks = 0
    due = store.schedules.due

    async def away(most: int) -> Any:  # noqa: ANN401
        nonlocal looks
        looks += 1
        if looks < 5:
            raise StoreUnavailable("the store cannot be reached; try again later")
        return await due(most)

    monkeypatch.setattr(store.schedules, "due", away)
    await store.schedules.add(schedule_of(next_at=1000.0), 1)
    async with opened(store, seen):
        assert (await seen.fired.get()).outcome == "started"
        await seen.ended.get()
    assert caplog.text.count("schedules do not fire for now: the store cannot be reached") == 1


async def test_an_agent_that_only_another_process_has_is_left_to_it_for_a_while(
    store: MemoryStore, seen: Watching
) -> None:
    other = Watching()
    now = (await store.schedules.due(1)).now
    await store.schedules.add(schedule_of(agent="research", next_at=now - 1), 1)
    async with opened(store, seen), opened(store, other, {"default": Echo(), "research": Echo()}):
        assert (await other.fired.get()).outcome == "started"
        await other.ended.get()
        assert seen.fired.empty()


async def test_an_agent_that_nobody_has_is_an_error_in_the_end(
    store: MemoryStore, seen: Watching
) -> None:
    await store.schedules.add(schedule_of(agent="gone", next_at=1000.0), 1)
    async with opened(store, seen):
        fired = await seen.fired.get()
    assert (fired.outcome, fired.code) == ("failed", "AGENT_NOT_FOUND")


async def test_a_schedule_whose_times_cannot_be_read_is_paused_with_the_reason(
    store: MemoryStore, seen: Watching, caplog: pytest.LogCaptureFixture
) -> None:
    await store.schedules.add(schedule_of(zone="Mars/Olympus", next_at=1000.0), 1)
    async with opened(store, seen) as runtime:
        assert (await seen.fired.get()).outcome == "failed"
        shown = await runtime.schedules.get("s1", ANN)
        assert shown.schedule.paused
        assert "Mars/Olympus" in ((shown.schedule.last and shown.schedule.last.message) or "")
        assert "schedule s1 is paused" in caplog.text


async def test_a_firing_is_carried_out_by_a_worker_where_runs_are_posted(
    store: MemoryStore, seen: Watching
) -> None:
    posts = Watching()
    async with opened(store, posts, options=Options(run_in=HereQueue())) as runtime:
        await ran_before(store)
        made = (await runtime.schedules.create(replace(DAILY, thread_id="t1"), ANN)).schedule
        await make_due(store, made)
        assert (await posts.fired.get()).outcome == "started"
        active = await store.log.active("t1")
        assert active is not None
        assert active.status == "queued"
        worker = asyncio.create_task(runtime.launcher.worker(["default"], 1).run())
        assert (await posts.ended.get()).status == "finished"
        worker.cancel()
        await asyncio.wait([worker])
        assert (await texts(runtime, "t1"))[-1].endswith(": hello, hi, good morning?")


async def ran_before(store: MemoryStore) -> None:
    """Thread t1 has an exchange."""
    seen = Watching()

    class Greeting(Echo):
        async def run(self, request: RunAgentInput) -> AsyncIterator[object]:
            yield "hi"

    async with opened(store, seen, Greeting()) as runtime:
        await ran(runtime, asking("hello", thread="t1"))
