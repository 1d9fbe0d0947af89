"""Any number of replicas over one Redis: `uvicorn --factory examples.replicas_app:app`, on each.

Every replica serves every thread, also while a run of it is live on another one.
"""

import asyncio
from collections.abc import AsyncIterator

from ag_ui.core import RunAgentInput
from fastapi import FastAPI

from agui_runtime import CopilotRuntime, Options, create_app


async def counter(request: RunAgentInput) -> AsyncIterator[str]:
    """Counts to three."""
    for number in (1, 2, 3):
        yield f"{number} "
        await asyncio.sleep(0.01)


def app(store: str = "redis://127.0.0.1:6379/0") -> FastAPI:
    """One replica. A second tab that writes to a busy thread waits for its turn."""
    runtime = CopilotRuntime(
        agents={"default": counter}, store=store, options=Options(on_busy="queue")
    )
    return create_app(runtime)
