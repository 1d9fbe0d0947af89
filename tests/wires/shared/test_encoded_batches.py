"""A run's records as bytes for its readers."""

from __future__ import annotations

import asyncio
import gc
from contextlib import suppress

from agui_runtime.core.events import Record
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.shared.encoded_batches import EncodedBatches
from agui_runtime.wires.shared.event_stream_frames import current, frames
from tests.runtime.worlds import Waiting, asking


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
