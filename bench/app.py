"""The agent under measurement, as `AGUI_APP=bench.app:runtime`; the twin of node/server.mjs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from ag_ui.core import (
    BaseEvent,
    RunAgentInput,
    TextMessageContentEvent,
    TextMessageEndEvent,
    TextMessageStartEvent,
    UserMessage,
)

from agui_runtime.runtime import CopilotRuntime

WORDS = [f"word{k} " for k in range(200)]


async def talk(request: RunAgentInput) -> AsyncIterator[BaseEvent]:
    """Says the same words; if asked to be "paced", gives the event loop a turn after each."""
    asked = request.messages[-1]
    paced = isinstance(asked, UserMessage) and asked.content == "paced"
    message_id = f"words-{request.run_id}"
    yield TextMessageStartEvent(message_id=message_id, role="assistant")
    for word in WORDS:
        yield TextMessageContentEvent(message_id=message_id, delta=word)
        if paced:
            await asyncio.sleep(0)
    yield TextMessageEndEvent(message_id=message_id)


runtime = CopilotRuntime(agents={"default": talk, "bench": talk})
