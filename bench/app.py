"""The agent under measurement, as `AGUI_APP=bench.app:runtime`; the twin of node*/server.mjs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from ag_ui.core import (
    BaseEvent,
    RunAgentInput,
    TextMessageContentEvent,
    TextMessageEndEvent,
    TextMessageStartEvent,
    UserMessage,
)

from agui_runtime.runtime.runtime import CopilotRuntime


async def compute() -> None:
    """A tenth of a millisecond of Python, or so."""
    sum(range(5_000))
    await asyncio.sleep(0)


PACES: Mapping[str, Callable[[], Awaitable[object]]] = {
    "paced": lambda: asyncio.sleep(0),
    "slow": lambda: asyncio.sleep(0.005),
    "computing": compute,
    "idle": lambda: asyncio.Event().wait(),
}
"""Anything else is a burst."""

WORDS = [f"word{k} " for k in range(200)]


async def talk(request: RunAgentInput) -> AsyncIterator[BaseEvent]:
    """Says the same words, and after each does what it was asked to: see `PACES`."""
    asked = request.messages[-1]
    breathe = PACES.get(str(asked.content)) if isinstance(asked, UserMessage) else None
    message_id = f"words-{request.run_id}"
    yield TextMessageStartEvent(message_id=message_id, role="assistant")
    for word in WORDS:
        yield TextMessageContentEvent(message_id=message_id, delta=word)
        if breathe:
            await breathe()
    yield TextMessageEndEvent(message_id=message_id)


runtime = CopilotRuntime(agents={"default": talk, "bench": talk})
