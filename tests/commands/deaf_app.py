"""An app whose queue fails for good as soon as a worker carries something out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from ag_ui.core import RunAgentInput

from agui_runtime import CopilotRuntime, Options
from agui_runtime.queues.base import Look
from agui_runtime.queues.here import HereQueue

begun, failed = asyncio.Event(), asyncio.Event()


class DeafQueue(HereQueue):
    async def serve(self, queues: Sequence[str], look: Look) -> None:
        await begun.wait()
        failed.set()
        raise RuntimeError("the queue's own error")


async def answering(request: RunAgentInput) -> AsyncIterator[str]:
    """Is in the middle of its answer when the queue fails."""
    begun.set()
    yield "one "
    await failed.wait()
    await asyncio.sleep(0.2)
    yield "two"


runtime = CopilotRuntime({"default": answering}, options=Options(run_in=DeafQueue()))
