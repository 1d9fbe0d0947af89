"""What the replicas of the fault tests serve: an agent that says words or waits in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from ag_ui.core import RunAgentInput

from agui_runtime.events import Event
from agui_runtime.runtime import CopilotRuntime

WORDS = 8


async def counting(request: RunAgentInput) -> AsyncIterator[Event]:
    """Says eight words; asked to `hold N`, it waits for ever after so many of its events."""
    asked = str(request.messages[-1].content).split()
    hold = int(asked[1]) if asked[0] == "hold" else None
    ids = {"messageId": f"m-{request.run_id}"}
    events: list[Event] = [
        {"type": "STATE_SNAPSHOT", "snapshot": {"run": request.run_id}},
        {"type": "TEXT_MESSAGE_START", **ids, "role": "assistant"},
        *({"type": "TEXT_MESSAGE_CONTENT", **ids, "delta": f"{n} "} for n in range(WORDS)),
        {"type": "TEXT_MESSAGE_END", **ids},
    ]
    for number, event in enumerate(events):
        if number == hold:
            await asyncio.Event().wait()
        yield event
        await asyncio.sleep(0.05)


runtime = CopilotRuntime({"default": counting})
