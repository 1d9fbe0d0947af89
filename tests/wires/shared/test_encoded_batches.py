"""A run's records as bytes for its readers."""

from __future__ import annotations

import asyncio
import gc
from contextlib import aclosing, suppress

from agui_runtime.core.events import Record
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.shared.encoded_batches import encoded
from agui_runtime.wires.shared.event_stream_frames import current, frames
from tests.runtime.worlds import Waiting, asking


async def test_a_run_that_waits_holds_nothing_of_what_its_reader_has() -> None:
    runtime = CopilotRuntime({"default": Waiting()})
    handle = await runtime.start(asking(run="silent"))
    async with aclosing(encoded(handle.batches(), frames, current)) as parts:
        seen = b""
        while b"TEXT_MESSAGE_START" not in seen:
            seen += await anext(parts)
        rest = asyncio.create_task(anext(parts))
        await asyncio.sleep(0)  # it goes on to wait
        records = [each for each in gc.get_objects() if type(each) is Record]
        assert "silent" not in {record.run_id for record in records}
        rest.cancel()
        with suppress(asyncio.CancelledError):
            await rest
    await runtime.close()
