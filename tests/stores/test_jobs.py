"""Runs that wait for a worker, told once for all stores."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from time import time

import pytest

from agui_runtime.core.errors import Busy, ThreadNotFound
from agui_runtime.core.events import Record, RunInfo
from agui_runtime.stores.base import Lease, RunEnd, Store
from agui_runtime.stores.jobs import Job, Jobs, Offer, Posted, Queueing

QUEUES = ["default"]
LONG = 600.0


pytestmark = pytest.mark.parametrize(
    "each_store", ["memory", "redis", "sqlite", "postgres"], indirect=True
)


@pytest.fixture
def store(each_store: Store) -> Store:
    return each_store


@pytest.fixture
def jobs(store: Store) -> Jobs:
    return jobs_of(store)


def jobs_of(store: object) -> Jobs:
    assert isinstance(store, Queueing)
    return store.jobs


def run_of(thread: str, run: str = "r1", owner: str = "ann") -> RunInfo:
    return RunInfo(thread, run, "default", owner, time(), fingerprint="f", status="queued")


async def post(jobs: Jobs, run: RunInfo, queue: str = "default", seconds: float = LONG) -> Posted:
    return await jobs.post(run, Job(queue, f"job of {run.thread_id}".encode()), seconds)


async def adopt(
    jobs: Jobs, run: RunInfo, on_stop: Callable[[], None] = lambda: None
) -> Lease | None:
    adopted = await jobs.adopt(run.thread_id, run.run_id, on_stop)
    return adopted.lease if adopted else None


async def threads_of(jobs: Jobs, most: int = 100, queues: Sequence[str] = QUEUES) -> list[str]:
    return [each.thread_id for each in await jobs.take("w1", queues, most)]


async def test_a_posted_run_is_taken_adopted_and_written_as_any(store: Store, jobs: Jobs) -> None:
    run = run_of("t1")
    posted = await post(jobs, run)
    assert (posted.run.run_id, posted.fresh, posted.start.seq) == ("r1", True, 0)
    assert await jobs.take("w1", QUEUES, 5) == [Offer("t1", "r1", "default")]
    adopted = await jobs.adopt("t1", "r1", lambda: None)
    assert adopted is not None
    assert adopted.body == b"job of t1"
    assert 0 <= adopted.waited < LONG
    lease = adopted.lease
    assert (lease.run.status, lease.run.owner, lease.start) == ("running", "ann", posted.start)
    with store.log.keep(lease, lambda: None):
        await store.log.append(lease, [{"type": "CUSTOM", "name": "n", "value": 1}])
        last = {"type": "RUN_FINISHED", "threadId": "t1", "runId": "r1"}
        await store.log.release(lease, RunEnd([last], "finished", time()))
    assert await store.log.active("t1") is None
    assert [each.status for each in await store.threads.runs("t1")] == ["finished"]
    assert [record.event["type"] for record in await records(store, "t1", 2)] == [
        "CUSTOM",
        "RUN_FINISHED",
    ]


async def records(store: Store, thread: str, count: int) -> list[Record]:
    found: list[Record] = []
    async with aclosing(store.log.follow(thread, None)) as batches:
        async for batch in batches:
            found += batch.records
            if len(found) >= count:
                break
    return found


async def test_a_run_that_waits_is_seen_as_queued_and_then_as_running(
    store: Store, jobs: Jobs
) -> None:
    run = run_of("t1")
    await post(jobs, run)
    active = await store.log.active("t1")
    assert active is not None
    assert (active.run_id, active.status) == ("r1", "queued")
    assert [each.status for each in await store.threads.runs("t1")] == ["queued"]
    assert await adopt(jobs, run)
    active = await store.log.active("t1")
    assert active is not None
    assert active.status == "running"
    assert [each.status for each in await store.threads.runs("t1")] == ["running"]


async def test_nobody_else_may_write_a_thread_whose_run_waits(store: Store, jobs: Jobs) -> None:
    await post(jobs, run_of("t1"))
    with pytest.raises(Busy) as busy:
        await post(jobs, run_of("t1", "r2"))
    assert busy.value.run_id == "r1"
    with pytest.raises(Busy):
        await store.log.claim(replace(run_of("t1", "r3"), status="running"), lambda: None)
    with pytest.raises(ThreadNotFound):
        await post(jobs, run_of("t1", "r4", owner="bob"))
    with pytest.raises(Busy):
        await store.threads.delete("t1")


async def test_the_same_run_posted_again_is_the_same_run(jobs: Jobs) -> None:
    run = run_of("t1")
    first = await post(jobs, run)
    again = await post(jobs, run)
    assert (again.fresh, again.start, again.run.run_id) == (False, first.start, "r1")
    assert await threads_of(jobs) == ["t1"]
    assert await adopt(jobs, run)
    assert (await post(jobs, run)).fresh is False
    assert await threads_of(jobs) == []


async def test_a_run_is_adopted_once(jobs: Jobs) -> None:
    run = run_of("t1")
    await post(jobs, run)
    found = await asyncio.gather(*(adopt(jobs, run) for _ in range(8)))
    assert sum(each is not None for each in found) == 1
    assert await adopt(jobs, run) is None
    assert await jobs.adopt("t1", "r2", lambda: None) is None
    assert await jobs.adopt("t9", "r1", lambda: None) is None


async def test_an_offered_run_is_offered_to_nobody_else_for_a_while(jobs: Jobs) -> None:
    for thread in ("t1", "t2", "t3"):
        await post(jobs, run_of(thread))
    assert await threads_of(jobs, 2) == ["t1", "t2"]
    assert await threads_of(jobs) == ["t3"]
    assert await threads_of(jobs) == []
    await jobs.put_back(Offer("t2", "r1", "default"), 0.0)
    await jobs.put_back(Offer("t3", "r1", "default"), LONG)
    assert await threads_of(jobs) == ["t2"]


async def test_runs_of_one_owner_come_in_order_and_owners_take_turns(jobs: Jobs) -> None:
    for number in range(5):
        await post(jobs, run_of(f"a{number}"))
    assert await threads_of(jobs, 2) == ["a0", "a1"]
    for number in (0, 1):
        assert await adopt(jobs, run_of(f"a{number}"))
    for number in range(2):
        await post(jobs, run_of(f"b{number}", owner="bob"))
    await post(jobs, run_of("c0", owner="eve"))
    assert await jobs.position("c0", "r1") == 2
    assert await threads_of(jobs) == ["a2", "b0", "c0", "a3", "b1", "a4"]


async def test_queues_are_apart(jobs: Jobs) -> None:
    await post(jobs, run_of("t1"))
    await post(jobs, run_of("t2"), "gpu")
    await post(jobs, run_of("t3"), "gpu")
    assert await jobs.position("t3", "r1") == 1
    assert await threads_of(jobs, queues=["slow"]) == []
    assert await threads_of(jobs, 1, ["gpu"]) == ["t2"]
    assert await threads_of(jobs, 5, ["default", "gpu"]) == ["t1", "t3"]


async def test_position_is_known_while_the_run_waits(jobs: Jobs) -> None:
    for thread in ("t1", "t2", "t3"):
        await post(jobs, run_of(thread))
    assert [await jobs.position(each, "r1") for each in ("t1", "t2", "t3")] == [0, 1, 2]
    assert await adopt(jobs, run_of("t1"))
    assert [await jobs.position(each, "r1") for each in ("t1", "t2", "t3")] == [None, 0, 1]
    assert await jobs.position("t2", "other") is None


async def test_a_stop_while_the_run_waits_reaches_whoever_adopts_it(
    store: Store, jobs: Jobs
) -> None:
    run, stopped = run_of("t1"), asyncio.Event()
    await post(jobs, run)
    assert not await store.log.ask_stop("t1", "other")
    assert await store.log.ask_stop("t1", "r1")
    lease = await adopt(jobs, run, stopped.set)
    assert lease is not None
    with store.log.keep(lease, lambda: None):
        async with asyncio.timeout(60):
            await stopped.wait()


async def test_a_stop_after_adoption_reaches_the_worker(store: Store, jobs: Jobs) -> None:
    run, stopped = run_of("t1"), asyncio.Event()
    await post(jobs, run)
    lease = await adopt(jobs, run, stopped.set)
    assert lease is not None
    with store.log.keep(lease, lambda: None):
        assert await store.log.ask_stop("t1")
        async with asyncio.timeout(60):
            await stopped.wait()


async def test_a_run_that_nobody_adopts_fails_in_time(store: Store, jobs: Jobs) -> None:
    await post(jobs, run_of("t1"), seconds=0.05)
    async with asyncio.timeout(20):
        await store.log.wait_idle("t1")
    (record,) = await records(store, "t1", 1)
    assert (record.event["type"], record.event["code"]) == ("RUN_ERROR", "QUEUE_TIMEOUT")
    assert [each.status for each in await store.threads.runs("t1")] == ["failed"]
    assert await adopt(jobs, run_of("t1")) is None
    assert await threads_of(jobs) == []
    assert (await post(jobs, run_of("t1", "r2"))).fresh


async def test_what_waits_long_is_known(jobs: Jobs) -> None:
    for thread in ("t1", "t2"):
        await post(jobs, run_of(thread))
    assert await jobs.overdue(LONG, 5) == []
    assert {each.thread_id for each in await jobs.overdue(0.0, 5)} == {"t1", "t2"}
    assert len(await jobs.overdue(0.0, 1)) == 1


async def test_figures_count_what_waits_and_who_looks(jobs: Jobs) -> None:
    assert await jobs.figures() == {}
    await jobs.take("w1", ["default", "gpu"], 0)
    await jobs.take("w2", ["gpu"], 0)
    for thread in ("t1", "t2"):
        await post(jobs, run_of(thread))
    found = await jobs.figures()
    assert (found["default"].waiting, found["default"].workers) == (2, 1)
    assert (found["gpu"].waiting, found["gpu"].workers) == (0, 2)
    assert 0 <= found["default"].oldest_seconds < LONG
    await jobs.leave("w2")
    await jobs.leave("w1")
    assert (await jobs.figures())["default"].workers == 0


async def test_a_reader_who_waits_sees_what_the_worker_writes(store: Store, jobs: Jobs) -> None:
    run = run_of("t1")
    await post(jobs, run)
    reading = asyncio.create_task(records(store, "t1", 1))
    lease = await adopt(jobs, run)
    assert lease is not None
    with store.log.keep(lease, lambda: None):
        await store.log.append(lease, [{"type": "CUSTOM", "name": "n", "value": 1}])
        async with asyncio.timeout(60):
            (record,) = await reading
    assert record.event["name"] == "n"


async def test_a_large_job_comes_back_as_it_was_posted(jobs: Jobs) -> None:
    body = bytes(range(256)) * 4096
    await jobs.post(run_of("t1"), Job("default", body), LONG)
    adopted = await jobs.adopt("t1", "r1", lambda: None)
    assert adopted is not None
    assert adopted.body == body


async def test_odd_ids_wait_as_others_do(jobs: Jobs) -> None:
    run = run_of("t 1/{é}:\x02\n", "r:\x01 {1}", owner="o {w}")
    await post(jobs, run)
    assert [each[:2] for each in await jobs.take("w1", QUEUES, 5)] == [(run.thread_id, run.run_id)]
    assert await jobs.position(run.thread_id, run.run_id) == 0
    assert await adopt(jobs, run)


async def test_a_run_that_is_offered_still_counts_as_its_owners_turn(jobs: Jobs) -> None:
    for number in range(5):
        await post(jobs, run_of(f"a{number}"))
    assert await threads_of(jobs, 2) == ["a0", "a1"]
    await post(jobs, run_of("b0", owner="bob"))
    assert await threads_of(jobs, 1) == ["b0"]
