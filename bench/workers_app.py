"""An agent that says a few words at once, for `bench workers`; or takes a second after one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from ag_ui.core import RunAgentInput

from agui_runtime import CopilotRuntime

WORDS = 20
LONG, SLEEP = "take your time", 1.0


async def talking(request: RunAgentInput) -> AsyncIterator[str]:
    for number in range(WORDS):
        yield f"{number} "
        if number == 0 and request.messages[-1].content == LONG:
            await asyncio.sleep(SLEEP)


runtime = CopilotRuntime({"default": talking})
