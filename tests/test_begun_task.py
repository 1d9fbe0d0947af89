"""A task that begins at once: it goes on, ends and is cancelled as any other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import Context, ContextVar
from typing import Any

import pytest

from agui_runtime.begun_task import begun_task

name: ContextVar[str] = ContextVar("name", default="nobody")


async def test_it_comes_to_its_first_wait_at_once_as_a_task_in_a_context_of_its_own() -> None:
    done: list[object] = []

    async def work() -> str:
        name.set("ann")
        done.append(asyncio.current_task())
        await asyncio.sleep(0)
        done.append(asyncio.current_task())
        async with asyncio.timeout(10):
            await asyncio.sleep(0.001)
        return name.get()

    caller = asyncio.current_task()
    task = begun_task(work())
    assert done == [task]
    assert asyncio.current_task() is caller
    await asyncio.sleep(0)
    assert done == [task, task]
    assert await task == "ann"
    assert name.get() == "nobody"


async def test_it_goes_on_when_what_it_waits_for_is_there() -> None:
    answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def work() -> str:
        return await answer

    early, late = begun_task(work()), begun_task(work())
    answer.set_result("yes")
    assert (await early, await late) == ("yes", "yes")


async def test_what_ends_it_at_once_is_its_task_s() -> None:
    async def work(failure: Exception | None) -> str:
        if failure:
            raise failure
        return "done"

    fine, broken = begun_task(work(None)), begun_task(work(ValueError("wrong")))
    assert await fine == "done"
    with pytest.raises(ValueError, match="wrong"):
        await broken


@pytest.mark.parametrize("is_in_turn", [False, True])
async def test_it_is_cancelled_with_what_it_waits_for(is_in_turn: bool) -> None:
    """Also before its first turn."""
    ends: list[str] = []

    async def wait(who: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ends.append(who)

    async def work() -> None:
        try:
            await inner
        finally:
            ends.append("outer")

    inner = asyncio.create_task(wait("inner"))
    await asyncio.sleep(0)
    task = begun_task(work())
    if is_in_turn:
        await asyncio.sleep(0)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert ends == ["inner", "outer"]
    assert task.cancelled()
    assert inner.cancelled()


async def test_one_that_is_cancelled_before_its_first_turn_cleans_up() -> None:
    ends: list[str] = []

    async def work() -> None:
        try:
            await asyncio.sleep(0)
        finally:
            ends.append("clean")

    task = begun_task(work())
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ends == ["clean"]


async def test_one_that_is_cancelled_when_its_wait_is_over_is_cancelled() -> None:
    answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def work() -> str:
        return await answer

    task = begun_task(work())
    answer.set_result("yes")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def wrapping(
    loop: asyncio.AbstractEventLoop,
    work: Coroutine[Any, Any, Any],
    context: Context | None = None,
) -> asyncio.Task[Any]:
    """As tools make tasks that watch them (Sentry's integration for asyncio)."""

    async def watched() -> object:
        return await work

    return asyncio.Task(watched(), loop=loop, context=context)


FACTORIES = [wrapping, *[f for f in [getattr(asyncio, "eager_task_factory", None)] if f]]


@pytest.mark.parametrize("factory", FACTORIES)
@pytest.mark.parametrize("waits", range(3))
async def test_a_loop_s_own_tasks_do_each_step_once(
    waits: int, factory: Callable[..., asyncio.Task[Any]]
) -> None:
    steps: list[int] = []

    async def work() -> str:
        task = asyncio.current_task()
        for step in range(waits):
            steps.append(step)
            await asyncio.sleep(0)
            assert asyncio.current_task() is task
        return "done"

    loop = asyncio.get_running_loop()
    loop.set_task_factory(factory)
    try:
        task = begun_task(work())
        assert len(steps) <= 1
        assert await task == "done"
    finally:
        loop.set_task_factory(None)
    assert steps == list(range(waits))


async def test_it_shows_where_it_is() -> None:
    async def work() -> None:
        await asyncio.sleep(0)

    task = begun_task(work())
    assert "work() running at" in repr(task)
    assert [frame.f_code.co_name for frame in task.get_stack()] == ["work"]
    await task
