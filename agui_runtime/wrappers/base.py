"""What all wrappers share: they look like the agent that they wrap, and close it."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from ag_ui.core import RunAgentInput

from agui_runtime.agents.agent import (
    calls_at_once,
    capabilities_of,
    current_run,
)
from agui_runtime.agents.border import EventAgent, normal, wrap
from agui_runtime.agents.outer import OuterAgent
from agui_runtime.core.errors import AguiError, RequestError
from agui_runtime.core.events import Event
from agui_runtime.core.jsontext import JsonObject


class Wrapper(OuterAgent):
    """An agent that does as the one it wraps, whatever `wrap` accepts; override `run`.

    `self.agent.run(request)` gives events that need no check, in full spelling. Close it
    (`aclosing`). What a `run` yields that is not marked as `normal` is checked once more.
    """

    agent: EventAgent

    def __init__(self, agent: object) -> None:
        super().__init__(wrap(agent))
        self.capabilities: JsonObject | None = capabilities_of(self.agent)
        self.calls_at_once = calls_at_once(self.agent)

    @normal
    def run(self, request: RunAgentInput) -> AsyncGenerator[Event, None]:
        return self.agent.run(request)


def beside_threads() -> bool:
    """Whether the present run is for suggestions or the like, and belongs to no thread."""
    run = current_run.get(None)
    return run is not None and run.ephemeral


def is_fault(error: Exception) -> bool:
    """The agent is to blame, and not the request that it got."""
    code = error.code if isinstance(error, AguiError) else ""
    return not isinstance(error, RequestError) and code not in _OF_THE_REQUEST


_OF_THE_REQUEST = frozenset(
    {"MODEL_BAD_REQUEST", "MODEL_CONTEXT_TOO_LONG", "MODEL_CONTENT_POLICY", "STOPPED", "SHUTDOWN"}
)
