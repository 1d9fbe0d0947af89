"""A runtime for server processes: its agent says numbers, slowly, or waits for ever."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator

from ag_ui.core import RunAgentInput

from agui_runtime.core.events import Event
from agui_runtime.runtime.runtime import CopilotRuntime


async def talking(request: RunAgentInput) -> AsyncIterator[Event]:
    """To `count 20 0.05` it says so many numbers with that pause between them; to `hold` it says
    the number of its process and waits; to anything else it says that number and ends.
    """
    asked = str(request.messages[-1].content).split()
    words = range(int(asked[1])) if asked[0] == "count" else [os.getpid()]
    message = {"messageId": f"m-{request.run_id}"}
    yield {"type": "TEXT_MESSAGE_START", "role": "assistant", **message}
    for word in words:
        yield {"type": "TEXT_MESSAGE_CONTENT", "delta": f"{word} ", **message}
        if asked[0] == "count":
            await asyncio.sleep(float(asked[2]))
    if asked[0] == "hold":
        await asyncio.Event().wait()
    yield {"type": "TEXT_MESSAGE_END", **message}


runtime = CopilotRuntime({"default": talking})
