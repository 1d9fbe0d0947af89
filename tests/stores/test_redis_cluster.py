"""Threads in a cluster of real servers: each lives on one node, whole."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

from agui_runtime.core.schedules import changed
from agui_runtime.stores.redis import RedisStore
from tests.stores.clusters import cluster_of
from tests.stores.odd_ids import ODD_IDS
from tests.stores.servers import opened
from tests.stores.test_contract import a_run, claimed, delta, finish
from tests.stores.test_jobs import adopt, post, run_of
from tests.stores.test_schedules import schedule_of


async def test_the_threads_of_a_cluster_of_three_are_whole(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        url = cluster_of(stack, tmp_path)[0].url
        store = RedisStore(url)
        other = RedisStore(url)
        for each in (store, other):
            await each.open()
            stack.push_async_callback(each.close)
        threads = [*(f"t{number}" for number in range(12)), *ODD_IDS]
        for number, thread in enumerate(threads):
            lease = await claimed(store, a_run(thread=thread))
            reading = asyncio.create_task(anext(other.log.follow(thread, lease.start)))
            await store.log.append(lease, [delta(number)])
            assert [record.event for record in (await reading).records] == [delta(number)]
            assert await other.log.ask_stop(thread)
            await finish(store, lease)
        assert len((await other.threads.list("ann")).threads) == len(threads)


async def test_runs_wait_in_a_cluster_of_three_and_are_each_adopted_once(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        url = cluster_of(stack, tmp_path)[0].url
        stores = [RedisStore(url), RedisStore(url), RedisStore(url)]
        for each in stores:
            await each.open()
            stack.push_async_callback(each.close)
        web, *workers = stores
        queues, threads = ["default", "gpu", "slow"], [*map(str, range(30)), *ODD_IDS]
        for number, thread in enumerate(threads):
            await post(web.jobs, run_of(thread, owner=f"o{number % 4}"), queues[number % 3])
        assert sum(each.waiting for each in (await web.jobs.figures()).values()) == len(threads)
        assert await web.jobs.position("0", "r1") == 0
        adopted = list[str]()
        while offers := [
            offer for each in workers for offer in await each.jobs.take(str(id(each)), queues, 4)
        ]:
            for store in stores:
                leases = [await adopt(store.jobs, run_of(offer.thread_id)) for offer in offers]
                for lease in filter(None, leases):
                    adopted.append(lease.run.thread_id)
                    await finish(store, lease)
        assert sorted(adopted) == sorted(threads)
        assert not any(each.waiting for each in (await web.jobs.figures()).values())


async def test_schedules_in_a_cluster_of_three_are_taken_by_one_of_two(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        url = cluster_of(stack, tmp_path)[0].url
        stores = [await stack.enter_async_context(opened(RedisStore(url))) for _ in range(2)]
        one, two = (store.schedules for store in stores)
        due = [schedule_of(f"s{number}", f"owner-{number}", next_at=1000.0) for number in range(9)]
        for each in due:
            await one.add(each, 1)
        assert [await two.list(each.owner) for each in due] == [[each] for each in due]
        assert len((await two.due(100)).schedules) == 9
        for each in due:
            later = [changed(replace(each, next_at=4e9)) for _ in range(4)]
            pairs = zip((one, two) * 2, later, strict=True)
            swapped = await asyncio.gather(*(it.swap(each.version, new) for it, new in pairs))
            assert sum(swapped) == 1
        assert (await one.due(100)).schedules == []
