"""What only the store of one process promises: it makes room by itself and tells who is behind."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from agui_runtime.errors import Gone, ThreadNotFound
from agui_runtime.stores.memory import MemoryStore
from tests.stores.test_contract import (
    LIMITS,
    Clock,
    a_run,
    claimed,
    finish,
    said,
    whole_run,
)


async def test_idle_threads_make_room_and_running_ones_stay() -> None:
    clock = Clock()
    store = MemoryStore(LIMITS, clock)
    await claimed(store, a_run(thread="running"))
    for number in range(6):
        clock.now += 1
        await whole_run(store, a_run(thread=f"idle{number}"))
    kept = [t.thread_id for t in (await store.threads.list("ann")).threads]
    assert kept == ["idle5", "idle4", "idle3", "running"]


async def test_a_reader_that_fell_behind_what_is_kept_is_told() -> None:
    store = MemoryStore(LIMITS, Clock())
    await whole_run(store, a_run(run="r0"))
    async with aclosing(store.log.follow("t1", None)) as batches:
        await anext(batches)
        for number in range(1, 6):
            await whole_run(store, a_run(run=f"r{number}"))
        with pytest.raises(Gone):
            await anext(batches)


async def test_a_reader_gets_the_end_of_a_thread_that_was_deleted_meanwhile() -> None:
    store = MemoryStore(LIMITS, Clock())
    lease = await claimed(store, a_run())
    async with aclosing(store.log.follow("t1", lease.start)) as batches:
        await store.log.append(lease, [said(0)])
        await anext(batches)
        await finish(store, lease)
        await store.threads.delete("t1")
        assert [each.event["type"] for each in (await anext(batches)).records] == ["RUN_FINISHED"]
        with pytest.raises(ThreadNotFound):
            await anext(batches)
