"""The agent of `bench growth`, as `AGUI_APP=bench.growth_app:runtime`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from ag_ui.core import RunAgentInput

from agui_runtime.core.events import Event
from agui_runtime.runtime.runtime import CopilotRuntime


def words(count: int) -> list[str]:
    return [f"word{number} " for number in range(count)]


async def talk(request: RunAgentInput) -> AsyncIterator[Event]:
    """Asked for `N RATE`, says N words, so many a second; 0 is as fast as it can."""
    count, rate = map(int, str(request.messages[-1].content).split())
    ids = {"messageId": f"m-{request.run_id}"}
    yield {"type": "TEXT_MESSAGE_START", **ids, "role": "assistant"}
    for word in words(count):
        yield {"type": "TEXT_MESSAGE_CONTENT", **ids, "delta": word}
        await asyncio.sleep(1 / rate if rate else 0)
    yield {"type": "TEXT_MESSAGE_END", **ids}


runtime = CopilotRuntime({"default": talk})
