"""So many runs of an agent at once, and no more; others wait for their turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from ag_ui.core import RunAgentInput

from agui_runtime.agents.border import normal
from agui_runtime.core.errors import AgentFailure
from agui_runtime.core.events import Event
from agui_runtime.wrappers.base import Wrapper


def limited(agent: object, at_once: int, waiting: int = 100, patience: float = 60.0) -> Wrapper:
    """The agent, for at most `at_once` runs of this process at the same time.

    Up to `waiting` further ones wait, first come first served, for `patience` seconds each. Runs
    beyond that fail with AgentFailure AGENT_BUSY. Waiting counts towards a run's time limits.
    """
    return _Limited(agent, at_once, waiting, patience)


class _Limited(Wrapper):
    def __init__(self, agent: object, at_once: int, waiting: int, patience: float) -> None:
        super().__init__(agent)
        self._places = asyncio.Semaphore(at_once)
        self._most_waiting = waiting
        self._waiting = 0
        self._patience = patience

    @normal
    async def run(self, request: RunAgentInput) -> AsyncGenerator[Event, None]:
        await self._take_place()
        try:
            async with aclosing(self.agent.run(request)) as events:
                async for event in events:
                    yield event
        finally:
            self._places.release()

    async def _take_place(self) -> None:
        if self._places.locked() and self._waiting >= self._most_waiting:
            raise _busy()
        self._waiting += 1
        try:
            async with asyncio.timeout(self._patience):
                await self._places.acquire()
        except TimeoutError:
            raise _busy() from None
        finally:
            self._waiting -= 1


def _busy() -> AgentFailure:
    return AgentFailure("the agent has too much to do; try again later", "AGENT_BUSY")
