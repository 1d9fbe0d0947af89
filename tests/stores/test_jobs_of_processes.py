"""Runs that one process posts and others adopt. Here each store stands for a process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from itertools import chain

import pytest

from agui_runtime.core.errors import OwnerLost
from agui_runtime.core.events import RunInfo
from agui_runtime.stores.jobs import OFFERED, SEEN, Adopted, Job, Offer, Posted, QueueFigures
from agui_runtime.stores.sql import SqlLimits
from tests.stores.databases import AnyStore, Place, Processes
from tests.stores.ends import ended
from tests.stores.test_contract import Clock, a_run, claimed, delta, finish, ignore, read, whole_run
from tests.stores.test_jobs import jobs_of

pytestmark = pytest.mark.parametrize("place", ["redis", "sqlite", "postgres"], indirect=True)


def waits(thread: str = "t1", run: str = "r1", owner: str = "ann") -> RunInfo:
    return replace(a_run(thread, run, owner, "f"), status="queued")


async def posted(store: AnyStore, run: RunInfo, body: bytes = b"{}") -> Posted:
    return await jobs_of(store).post(run, Job("default", body), 600.0)


async def adopted(
    store: AnyStore, thread: str = "t1", on_stop: Callable[[], None] = ignore
) -> Adopted:
    found = await jobs_of(store).adopt(thread, "r1", on_stop)
    assert found is not None
    return found


async def taken(store: AnyStore, worker: str = "w") -> list[str]:
    return [each.thread_id for each in await jobs_of(store).take(worker, ["default"], 9)]


async def test_what_one_process_posts_another_carries_out(made: Processes[AnyStore]) -> None:
    clock = Clock()
    web, worker = await made.start(clock=clock), await made.start(clock=clock)
    await whole_run(web, a_run(run="r0"))
    waiting = await posted(web, waits(), b"what to do")
    clock.now += 3
    found = await adopted(worker)
    assert (found.body, found.waited) == (b"what to do", 3.0)
    assert found.lease.run == replace(waiting.run, status="running")
    assert (found.lease.start, found.lease.known) == (waiting.start, {"m1"})
    reading = asyncio.create_task(read(web, 2, waiting.start))
    with worker.log.keep(found.lease, ignore):
        await worker.log.append(found.lease, [delta(0)])
        await finish(worker, found.lease)
    assert [each.run_id for each in await reading] == ["r1", "r1"]
    await web.log.wait_idle("t1")


async def test_a_run_posted_again_is_the_same_whoever_has_it(made: Processes[AnyStore]) -> None:
    web, worker = await made.start(), await made.start()
    first = await posted(web, waits(), b"first")
    assert await posted(worker, waits(), b"second") == replace(first, fresh=False)
    found = await adopted(worker)
    assert found.body == b"first"
    again = await posted(web, waits())
    assert (again.fresh, again.run.status, again.start) == (False, "running", first.start)
    assert not (await claimed(web, waits())).fresh
    await finish(worker, found.lease)
    assert (await posted(web, waits())).run.status == "finished"
    assert await jobs_of(web).figures() == {}


async def test_a_run_is_offered_to_others_when_the_offer_is_over(made: Processes[AnyStore]) -> None:
    clock = Clock()
    one, other = await made.start(clock=clock), await made.start(clock=clock)
    await posted(one, waits())
    assert await taken(one, "w1") == ["t1"]
    clock.now += OFFERED - 1
    assert await taken(other, "w2") == []
    clock.now += 1
    [offer] = await jobs_of(other).take("w2", ["default"], 5)
    await jobs_of(other).put_back(offer, 5.0)
    clock.now += 4
    assert await taken(one, "w1") == []
    clock.now += 1
    assert await taken(one, "w1") == ["t1"]
    await adopted(one)
    await jobs_of(other).put_back(offer, 0.0)
    assert await taken(one, "w1") == []


async def test_a_stop_reaches_a_run_before_and_after_it_is_adopted(
    made: Processes[AnyStore],
) -> None:
    web, worker = await made.start(), await made.start()
    calls, stopped = list[str](), asyncio.Event()
    await posted(web, waits())
    assert await web.log.ask_stop("t1", "r1")
    early = await adopted(worker, on_stop=lambda: calls.append("stop"))
    assert calls == ["stop"]
    await posted(web, waits("t2"))
    await adopted(worker, "t2", stopped.set)
    assert await web.log.ask_stop("t1")
    assert await web.log.ask_stop("t2")
    await stopped.wait()
    await finish(worker, early.lease)
    assert calls == ["stop"]


async def test_a_run_that_nobody_adopts_in_time_ends_and_says_so(
    made: Processes[AnyStore],
) -> None:
    clock = Clock()
    web, other = await made.start(clock=clock), await made.start(clock=clock)
    await posted(web, waits())
    clock.now += 601
    assert await jobs_of(other).adopt("t1", "r1", ignore) is None
    assert (await ended(other))[-1].event["code"] == "QUEUE_TIMEOUT"
    [run] = await web.threads.runs("t1")
    assert (run.status, run.figures and run.figures.error_code) == ("failed", "QUEUE_TIMEOUT")
    assert await taken(web) == []
    assert (await claimed(web, a_run(run="r2"))).fresh


async def test_a_run_whose_worker_dies_ends_as_any_other_and_is_not_offered_again(
    made: Processes[AnyStore],
) -> None:
    clock = Clock()
    web, worker = await made.start(clock=clock), await made.start(clock=clock)
    await posted(web, waits())
    found = await adopted(worker)
    await worker.log.append(found.lease, [delta(0)])
    clock.now += 7
    await posted(web, waits(run="r2"))
    assert [run.status for run in await web.threads.runs("t1")] == ["failed", "queued"]
    assert (await ended(web))[-1].event["code"] == "OWNER_LOST"
    with pytest.raises(OwnerLost):
        await worker.log.append(found.lease, [delta(1)])
    assert await jobs_of(web).adopt("t1", "r1", ignore) is None


async def test_the_lease_of_a_run_that_waited_is_renewed_as_any(
    made: Processes[AnyStore], place: Place[AnyStore]
) -> None:
    web, worker = await made.start(), await made.start(SqlLimits(lease=0.6))
    await posted(web, waits())
    found, lost = await adopted(worker), asyncio.Event()
    with worker.log.keep(found.lease, lost.set):
        until = await place.lapses_at()
        while await place.lapses_at() == until:  # noqa: ASYNC110  # the renewal is another thread's
            await asyncio.sleep(0.01)
        await finish(worker, found.lease)
    assert not lost.is_set()


async def test_overdue_runs_are_those_that_were_posted_so_long_ago(
    made: Processes[AnyStore],
) -> None:
    clock = Clock()
    store = await made.start(clock=clock)
    for number in range(3):
        await posted(store, waits(f"t{number}"))
        clock.now += 10
    assert await jobs_of(store).overdue(31, 9) == []
    late = [Offer(f"t{n}", "r1", "default") for n in (0, 1)]
    assert await jobs_of(store).overdue(20, 9) == late
    assert await jobs_of(store).overdue(20, 1) == late[:1]


async def test_a_worker_that_does_not_look_any_longer_is_not_counted(
    made: Processes[AnyStore],
) -> None:
    clock = Clock()
    store, other = await made.start(clock=clock), await made.start(clock=clock)
    await posted(store, waits())
    await jobs_of(store).take("w1", ["default", "gpu"], 0)
    clock.now += 4
    await jobs_of(other).take("w2", ["gpu"], 5)
    assert await jobs_of(store).figures() == {
        "default": QueueFigures(1, 4.0, 1),
        "gpu": QueueFigures(0, 0.0, 2),
    }
    clock.now += SEEN - 3
    assert await jobs_of(store).figures() == {
        "default": QueueFigures(1, SEEN + 1, 0),
        "gpu": QueueFigures(0, 0.0, 1),
    }


async def test_runs_that_one_owner_posts_at_once_leave_the_others_their_turns(
    made: Processes[AnyStore],
) -> None:
    stores = [await made.start() for _ in range(3)]
    runs = [waits(f"a{number}") for number in range(60)]
    await asyncio.gather(*(posted(stores[n % 3], run) for n, run in enumerate(runs)))
    await posted(stores[0], waits("b", owner="bob"))
    assert (await taken(stores[1]))[1] == "b"


async def test_four_workers_adopt_each_of_many_runs_once(made: Processes[AnyStore]) -> None:
    stores = [await made.start() for _ in range(4)]
    for first in range(0, 400, 50):
        runs = [waits(f"t{first + n}", owner=f"o{n % 7}") for n in range(50)]
        await asyncio.gather(*(posted(stores[0], run) for run in runs))

    async def work(store: AnyStore) -> list[str]:
        jobs, found = jobs_of(store), list[str]()
        while offers := await jobs.take(str(id(store)), ["default"], 5):
            adopting = (jobs.adopt(each.thread_id, each.run_id, ignore) for each in offers)
            for each in await asyncio.gather(*adopting):
                assert each is not None
                found.append(each.lease.run.thread_id)
        return found

    found = chain(*await asyncio.gather(*map(work, stores)))
    assert sorted(found) == sorted(f"t{number}" for number in range(400))


async def test_of_many_processes_that_adopt_one_run_one_gets_it(
    made: Processes[AnyStore],
) -> None:
    stores = [await made.start() for _ in range(4)]
    await posted(stores[0], waits())
    adopting = (jobs_of(store).adopt("t1", "r1", ignore) for store in stores * 5)
    found = [each for each in await asyncio.gather(*adopting) if each is not None]
    assert len(found) == 1


async def test_a_run_is_posted_though_its_caller_goes(made: Processes[AnyStore]) -> None:
    clock = Clock()
    web, worker = await made.start(clock=clock), await made.start(clock=clock)
    await claimed(web, a_run(run="r0"))
    clock.now += 7  # so it takes several steps
    posting = asyncio.create_task(posted(web, waits()))
    await asyncio.sleep(0)
    posting.cancel()
    while await taken(worker) == []:  # noqa: ASYNC110  # nobody says when
        await asyncio.sleep(0.01)
    await finish(worker, (await adopted(worker)).lease)


async def test_runs_wait_on_after_all_processes_have_gone(place: Place[AnyStore]) -> None:
    before, after = place.store(), place.store()
    await before.open()
    waiting = await posted(before, waits())
    await before.close()
    await after.open()
    try:
        assert await taken(after) == ["t1"]
        found = await adopted(after)
        assert found.lease.start == waiting.start
        await finish(after, found.lease)
    finally:
        await after.close()
