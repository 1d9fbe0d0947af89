"""An agent that is found when its run has begun: finding it may take as long as other servers do,
and a run that waited for a worker is to be seen at once.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

from ag_ui.core import RunAgentInput

from agui_runtime.agents.border import EventAgent, normal
from agui_runtime.core.events import Event
from agui_runtime.core.queueing import WAITED

NOTICEABLE = 1.0
"""Seconds of waiting of which the front end is told."""


class DeferredAgent:
    """Does what the agent does that `find` returns; its run fails with what `find` raises."""

    description = ""

    def __init__(
        self, name: str, find: Callable[[], Awaitable[EventAgent]], waited: float = 0.0
    ) -> None:
        self.name = name
        self._find = find
        self._waited = waited

    @normal
    async def run(self, request: RunAgentInput) -> AsyncGenerator[Event, None]:
        if self._waited >= NOTICEABLE:
            value = {"seconds": round(self._waited, 3)}
            yield {"type": "CUSTOM", "name": WAITED, "value": value}
        agent = await self._find()
        async with aclosing(agent.run(request)) as events:
            async for event in events:
                yield event
