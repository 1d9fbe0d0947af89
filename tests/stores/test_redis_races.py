"""Threads that are deleted and renamed by one process while another runs them: all or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import AsyncExitStack, suppress
from uuid import uuid4

import pytest

from agui_runtime.core.errors import Busy, OwnerLost, ThreadNotFound
from agui_runtime.core.events import ThreadInfo
from agui_runtime.stores.base import Store, ThreadQuery
from agui_runtime.stores.redis import RedisStore
from tests.stores.servers import RedisServer
from tests.stores.test_contract import a_run, claimed, delta, finish

ROUNDS = 40


async def attempt(work: Awaitable[object]) -> str:
    """What came of it; whatever else it raises is a fault."""
    try:
        await work
    except (ThreadNotFound, Busy, OwnerLost) as error:
        return type(error).__name__
    return "done"


async def a_whole_run(store: Store, number: int) -> None:
    lease = await claimed(store, a_run(run=f"r{number}"))
    with store.log.keep(lease, lambda: None):
        await store.log.append(lease, [delta(0), delta(1)])
        await finish(store, lease)


async def test_a_thread_is_whole_or_gone_however_deletes_and_renames_meet_its_runs(
    redis: RedisServer,
) -> None:
    prefix = uuid4().hex
    async with AsyncExitStack() as stack:
        first, second = (RedisStore(redis.url, prefix=prefix) for _ in range(2))
        for store in (first, second):
            await store.open()
            stack.push_async_callback(store.close)
        outcomes: set[tuple[str, ...]] = set()
        for number in range(ROUNDS):
            outcomes.add(
                tuple(
                    await asyncio.gather(
                        attempt(a_whole_run(first, number)),
                        attempt(second.threads.update("t1", name=f"name {number}")),
                        attempt(second.threads.delete("t1")),
                        attempt(first.threads.update("t1", archived=False)),
                        attempt(first.threads.delete("t1") if number % 3 else asyncio.sleep(0)),
                    )
                )
            )
            await whole_or_gone(redis, prefix, first)
        assert all(outcome[0] == "done" for outcome in outcomes), "a run never lost its thread"
        assert len(outcomes) > 1, "they met in more than one order"


async def whole_or_gone(redis: RedisServer, prefix: str, store: Store) -> None:
    info = await store.threads.get("t1")
    listed = [each.thread_id for each in (await store.threads.list("ann")).threads]
    assert listed == ([] if info is None else ["t1"])
    if info is None:
        assert redis.keys(f"{prefix}:{{t1}}:*") == [], "nothing of a deleted thread comes back"
        return
    assert info.owner == "ann"
    end = await store.log.end("t1")
    runs = await store.threads.runs("t1")
    assert end.seq == 3 * len(runs)
    assert {run.status for run in runs} <= {"finished"}
    assert await store.log.active("t1") is None


async def test_a_deleted_thread_is_not_renamed_back_into_being(redis: RedisServer) -> None:
    prefix = uuid4().hex
    store = RedisStore(redis.url, prefix=prefix)
    await store.open()
    await store.threads.obtain("t1", "ann", "default")
    await asyncio.gather(
        store.threads.delete("t1"),
        *(attempt(store.threads.update("t1", name=f"n{each}")) for each in range(20)),
    )
    with suppress(ThreadNotFound):
        await store.threads.update("t1", archived=True)
    assert redis.keys(f"{prefix}:{{t1}}:*") == []
    await store.close()


async def test_a_thread_that_is_made_anew_while_its_old_entry_is_cleared_away_is_listed(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefix = uuid4().hex
    async with AsyncExitStack() as stack:
        first, second = (RedisStore(redis.url, prefix=prefix) for _ in range(2))
        for store in (first, second):
            await store.open()
            stack.push_async_callback(store.close)
        await first.threads.obtain("t1", "ann", "default")
        redis.command("DEL", f"{prefix}:{{t1}}:meta")  # as if it had expired
        get = second.threads.get

        async def meanwhile(thread_id: str) -> ThreadInfo | None:
            found = await get(thread_id)
            await first.threads.obtain(thread_id, "ann", "default")
            return found

        monkeypatch.setattr(second.threads, "get", meanwhile)
        assert (await second.threads.list("ann")).threads == []
        assert [each.thread_id for each in (await first.threads.list("ann")).threads] == ["t1"]


async def test_threads_that_are_gone_hide_no_others_behind_them(redis: RedisServer) -> None:
    prefix = uuid4().hex
    async with AsyncExitStack() as stack:
        store = RedisStore(redis.url, prefix=prefix)
        await store.open()
        stack.push_async_callback(store.close)
        for number in range(250):
            await store.threads.obtain(f"t{number}", "ann", "default")
        gone = [f"{prefix}:{{t{number}}}:meta" for number in range(100, 250)]
        redis.command("DEL", *gone)  # as if they had expired
        page = await store.threads.list("ann", ThreadQuery(limit=200))
        assert [each.thread_id for each in page.threads] == [f"t{n}" for n in range(99, -1, -1)]
