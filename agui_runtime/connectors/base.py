"""The Agent seam, and what plugs into it: functions, factories, anything that yields AG-UI events.

No connector imports another; what two of them share lives here.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, runtime_checkable
from uuid import uuid4

import orjson
from ag_ui.core import BaseEvent, RunAgentInput, Tool
from pydantic import BaseModel

from agui_runtime.connectors.sse import EventStream
from agui_runtime.errors import Misconfigured, ProtocolFailure
from agui_runtime.events import Event, RunContext, as_event
from agui_runtime.halves import Halves
from agui_runtime.jsontext import loads_fragment
from agui_runtime.shorthand import Shorthand

AgentEvent: TypeAlias = BaseEvent | Mapping[str, Any] | str | bytes
"""What an agent yields: a typed AG-UI event, its JSON object, or an encoded event-stream frame."""

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


@dataclass(frozen=True, slots=True)
class OfferedTool:
    """A tool that is carried out elsewhere.

    `call` is given the arguments, a JSON object, and returns a JSON value; it raises AguiError with
    a message for the model where it fails.
    """

    tool: Tool
    call: Callable[[Mapping[str, Any]], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Offer:
    """What a source has for one caller: agents by name, and tools for agents to call."""

    agents: Mapping[str, Agent] = field(default_factory=dict)
    tools: Sequence[OfferedTool] = ()


@runtime_checkable
class Source(Protocol):
    """A server that lists agents and tools at run time; it may offer each caller other ones."""

    async def offer(self, context: RunContext) -> Offer:
        """What it has for this context; raises RemoteFailure where it cannot be asked."""

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class KeptState:
    """What an agent keeps of a thread by itself: its state, and its messages in AG-UI's form."""

    state: Any
    messages: Sequence[Mapping[str, Any]] = ()


@runtime_checkable
class KeepsState(Protocol):
    """An agent that keeps the state of its threads itself, beside what the store holds."""

    async def kept_state(self, thread_id: str, context: RunContext) -> KeptState | None:
        """What it keeps, None if it does not know the thread; raises RunFailure."""


class FunctionAgent:
    """An agent made of a function of the request, for example one async generator.

    The function may return an async iterator of events, an agent (so it can build one for each
    run), or an awaitable of either.
    """

    def __init__(
        self, function: Callable[[RunAgentInput], Any], name: str = "", description: str = ""
    ) -> None:
        self.name = name or getattr(function, "__name__", "agent")
        self.description = description or _first_line(function)
        self.capabilities = capabilities_of(function)
        self._function = function

    def run(self, request: RunAgentInput) -> AsyncIterator[AgentEvent]:
        made = self._function(request)
        if isinstance(made, AsyncIterator):
            return made
        return self._built(made, request)

    async def _built(
        self,
        made: Any,  # noqa: ANN401  # what a user's function returned
        request: RunAgentInput,
    ) -> AsyncIterator[AgentEvent]:
        if inspect.isawaitable(made):
            made = await made
        items = made if isinstance(made, AsyncIterator) else _fresh(made).run(request)
        if hasattr(made, "clone"):
            items = _without_raw(items)
        async with closing(items):
            async for item in items:
                yield item


def wrap(source: object, name: str = "", description: str = "") -> Agent:
    """Make an Agent out of anything that yields AG-UI events.

    - an object with `run(request)`: an `Agent`, or the adapter of another framework; one that has
      `clone()` is cloned for each run, because such adapters keep the run's state on themselves,
      and its RAW events, which repeat all others in its framework's form, are left out;
    - a function of the request, see `FunctionAgent`.

    Raises Misconfigured for anything else.
    """
    if isinstance(source, Agent) and not hasattr(source, "clone"):
        return source
    if hasattr(source, "run"):
        about = description or getattr(source, "description", None) or _first_line(source)
        made = FunctionAgent(lambda request: source, name or getattr(source, "name", ""), about)
        made.capabilities = capabilities_of(source)
        return made
    if callable(source):
        return FunctionAgent(source, name, description)
    raise Misconfigured(f"agent {name!r} is neither a function nor has it a run() method")


def capabilities_of(agent: object) -> dict[str, Any] | None:
    """What the agent says that it can do, in AG-UI's form; None if it says nothing.

    That is its attribute `capabilities`: a JSON object, or AG-UI's AgentCapabilities.
    """
    told = getattr(agent, "capabilities", None)
    if isinstance(told, BaseModel):
        told = told.model_dump(mode="json", by_alias=True, exclude_none=True)
    return told if isinstance(told, dict) else None


def decoded(item: AgentEvent) -> Sequence[Event]:
    """The events in one item that an agent yielded; raises ProtocolFailure if it is none."""
    if isinstance(item, str):
        item = item.encode("utf-8", "surrogatepass")
    if not isinstance(item, bytes):
        return (as_event(item),)
    try:
        return [as_event(loads_fragment(data)) for data in EventStream().feed(item)]
    except orjson.JSONDecodeError:
        raise ProtocolFailure("an event-stream frame of the agent is not JSON") from None


async def events_of(agent: Agent, request: RunAgentInput) -> AsyncGenerator[Event, None]:
    """What the agent says in one run, as events; close it (`aclosing`).

    Short spellings (`*_CHUNK`, THINKING_*) are written out, so whoever reads this knows one of
    each, and characters are whole. Raises what the agent raises, and ProtocolFailure.
    """
    shorthand, halves = Shorthand(lambda: str(uuid4())), Halves()
    async with closing(agent.run(request)) as items:
        async for item in items:
            for event in decoded(item):
                for full in halves.joined(shorthand.expand(event)):
                    yield full
    for end in (*halves.joined(shorthand.ends()), *halves.rest()):
        yield end


@asynccontextmanager
async def closing(items: AsyncIterator[AgentEvent]) -> AsyncIterator[AsyncIterator[AgentEvent]]:
    """Close an agent's iterator at the end, if it can be closed; not every one is a generator."""
    try:
        yield items
    finally:
        close = getattr(items, "aclose", None)
        if close is not None:
            await close()


def _fresh(agent: Any) -> Any:  # noqa: ANN401  # any framework's adapter
    return agent.clone() if callable(getattr(agent, "clone", None)) else agent


async def _without_raw(items: AsyncIterator[AgentEvent]) -> AsyncIterator[AgentEvent]:
    async with closing(items):
        async for item in items:
            for event in decoded(item):
                event.pop("rawEvent", None)
                if event["type"] != "RAW":
                    yield event


def _first_line(source: object) -> str:
    return (inspect.getdoc(source) or "").strip().split("\n")[0]
