"""What the servers of the tests serve whose processes are killed."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

from ag_ui.core import RunAgentInput

from agui_runtime import CopilotRuntime, Memory


async def listening(request: RunAgentInput) -> AsyncIterator[str]:
    yield "I see."


memory = Memory(quiet=float(os.environ["QUIET"]), anonymous=True)
runtime = CopilotRuntime(agents={"default": listening}, memory=memory)
