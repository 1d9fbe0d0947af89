"""Workers whose store fails, and processes that end while runs are taken over."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack

import pytest

from agui_runtime.queues.here import HereQueue
from agui_runtime.runtime import overdue, queue_watch, worker
from agui_runtime.runtime.runtime import CopilotRuntime, Options
from agui_runtime.stores.base import Store
from agui_runtime.stores.jobs import Adopted, Offer, QueueFigures
from agui_runtime.stores.memory import MemoryStore
from tests.runtime.test_workers import Echo, at_work, events_of, jobs_of, opened, request_of
from tests.stores.conftest import each_store as each_store, postgres as postgres, redis as redis


@pytest.fixture
def store(each_store: Store) -> Store:
    return each_store


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "EVERY", 0.01)
    monkeypatch.setattr(queue_watch, "EVERY", 0.01)


@pytest.mark.parametrize("step", ["take", "adopt"])
@pytest.mark.usefixtures("often")
async def test_a_worker_outlives_any_failure_of_the_stores_client(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, step: str
) -> None:
    for offering in ("memory.jobs", "redis.queues", "sql.job_steps"):
        monkeypatch.setattr(f"agui_runtime.stores.{offering}.OFFERED", 0.0)
    _fail_twice(jobs_of(store), step, monkeypatch)
    async with opened(store, Echo()) as runtime:
        handle = await runtime.start(request_of("t1"))
        async with at_work(runtime):
            assert (await events_of(handle))[-1]["type"] == "RUN_FINISHED"
    assert "a client's own error" in caplog.text


@pytest.mark.usefixtures("often")
async def test_runs_that_wait_too_long_are_ended_after_any_failure(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _fail_twice(jobs_of(store), "overdue", monkeypatch)
    async with opened(store, Echo(), worker_timeout=0.05) as runtime:
        events = await events_of(await runtime.start(request_of("t1")))
    assert [each["type"] for each in events] == ["RUN_STARTED", "RUN_ERROR"]
    assert events[-1]["code"] == "QUEUE_TIMEOUT"
    assert "a client's own error" in caplog.text


@pytest.mark.usefixtures("often")
async def test_however_many_runs_wait_too_long_they_are_ended_at_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = jobs_of(store)
    find = jobs.overdue

    async def found(seconds: float, most: int) -> list[Offer]:
        offers: list[Offer] = await find(0, most)
        if offers:
            monkeypatch.setattr(queue_watch, "EVERY", 3600.0)  # there is no second look
        return offers

    async def aged() -> Mapping[str, QueueFigures]:
        return {"default": QueueFigures(5, 3600.0)}

    monkeypatch.setattr(overdue, "MOST", 2)
    async with opened(store, Echo(), worker_timeout=3600.0) as runtime:
        handles = [await runtime.start(request_of(f"t{number}")) for number in range(5)]
        monkeypatch.setattr(jobs, "overdue", found)
        monkeypatch.setattr(jobs, "figures", aged)
        for handle in handles:
            events = await events_of(handle)
            assert events[0]["input"]["messages"][0]["content"] == "hello"
            assert events[-1]["code"] == "QUEUE_TIMEOUT"


@pytest.mark.usefixtures("often")
async def test_a_worker_that_found_its_slots_full_of_work_when_it_came_says_that_it_lives(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs, agent, alive = jobs_of(store), Echo(), asyncio.Event()
    take = jobs.take

    async def taken(name: str, queues: list[str], most: int) -> list[Offer]:
        if most == 0:
            alive.set()
        found: list[Offer] = await take(name, queues, most)
        return found

    monkeypatch.setattr(jobs, "take", taken)
    async with opened(store, agent) as runtime:
        handles = [await runtime.start(request_of(f"t{n}", text="wait")) for n in range(3)]
        async with at_work(runtime, 1):
            async with asyncio.timeout(60):
                await alive.wait()
            agent.go.set()
            for handle in handles:
                await events_of(handle)


async def test_a_run_that_is_taken_up_as_its_worker_ends_is_carried_out(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    adopting, go, queue = _held(store, monkeypatch)
    async with AsyncExitStack() as stack:
        web = await stack.enter_async_context(opened(store, Echo(), run_in=queue))
        handle = await web.start(request_of("t1"))
        process = CopilotRuntime({"default": Echo()}, store=store, options=Options(run_in=queue))
        await process.launcher.open()
        working = asyncio.create_task(process.launcher.worker(["default"], 2).run())
        await adopting.wait()
        working.cancel()
        asyncio.get_running_loop().call_later(0.05, go.set)
        await asyncio.wait([working])
        await process.drain(10)
        await process.launcher.close()
        assert await store.log.active("t1") is None
        assert (await events_of(handle))[-1]["type"] == "RUN_FINISHED"


async def test_a_process_ends_when_what_it_was_asked_to_stop_has_ended(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    adopting, go, queue = _held(store, monkeypatch)
    async with opened(store, Echo(), run_in=queue) as runtime:
        await runtime.start(request_of("t1"))
        stopping = asyncio.create_task(runtime.launcher.stop("t1", "r1", store.log))
        await adopting.wait()
        stopping.cancel()  # whoever asked is gone
        asyncio.get_running_loop().call_later(0.05, go.set)
        await runtime.drain(0)
        assert await store.log.active("t1") is None


async def test_a_run_whose_place_cannot_be_taken_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()
    async with opened(store, Echo(), caller_runs=3) as runtime:
        handle = await runtime.start(request_of("t1"))
        _fail_twice(store.places, "take", monkeypatch)
        async with at_work(runtime):
            events = await events_of(handle)
    assert [each["type"] for each in events] == ["RUN_STARTED", "RUN_ERROR"]
    assert events[-1]["code"] == "STORE_FAILED"


async def test_a_run_that_was_posted_is_no_failure_of_its_request_whatever_the_bell_does(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    queue = HereQueue()
    _fail_twice(queue, "ring", monkeypatch)
    async with opened(store, Echo(), run_in=queue) as runtime:
        handle = await runtime.start(request_of("t1"))
        async with at_work(runtime):
            assert (await events_of(handle))[-1]["type"] == "RUN_FINISHED"
    assert "a client's own error" in caplog.text


def _fail_twice(seam: object, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    carry_out, failures = getattr(seam, step), iter(range(2))

    async def failing(*given: object) -> object:
        if next(failures, None) is not None:
            raise OSError("a client's own error")
        return await carry_out(*given)

    monkeypatch.setattr(seam, step, failing)


def _held(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> tuple[asyncio.Event, asyncio.Event, HereQueue]:
    """When a run is about to be adopted, and what it then waits for."""
    adopting, go, adopt = asyncio.Event(), asyncio.Event(), jobs_of(store).adopt

    async def adopted(*given: object) -> Adopted | None:
        adopting.set()
        await go.wait()
        found: Adopted | None = await adopt(*given)
        return found

    monkeypatch.setattr(jobs_of(store), "adopt", adopted)
    return adopting, go, HereQueue()
