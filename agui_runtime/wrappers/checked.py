"""An agent whose states are held against a schema before anybody reads them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from ag_ui.core import RunAgentInput

from agui_runtime.agents.agent import Agent
from agui_runtime.agents.border import normal
from agui_runtime.core.errors import AgentFailure
from agui_runtime.core.events import Event
from agui_runtime.core.fold import Fold
from agui_runtime.stores.layers.state_schema import StateSchema
from agui_runtime.wrappers.base import Wrapper

_STATE_EVENTS = frozenset({"STATE_SNAPSHOT", "STATE_DELTA"})


class CheckedAgent(Wrapper):
    """An agent whose run fails with STATE_INVALID before it emits a state that its schema refuses,
    so that no reader ever holds one.
    """

    def __init__(self, agent: Agent, schema: StateSchema) -> None:
        super().__init__(agent)
        self._schema = schema

    @normal
    async def run(self, request: RunAgentInput) -> AsyncGenerator[Event, None]:
        fold = Fold()
        if request.state is not None:
            fold.feed({"type": "STATE_SNAPSHOT", "snapshot": request.state})
        async with aclosing(self.agent.run(request)) as events:
            async for event in events:
                if event["type"] in _STATE_EVENTS:
                    fold.feed(event)
                    self._check(fold.state)
                yield event

    def _check(self, state: object) -> None:
        problem = self._schema.problem(state)
        if problem is not None:
            raise AgentFailure(
                f"the agent's state does not match its schema: {problem}", "STATE_INVALID"
            )
