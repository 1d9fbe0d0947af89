"""An agent around another one."""

from __future__ import annotations

from collections.abc import Sequence

from agui_runtime.agents.agent import Agent, Closable, KeepsState, KeptState, Preparable
from agui_runtime.core.events import RunContext


class OuterAgent:
    """What all agents around another one share: its states count as theirs, and they close it."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.name = agent.name
        self.description = agent.description

    @property
    def answering(self) -> Sequence[Agent]:
        """The agents that may answer a run."""
        return (self.agent,)

    async def kept_state(self, thread_id: str, context: RunContext) -> KeptState | None:
        """What the agent stores of the thread by itself, if it does so."""
        if isinstance(self.agent, KeepsState):
            return await self.agent.kept_state(thread_id, context)
        return None

    async def prepare(self) -> None:
        for agent in self.answering:
            if isinstance(agent, Preparable):
                await agent.prepare()

    async def close(self) -> None:
        if isinstance(self.agent, Closable):
            await self.agent.close()
