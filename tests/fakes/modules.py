"""A runtime for a server process: its agent says which packages that process has loaded."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator

from ag_ui.core import RunAgentInput

from agui_runtime.core.events import Event
from agui_runtime.runtime.runtime import CopilotRuntime


async def packages(request: RunAgentInput) -> AsyncIterator[Event]:
    """Lists what is loaded."""
    names = sorted({name.partition(".")[0] for name in sys.modules})
    yield {"type": "TEXT_MESSAGE_CHUNK", "messageId": "m1", "delta": " ".join(names)}


runtime = CopilotRuntime({"default": packages})
