"""A waiters that waits for news of one thread, beside others who have something to do."""

from __future__ import annotations

import asyncio

from agui_runtime.stores.shared.waiters import AT_ONCE, Waiters

MANY = 3 * AT_ONCE


async def waiting(waiters: Waiters, woken: list[int], number: int) -> None:
    await waiters.news(asyncio.get_running_loop())
    woken.append(number)


async def crowded(waiters: Waiters, woken: list[int]) -> list[asyncio.Task[None]]:
    """So many who wait, all of whom have begun to."""
    tasks = [asyncio.create_task(waiting(waiters, woken, number)) for number in range(MANY)]
    await asyncio.sleep(0)
    return tasks


async def test_a_crowd_is_woken_in_order_with_turns_for_others_between() -> None:
    waiters, woken = Waiters(), list[int]()
    tasks, turns = await crowded(waiters, woken), 0
    waiters.wake()
    while len(woken) < MANY:
        await asyncio.sleep(0)
        turns += 1
    assert woken == list(range(MANY))
    assert turns >= MANY / AT_ONCE
    await asyncio.gather(*tasks)


async def test_who_comes_after_the_news_waits_for_the_next() -> None:
    waiters, woken = Waiters(), list[int]()
    tasks = await crowded(waiters, woken)
    waiters.wake()
    late = asyncio.create_task(waiting(waiters, woken, -1))
    await asyncio.gather(*tasks)
    assert not late.done()
    waiters.wake()
    await late


async def test_who_goes_away_takes_nobodys_turn() -> None:
    waiters, woken = Waiters(), list[int]()
    tasks = await crowded(waiters, woken)
    for task in tasks[: 2 * AT_ONCE]:
        task.cancel()
    await asyncio.wait(tasks[: 2 * AT_ONCE])
    waiters.wake()
    await asyncio.gather(*tasks[2 * AT_ONCE :])
    assert woken == list(range(2 * AT_ONCE, MANY))
