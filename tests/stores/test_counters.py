"""Sums that all processes over a store share."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from agui_runtime.stores.base import Counters, Counting, Store
from agui_runtime.stores.memory.counters import SWEPT, MemoryCounters
from tests.stores.databases import AnyStore, Processes

LONG = 3600.0


def counters_of(store: Store) -> Counters:
    assert isinstance(store, Counting)
    return store.counters


async def test_what_is_added_is_summed_up(each_store: Store) -> None:
    counters = counters_of(each_store)
    assert [await counters.add("a", amount, LONG) for amount in (1, 2, 0, 40)] == [1, 3, 3, 43]
    assert await counters.add("b", 2**40, LONG) == 2**40
    assert await counters.sums(["b", "never", "a"]) == [2**40, 0, 43]
    assert await counters.sums([]) == []


async def test_nothing_is_lost_where_many_add_at_once(each_store: Store) -> None:
    counters = counters_of(each_store)
    sums = await asyncio.gather(*(counters.add("a", 1, LONG) for _ in range(50)))
    assert sorted(sums) == list(range(1, 51))


async def test_a_sum_is_forgotten_after_its_time(each_store: Store) -> None:
    counters = counters_of(each_store)
    await counters.add("long", 1, LONG)
    await counters.add("short", 7, 0.001)
    async with asyncio.timeout(60):
        while await counters.sums(["short"]) != [0]:  # noqa: ASYNC110  # the store's own clock
            await asyncio.sleep(0.001)
    assert await counters.add("short", 1, LONG) == 1
    assert await counters.sums(["long", "short"]) == [1, 1]


async def test_all_processes_share_them(made: Processes[AnyStore]) -> None:
    one, other = await made.start(), await made.start()
    await counters_of(cast(Store, one)).add("a", 1, LONG)
    assert await counters_of(cast(Store, other)).add("a", 2, LONG) == 3
    assert await counters_of(cast(Store, one)).sums(["a"]) == [3]


async def test_memory_holds_no_sum_that_is_forgotten() -> None:
    now = 0.0
    counters = MemoryCounters(lambda: now)
    for number in range(SWEPT):
        await counters.add(f"key-{number}", 1, 10)
        now += 1
    assert len(counters._sums) <= 11


@pytest.mark.parametrize("key", ["ann's", "a:b{c}", "\U0001f980", "x" * 1000])
async def test_any_text_names_a_sum(each_store: Store, key: str) -> None:
    counters = counters_of(each_store)
    assert await counters.add(key, 5, LONG) == 5
    assert await counters.sums([key, key]) == [5, 5]
