"""The Agent seam: what an agent is, what it may have besides, and what offers agents and tools."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeGuard, runtime_checkable

from ag_ui.core import RunAgentInput, Tool
from pydantic import BaseModel

from agui_runtime.agents.items import (
    AgentEvent as AgentEvent,
    closing as closing,
)
from agui_runtime.core.events import Event, RunContext
from agui_runtime.core.forwarded_headers import HeaderNames
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.core.message_parts import in_words

current_run: ContextVar[RunContext] = ContextVar("agui_runtime.current_run")
"""The context of the run that the present task carries out, for agents and actions."""

TOOL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What model providers take for the name of a tool."""


@runtime_checkable
class Agent(Protocol):
    """Something that answers a run request with AG-UI events.

    `run` is called once for each run and shares nothing between runs. It may leave out RUN_STARTED
    and RUN_FINISHED: the run adds them. It raises RunFailure to end the run with a message and code
    of its own choice; any other exception ends it with a generic one. A stop cancels it where it
    awaits.
    """

    @property
    def name(self) -> str: ...

    @property
    def description(self) -> str: ...

    def run(self, request: RunAgentInput) -> AsyncIterator[AgentEvent]: ...


@runtime_checkable
class Closable(Protocol):
    """An agent that holds connections; the runtime closes it when it shuts down."""

    async def close(self) -> None: ...


@runtime_checkable
class ForgetsThreads(Protocol):
    """An action that stores something of a thread by itself, which goes with the thread."""

    async def forget(self, owner: str, thread_id: str) -> None: ...


@runtime_checkable
class Preparable(Protocol):
    """An agent that loads something before it can run, or a wire before it can answer. It is to do
    so when the runtime opens, which waits for it neither then nor at the first run or request: that
    loads what is missing.
    """

    async def prepare(self) -> None: ...


@runtime_checkable
class Probing(Protocol):
    """Something that has a server behind it which can be reached at no cost."""

    async def probe(self) -> str:
        """What the server says of itself; raises AguiError if it would not answer."""


def calls_at_once(agent: object) -> bool:
    """Whether calls of the agent may be carried out before it has ended, side by side.

    That is its attribute `calls_at_once`, for agents such as models that leave every call of a tool
    that they were offered to whoever asked them. Others may answer a call themselves, ask a person
    first, or mean an order.
    """
    return getattr(agent, "calls_at_once", False) is True


@dataclass(frozen=True, slots=True)
class ResultParts:
    """A tool's result that is more than text: AG-UI's parts, as a message has them."""

    parts: list[JsonObject]

    @property
    def words(self) -> str:
        """The same as a text, in which each attachment is a line of words."""
        return in_words(self.parts)


@dataclass(frozen=True, slots=True)
class ShownResult:
    """A tool's result for the model, and the `events` that follow it: what front ends show."""

    content: str | ResultParts
    events: Sequence[Event] = ()


@dataclass(frozen=True, slots=True)
class OfferedTool:
    """A tool that is carried out elsewhere.

    `call` is given the arguments, a JSON object, and returns a JSON value, `ResultParts` or a
    `ShownResult`; it raises AguiError with a message for the model where it fails.
    """

    tool: Tool
    call: Callable[[Mapping[str, Json]], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Offer:
    """What a source has for one caller: agents by name, and tools for agents to call."""

    agents: Mapping[str, Agent] = field(default_factory=dict)
    tools: Sequence[OfferedTool] = ()


@runtime_checkable
class Forwards(Protocol):
    """An agent or a source that sends headers of the front end's request on to its server."""

    @property
    def forwarded_headers(self) -> HeaderNames: ...


@runtime_checkable
class Source(Protocol):
    """A server that lists agents and tools at run time; it may offer each caller other ones."""

    async def offer(self, context: RunContext) -> Offer:
        """What it has for this context; raises RemoteFailure where it does not answer."""

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class KeptState:
    """What an agent stores of a thread by itself: its state, and its messages in AG-UI's form."""

    state: Any
    messages: Sequence[Mapping[str, Json]] = ()


@runtime_checkable
class KeepsState(Protocol):
    """An agent that stores the state of its threads itself, beside what the store holds."""

    async def kept_state(self, thread_id: str, context: RunContext) -> KeptState | None:
        """What it stores, None if it does not know the thread; raises RunFailure."""


def keeps_state(agent: Agent) -> TypeGuard[KeepsState]:
    """As `isinstance` says it of the protocol, which takes longer than all else of a request."""
    return hasattr(agent, "kept_state")


def capabilities_of(agent: object) -> JsonObject | None:
    """What the agent declares that it can do, in AG-UI's form; None if it declares nothing.

    That is its attribute `capabilities`: a JSON object, or AG-UI's AgentCapabilities.
    """
    stated = getattr(agent, "capabilities", None)
    if isinstance(stated, BaseModel):
        stated = stated.model_dump(mode="json", by_alias=True, exclude_none=True)
    return stated if isinstance(stated, dict) else None
