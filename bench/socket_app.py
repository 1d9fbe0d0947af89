"""An agent that says when it says a word, and to whom, for `bench socket`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from random import random
from time import monotonic

from ag_ui.core import RunAgentInput

from agui_runtime import CopilotRuntime

WORDS, PAUSE = 8, 1.0


async def timed(request: RunAgentInput) -> AsyncIterator[str]:
    """Words like `q7:3:1234.5678 `, a second apart, not all streams' at the same time."""
    await asyncio.sleep(random() * PAUSE)
    for number in range(WORDS):
        yield f"{request.messages[-1].content}:{number}:{monotonic():.6f} "
        await asyncio.sleep(PAUSE)


runtime = CopilotRuntime({"default": timed})
