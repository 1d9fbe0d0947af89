"""An agent that says a few words at once, for `bench workers`."""

from __future__ import annotations

from collections.abc import AsyncIterator

from ag_ui.core import RunAgentInput

from agui_runtime import CopilotRuntime

WORDS = 20


async def talking(request: RunAgentInput) -> AsyncIterator[str]:
    for number in range(WORDS):
        yield f"{number} "


runtime = CopilotRuntime({"default": talking})
