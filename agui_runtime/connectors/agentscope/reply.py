"""One AgentScope agent at work, in a task of its own. Knows nothing of AG-UI."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from agentscope.agent import Agent
from agentscope.event import AgentEvent


class AgentScopeReply:
    """Gives the agent its inputs, one reply after the other, and yields its events.

    Closing the agent's own stream early would lose its text and leave its tools running, so it
    is only ever cancelled and then read to its end. `begun`: it has taken an input.
    """

    def __init__(self, agent: Agent, inputs: Iterator[object]) -> None:
        self.begun = False
        self._stopped = False
        # Without bound: a cancellation must meet the task inside the agent, never in a `put`.
        self._events: asyncio.Queue[AgentEvent | None] = asyncio.Queue()
        self._task = asyncio.create_task(self._reply(agent, inputs))
        self._task.add_done_callback(lambda _: self._events.put_nowait(None))

    def __aiter__(self) -> AgentScopeReply:
        return self

    async def __anext__(self) -> AgentEvent:
        """The agent's next event. Raises what it raised, and CancelledError after its last one when
        the caller was cancelled meanwhile.
        """
        event = await self._next()
        if event is not None:
            return event
        if self._stopped:
            raise asyncio.CancelledError
        self._task.result()
        raise StopAsyncIteration

    async def end(self) -> None:
        """Stop the agent if it still works, and wait until it is at rest."""
        self._stop()
        await asyncio.wait((self._task,))
        if not self._task.cancelled():
            self._task.exception()  # seen, or not wanted any more

    async def _reply(self, agent: Agent, inputs: Iterator[object]) -> None:
        self.begun = True
        for each in inputs:
            async for event in agent.reply_stream(each):
                self._events.put_nowait(event)
            if self._stopped:
                break

    async def _next(self) -> AgentEvent | None:
        try:
            return await self._events.get()
        except asyncio.CancelledError:
            if self._stopped:
                raise  # the second time: it does not let itself be stopped
            self._stop()
            return await self._events.get()

    def _stop(self) -> None:
        if not self._stopped:
            self._stopped = True
            self._task.cancel()
