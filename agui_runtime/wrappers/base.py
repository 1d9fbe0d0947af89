"""What all wrappers share: they look like the agent that they wrap, and close it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from ag_ui.core import RunAgentInput

from agui_runtime.agents.agent import (
    Agent,
    Closable,
    KeepsState,
    KeptState,
    calls_at_once,
    capabilities_of,
    current_run,
    events_of,
    wrap,
)
from agui_runtime.core.errors import AguiError, RequestError
from agui_runtime.core.events import Event, RunContext


class Wrapper:
    """An agent that does as the one it wraps; override `run`.

    `agent` is whatever `agents.agent.wrap` accepts.
    """

    def __init__(self, agent: object) -> None:
        self.agent: Agent = wrap(agent)
        self.name = self.agent.name
        self.description = self.agent.description
        self.capabilities: dict[str, Any] | None = capabilities_of(self.agent)
        self.calls_at_once = calls_at_once(self.agent)

    @property
    def answering(self) -> Sequence[Agent]:
        """The agents that may answer a run."""
        return (self.agent,)

    def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        return events_of(self.agent, request)

    async def kept_state(self, thread_id: str, context: RunContext) -> KeptState | None:
        """What the agent keeps of the thread by itself, if it does so."""
        if isinstance(self.agent, KeepsState):
            return await self.agent.kept_state(thread_id, context)
        return None

    async def close(self) -> None:
        if isinstance(self.agent, Closable):
            await self.agent.close()


def beside_threads() -> bool:
    """Whether the present run is for suggestions or the like, and belongs to no thread."""
    run = current_run.get(None)
    return run is not None and run.ephemeral


def is_fault(error: Exception) -> bool:
    """The agent is to blame, and not the request that it was asked with."""
    code = error.code if isinstance(error, AguiError) else ""
    return not isinstance(error, RequestError) and code not in _OF_THE_REQUEST


_OF_THE_REQUEST = frozenset(
    {"MODEL_BAD_REQUEST", "MODEL_CONTEXT_TOO_LONG", "MODEL_CONTENT_POLICY", "STOPPED", "SHUTDOWN"}
)
