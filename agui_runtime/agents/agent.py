"""The Agent seam, and what plugs into it: functions, factories, anything that yields AG-UI events.

No connector imports another; what two of them share lives here.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, runtime_checkable
from uuid import uuid4

from ag_ui.core import RunAgentInput, Tool
from pydantic import BaseModel

from agui_runtime.agents.items import (
    AgentEvent as AgentEvent,
    ItemReader,
    answered,
    closing as closing,
    instead_of,
)
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.events import Event, RunContext
from agui_runtime.core.forwarded_headers import HeaderNames
from agui_runtime.core.message_parts import in_words
from agui_runtime.core.shorthand import Shorthand
from agui_runtime.core.split_characters import Halves
from agui_runtime.off_loop import in_a_thread

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

    parts: list[dict[str, Any]]

    @property
    def words(self) -> str:
        """The same as a text, in which each attachment is a line of words."""
        return in_words(self.parts)


@dataclass(frozen=True, slots=True)
class OfferedTool:
    """A tool that is carried out elsewhere.

    `call` is given the arguments, a JSON object, and returns a JSON value or `ResultParts`; it
    raises AguiError with a message for the model where it fails.
    """

    tool: Tool
    call: Callable[[Mapping[str, Any]], Awaitable[object]]


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

    The function may return an iterator of events or texts (async or not), a list of them, a text,
    an agent (so it can build one for each run), or an awaitable of any of these. A plain function
    and a plain generator run in a thread, unless the function is annotated as returning something
    async. Raises Misconfigured if it cannot be called with one request.
    """

    def __init__(
        self, function: Callable[[RunAgentInput], Any], name: str = "", description: str = ""
    ) -> None:
        self.name = name or getattr(function, "__name__", "agent")
        self.description = description or _first_line(function)
        self.capabilities = capabilities_of(function)
        _check_callable(function, f"agent {self.name!r}: {_title(function)}")
        self._function = function
        self._may_block = _may_block(function)

    def run(self, request: RunAgentInput) -> AsyncIterator[AgentEvent]:
        if self._may_block:
            return self._run_apart(request)
        return answered(self._function(request), request)

    async def _run_apart(self, request: RunAgentInput) -> AsyncIterator[AgentEvent]:
        made = await in_a_thread(self._function, request)
        async with closing(answered(made, request)) as items:
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
    if inspect.isclass(source):
        hint = f"write {source.__name__}(...), or lambda request: {source.__name__}(...)"
        raise Misconfigured(f"agent {name!r} is the class {source.__name__}; {hint}")
    run = getattr(source, "run", None)
    if callable(run):
        _check_callable(run, f"agent {name!r}: its run method")
        if isinstance(source, Agent) and not hasattr(source, "clone"):
            return source
        about = description or getattr(source, "description", None) or _first_line(source)
        made = FunctionAgent(_same(source), name or getattr(source, "name", ""), about)
        made.capabilities = capabilities_of(source)
        return made
    if callable(source):
        return FunctionAgent(source, name, description)
    problem = "is neither a function nor has it a run() method"
    raise Misconfigured(f"agent {name!r} {problem}; {instead_of(source)}")


def capabilities_of(agent: object) -> dict[str, Any] | None:
    """What the agent says that it can do, in AG-UI's form; None if it says nothing.

    That is its attribute `capabilities`: a JSON object, or AG-UI's AgentCapabilities.
    """
    stated = getattr(agent, "capabilities", None)
    if isinstance(stated, BaseModel):
        stated = stated.model_dump(mode="json", by_alias=True, exclude_none=True)
    return stated if isinstance(stated, dict) else None


async def events_of(agent: Agent, request: RunAgentInput) -> AsyncGenerator[Event, None]:
    """What the agent says in one run, as events; close it (`aclosing`).

    Short spellings (`*_CHUNK`, THINKING_*) are written out, so whoever reads this knows one of
    each, and characters are whole. Raises what the agent raises, and ProtocolFailure.
    """
    shorthand, halves = Shorthand(lambda: str(uuid4())), Halves()
    async with aclosing(read_events(agent, request)) as events:
        async for event in events:
            for full in halves.joined(shorthand.expand(event)):
                yield full
    for end in (*halves.joined(shorthand.ends()), *halves.rest()):
        yield end


async def read_events(agent: Agent, request: RunAgentInput) -> AsyncGenerator[Event, None]:
    """The same in the agent's own spellings."""
    reader = ItemReader()
    async with closing(answered(agent.run(request), request)) as items:
        async for item in items:
            for event in reader.feed(item):
                yield event
    for event in reader.end():
        yield event


def _same(source: object) -> Callable[[RunAgentInput], Awaitable[object]]:
    async def same(request: RunAgentInput) -> object:
        return source

    return same


def _check_callable(function: Callable[..., Any], what: str) -> None:
    try:
        inspect.signature(function).bind(None)
    except ValueError:
        return  # nothing is known of it
    except TypeError:
        raise Misconfigured(f"{what} must take one argument, the request") from None


def _title(function: object) -> str:
    return f"function {getattr(function, '__name__', type(function).__name__)}"


def _may_block(function: Any) -> bool:  # noqa: ANN401  # any callable
    """Whether calling it may hold up the event loop: a plain function that does not say in its
    annotation that it returns something async.
    """
    while isinstance(function, partial):
        function = function.func
    called = function if inspect.isroutine(function) else type(function).__call__
    kinds = (
        inspect.iscoroutinefunction,
        inspect.isasyncgenfunction,
        inspect.isgeneratorfunction,
    )
    if any(is_kind(called) for is_kind in kinds):
        return False
    returned = str(getattr(called, "__annotations__", {}).get("return", ""))
    return not any(word in returned for word in ("Async", "Awaitable", "Coroutine"))


def _first_line(source: object) -> str:
    return (inspect.getdoc(source) or "").strip().split("\n")[0]
