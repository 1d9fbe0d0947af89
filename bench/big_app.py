"""What `bench/big.py` measures, as `AGUI_APP=bench.big_app:runtime`: its loop tells how long it was
held.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from ag_ui.core import RunAgentInput

from agui_runtime.core.events import Event
from agui_runtime.runtime.runtime import CopilotRuntime

TICK = 0.002


class Probe:
    """Notes by how much the event loop was late, at most, since somebody looked."""

    def __init__(self) -> None:
        self.worst = 0.0
        self._ticking: asyncio.Task[None] | None = None

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        """An agent that tells it, in milliseconds."""
        if self._ticking is None:
            self._ticking = asyncio.create_task(self._tick())
        worst, self.worst = self.worst, 0.0
        yield {"type": "TEXT_MESSAGE_CHUNK", "messageId": "m", "delta": f"{worst * 1e3:.1f}"}

    async def _tick(self) -> None:
        now = asyncio.get_running_loop().time
        while True:
            before = now()
            await asyncio.sleep(TICK)
            self.worst = max(self.worst, now() - before - TICK)


async def short(request: RunAgentInput) -> AsyncIterator[Event]:
    """Answers with one word, whatever it was given."""
    yield {"type": "TEXT_MESSAGE_CHUNK", "messageId": request.run_id, "delta": "word"}


runtime = CopilotRuntime(agents={"default": short, "probe": Probe().run})
