"""What every queue promises, whatever rings in it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack

import pytest

from agui_runtime.queues import postgres
from agui_runtime.queues.base import QueueUnavailable, RunQueue
from agui_runtime.queues.taskiq import queue as taskiq_queue
from tests.queues.places import FarPlace, Place, working
from tests.stores.test_redis_ways_in import until

Queues = Callable[..., RunQueue]


async def test_a_bell_has_a_worker_look(place: Place, queues: Queues) -> None:
    async with working(place, queues(), ["default"]) as worker:
        for _ in range(3):
            before = worker.looks
            await queues().ring("default")
            await worker.looked(before + 1)


async def test_a_bell_before_anybody_serves_does_no_harm(place: Place, queues: Queues) -> None:
    queue = queues()
    await queue.ring("default")
    async with working(place, queue, ["default"]) as worker:
        before = worker.looks
        await queue.ring("default")
        await worker.looked(before + 1)


async def test_a_bell_of_another_queue_is_not_for_a_worker(place: Place, queues: Queues) -> None:
    queue = queues()
    async with (
        working(place, queue, ["one"]) as one,
        working(place, queues(), ["other"]) as other,
    ):
        looks = one.looks, other.looks
        await queue.ring("other")
        await other.looked(looks[1] + 1)
        await queue.ring("one")
        await one.looked(looks[0] + 1)
        assert (one.looks, other.looks) == (looks[0] + 1, looks[1] + 1)


async def test_a_worker_serves_several_queues(place: Place, queues: Queues) -> None:
    queue = queues()
    names = ["default", "gpu"]
    async with working(place, queue, names) as worker:
        if place.looks_first:
            await queue.ring("default")
        for name in names * 2:
            before = worker.looks
            await queue.ring(name)
            await worker.looked(before + 1)


async def test_bells_during_a_look_make_another_one_after_it(place: Place, queues: Queues) -> None:
    queue = queues()
    async with working(place, queue, ["default"]) as worker:
        before = worker.looks
        worker.hand.clear()
        await queue.ring("default")
        await worker.looked(before + 1)
        for _ in range(5):
            await queue.ring("default")
        worker.hand.set()
        await worker.looked(before + 2)


async def test_a_worker_without_a_hand_leaves_bells_to_others(place: Place, queues: Queues) -> None:
    queue = queues()
    async with working(place, queue, ["default"]) as busy:
        busy.hand.clear()
        before = busy.looks
        await queue.ring("default")
        await busy.looked(before + 1)
        async with working(place, queues(), ["default"]) as free:
            for _ in range(3):
                looks = free.looks
                await queue.ring("default")
                await free.looked(looks + 1)
        assert busy.looks == before + 1
        busy.hand.set()


async def test_who_stops_serving_and_closes_leaves_nothing(place: Place) -> None:
    connections, tasks = place.connections(), asyncio.all_tasks()
    for _ in range(2):
        queue = place.queue()
        await queue.open()
        await queue.ring("default")
        async with working(place, queue, ["default", "gpu"]):
            pass
        await queue.close()
        await queue.close()
    assert asyncio.all_tasks() == tasks
    await until(lambda: place.connections() <= connections)  # the server notices


async def test_what_a_look_raises_ends_serving(place: Place, queues: Queues) -> None:
    queue = queues()
    begun = asyncio.Event()

    async def look() -> None:
        begun.set()
        raise LookupError("of the worker")

    serving = asyncio.create_task(queue.serve(["default"], look))
    await asyncio.sleep(0)
    await queue.ring("default")
    with pytest.raises(LookupError, match="of the worker"):
        await serving
    assert begun.is_set()


async def test_a_server_that_dies_and_comes_back_empty_is_one_line(
    far_place: FarPlace, queues: Queues, caplog: pytest.LogCaptureFixture
) -> None:
    queue = queues()
    await queue.open()
    async with working(far_place, queue, ["default"]) as worker:
        before = worker.looks
        with far_place.away():
            for _ in range(2):
                with pytest.raises(QueueUnavailable, match="the queue cannot be reached"):
                    await queue.ring("default")
            await until(lambda: bool(warnings(caplog)))
        await worker.looked(before + 1)  # it listens again
        looks = worker.looks
        await queue.ring("default")
        await worker.looked(looks + 1)
    (line,) = warnings(caplog)
    assert "listening again" in line


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The lines of the log, but what asyncio says of a pipeline that taskiq-redis leaves open where
    its server dies.
    """
    found = [each for each in caplog.records if each.levelno >= logging.WARNING]
    return [each.getMessage() for each in found if each.name != "asyncio"]


async def test_a_server_that_starts_later_is_waited_for(
    far_place: FarPlace, queues: Queues
) -> None:
    queue = queues()
    async with AsyncExitStack() as stack:
        with far_place.away():
            with pytest.raises(QueueUnavailable, match="the queue cannot be reached"):
                await queue.open()
            serving = working(far_place, queue, ["default"])
            begun = asyncio.create_task(stack.enter_async_context(serving))
            await asyncio.sleep(0)
        worker = await begun
        await queue.open()
        looks = worker.looks
        await queue.ring("default")
        await worker.looked(looks + 1)


async def test_a_server_that_hangs_is_not_waited_for(
    far_place: FarPlace, queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (taskiq_queue, postgres):
        monkeypatch.setattr(module, "PATIENCE", 0.2)
    queue = queues()
    await queue.open()
    with far_place.hanging(), pytest.raises(QueueUnavailable):
        await queue.ring("default")
    await queue.ring("default")


async def test_installations_with_one_server_do_not_hear_each_other(
    far_place: FarPlace, queues: Queues
) -> None:
    async with (
        working(far_place, queues("red"), ["default"]) as red,
        working(far_place, queues("blue"), ["default"]) as blue,
    ):
        looks = red.looks, blue.looks
        await queues("blue").ring("default")
        await blue.looked(looks[1] + 1)
        await queues("red").ring("default")
        await red.looked(looks[0] + 1)
        assert (red.looks, blue.looks) == (looks[0] + 1, looks[1] + 1)
