"""What `bench/stores.py` measures, as `AGUI_APP=bench.stores_app:runtime`: words that hold the time
at which they were said.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from time import monotonic

from ag_ui.core import RunAgentInput

from agui_runtime.core.events import Event
from agui_runtime.runtime.runtime import CopilotRuntime


async def talk(request: RunAgentInput) -> AsyncIterator[Event]:
    """Asked for `N RATE`, says N words, so many a second."""
    count, rate = str(request.messages[-1].content).split()
    ids = {"messageId": f"m-{request.run_id}"}
    yield {"type": "TEXT_MESSAGE_START", **ids, "role": "assistant"}
    for _ in range(int(count)):
        yield {"type": "TEXT_MESSAGE_CONTENT", **ids, "delta": f"{monotonic():.6f} "}
        await asyncio.sleep(1 / float(rate))
    yield {"type": "TEXT_MESSAGE_END", **ids}


runtime = CopilotRuntime({"default": talk})
