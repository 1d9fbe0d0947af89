"""What an agent emits at one go is taken together, and nothing else changes for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import pytest

from agui_runtime.core.events import Event
from agui_runtime.off_loop import is_cancelled
from agui_runtime.runs.bursts import LINGER, Bursts
from tests.clocks import LoopClock

LIGHT = frozenset({"WORD"})

WORD = {"type": "WORD"}
STEP = {"type": "STEP"}


def bursts(agent: Callable[[], AsyncGenerator[Event, None]]) -> Bursts:
    return Bursts(agent(), LIGHT)


async def sizes(read: Bursts, most: int = 100) -> list[int]:
    found = []
    while burst := await read.next(most):
        found.append(len(burst))
    return found


async def wait() -> None:
    """Until a turn of the loop later, and not merely give way, as `sleep(0)` does."""
    over = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(over.set_result, None)
    await over


async def test_what_comes_without_a_wait_comes_together() -> None:
    async def agent() -> AsyncGenerator[Event, None]:
        for pause in (False, False, True, False, True, True):
            yield WORD
            if pause:
                await wait()

    assert await sizes(bursts(agent)) == [3, 2, 1]
    assert await sizes(bursts(agent), most=2) == [2, 1, 2, 1]
    assert await sizes(bursts(agent), most=1) == [1] * 6


async def test_an_agent_that_only_gives_way_fills_a_burst_until_it_lingered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def agent() -> AsyncGenerator[Event, None]:
        for passed in (0.0, 0.0, LINGER / 2, LINGER / 2, 0.0):
            clock.pass_at_once(passed)
            yield WORD
            await asyncio.sleep(0)
        yield WORD
        await wait()
        yield WORD
        yield STEP
        yield WORD

    clock = LoopClock(monkeypatch)
    assert await sizes(bursts(agent)) == [1, 3, 2, 2, 1]
    assert await sizes(bursts(agent), most=2) == [1, 2, 1, 2, 2, 1]


async def test_whoever_gives_way_lets_others_go_on() -> None:
    async def agent() -> AsyncGenerator[Event, None]:
        for word in range(3):
            yield WORD
            turns.append(word)
            await asyncio.sleep(0)

    async def other() -> None:
        for _ in range(3):
            turns.append("other")
            await asyncio.sleep(0)

    turns: list[object] = []
    await asyncio.gather(sizes(bursts(agent)), other())
    assert turns == [0, "other", 1, "other", 2, "other"]


async def test_whoever_is_cancelled_cancels_an_agent_that_gives_way() -> None:
    async def agent() -> AsyncGenerator[Event, None]:
        yield WORD
        try:
            while True:
                await asyncio.sleep(0)
                gives_way.set()
        except asyncio.CancelledError:
            yield WORD
            yield STEP

    gives_way = asyncio.Event()
    reader = asyncio.create_task(sizes(bursts(agent)))
    await gives_way.wait()
    reader.cancel()
    assert await reader == [1, 2]


async def test_an_agent_does_nothing_more_before_another_kind_of_event_is_taken() -> None:
    done = []

    async def agent() -> AsyncGenerator[Event, None]:
        yield WORD
        yield STEP
        done.append("the step")
        yield WORD

    read = bursts(agent)
    assert await read.next(100) == [WORD, STEP]
    assert done == []
    assert await sizes(read) == [1]


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt, asyncio.CancelledError])
async def test_what_an_agent_raises_comes_after_its_words(failure: type[BaseException]) -> None:
    async def agent() -> AsyncGenerator[Event, None]:
        yield WORD
        raise failure

    read = bursts(agent)
    assert await read.next(100) == [WORD]
    with pytest.raises(failure):
        await read.next(100)
    await read.aclose()


async def test_an_agent_that_waits_is_cancelled_when_it_is_closed() -> None:
    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("its work")

    async def agent() -> AsyncGenerator[Event, None]:
        task = asyncio.create_task(work())
        await asyncio.sleep(0)
        try:
            yield WORD
            await task
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            yield WORD
        finally:
            await asyncio.sleep(0)
            ended.append("the agent")

    ended: list[str] = []
    read = bursts(agent)
    assert await read.next(100) == [WORD]
    await read.aclose()
    assert ended == ["its work", "the agent"]


async def test_an_agent_that_gives_way_is_cancelled_as_well() -> None:
    async def agent() -> AsyncGenerator[Event, None]:
        try:
            yield WORD
            await asyncio.sleep(0)
            yield WORD
        except asyncio.CancelledError:
            ended.append("the agent")
            raise

    ended: list[str] = []
    read = bursts(agent)
    assert await read.next(100) == [WORD]
    await read.aclose()
    assert ended == ["the agent"]


async def test_whoever_is_cancelled_cancels_the_agent_and_gets_its_last_words() -> None:
    async def agent() -> AsyncGenerator[Event, None]:
        yield WORD
        waits.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            yield STEP

    waits = asyncio.Event()
    read = bursts(agent)
    reader = asyncio.create_task(sizes(read))
    await waits.wait()
    reader.cancel()
    assert await reader == [1, 1]


async def test_an_agent_that_is_closed_can_tell_that_it_is_cancelled() -> None:
    async def agent() -> AsyncGenerator[Event, None]:
        try:
            yield WORD
            await asyncio.sleep(0)
        finally:
            cancelled.append(is_cancelled())

    cancelled: list[bool] = []
    read = bursts(agent)
    await read.next(100)
    await read.aclose()
    assert cancelled == [True]
    assert not is_cancelled()


async def test_what_an_agent_raises_when_it_is_closed_does_not_hide_why_it_is() -> None:
    async def agent() -> AsyncGenerator[Event, None]:
        try:
            yield WORD
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ValueError from None

    async with aclosing(bursts(agent)) as read:
        await read.next(100)
