"""A run's records as bytes for its readers."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress

import pytest

from agui_runtime.core.events import Record
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.runtime.threads import Threads
from agui_runtime.stores.base import Batch
from agui_runtime.wires.shared.encoded_batches import EncodedBatches
from agui_runtime.wires.shared.event_stream_frames import current, frames
from tests.runtime.worlds import ANN, Scripted, Waiting, asking, ran, text


async def test_a_run_that_waits_holds_nothing_of_what_its_reader_has() -> None:
    runtime = CopilotRuntime({"default": Waiting()})
    handle = await runtime.start(asking(run="silent"))
    begun = asyncio.Event()

    async def write(part: bytes) -> None:
        if b"TEXT_MESSAGE_START" in part:
            begun.set()

    reading = asyncio.create_task(EncodedBatches(handle.batches(), frames, current).write_to(write))
    await begun.wait()
    await asyncio.sleep(0)  # it goes on to wait
    records = [each for each in gc.get_objects() if type(each) is Record]
    assert "silent" not in {record.run_id for record in records}
    reading.cancel()
    with suppress(asyncio.CancelledError):
        await reading
    await runtime.close()


@pytest.mark.parametrize("read", [Threads.connect, Threads.follow])
async def test_a_reader_that_waits_holds_nothing_of_the_thread_that_it_has_read(
    read: Callable[..., AsyncGenerator[Batch, None]],
) -> None:
    agents = {"default": Waiting(), "quick": Scripted(*text("m0", "hello"))}
    runtime = CopilotRuntime(agents, authorize=lambda *_: True)
    async with runtime.lifespan():
        await ran(runtime, asking(run="past", agent="quick"))
        await runtime.start(asking("more", run="silent"))
        begun = asyncio.Event()

        async def write(part: bytes) -> None:
            if b"TEXT_MESSAGE_START" in part and b"m1" in part:
                begun.set()

        batches = read(runtime.threads, "t1", ANN)
        reading = asyncio.create_task(EncodedBatches(batches, frames, current).write_to(write))
        await begun.wait()
        await asyncio.sleep(0)  # it goes on to wait
        records = [each for each in gc.get_objects() if type(each) is Record]
        assert "past" not in {record.run_id for record in records}
        reading.cancel()
        await asyncio.wait((reading,))
