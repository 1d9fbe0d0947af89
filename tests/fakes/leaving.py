"""A runtime whose agent starts a program that leaves another one behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from ag_ui.core import RunAgentInput

from agui_runtime.core.events import Event
from agui_runtime.runtime.runtime import CopilotRuntime


async def leaving(request: RunAgentInput) -> AsyncIterator[Event]:
    """Says so when its program has ended and the other one goes on."""
    program = await asyncio.create_subprocess_exec("sh", "-c", "sleep 0.2 & ")
    await program.wait()
    yield {"type": "TEXT_MESSAGE_CHUNK", "messageId": request.run_id, "delta": "left"}


runtime = CopilotRuntime({"default": leaving})
