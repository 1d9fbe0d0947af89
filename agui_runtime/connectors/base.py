"""The Agent seam, and what plugs into it: functions, factories, anything that yields AG-UI events.

No connector imports another; what two of them share lives here.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol, TypeAlias, runtime_checkable

import orjson
from ag_ui.core import BaseEvent, RunAgentInput

from agui_runtime.connectors.sse import EventStream
from agui_runtime.errors import Misconfigured, ProtocolFailure
from agui_runtime.events import Event, as_event

AgentEvent: TypeAlias = BaseEvent | Mapping[str, Any] | str | bytes
"""What an agent yields: a typed AG-UI event, its JSON object, or an encoded event-stream frame."""


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
        async with closing(items):
            async for item in items:
                yield item


def wrap(source: object, name: str = "", description: str = "") -> Agent:
    """Make an Agent out of anything that yields AG-UI events.

    - an object with `run(request)`: an `Agent`, or the adapter of another framework; one that has
      `clone()` is cloned for each run, because such adapters keep the run's state on themselves;
    - a function of the request, see `FunctionAgent`.

    Raises Misconfigured for anything else.
    """
    if isinstance(source, Agent) and not hasattr(source, "clone"):
        return source
    if hasattr(source, "run"):
        about = description or getattr(source, "description", None) or _first_line(source)
        return FunctionAgent(lambda request: source, name or getattr(source, "name", ""), about)
    if callable(source):
        return FunctionAgent(source, name, description)
    raise Misconfigured(f"agent {name!r} is neither a function nor has it a run() method")


def decoded(item: AgentEvent) -> Sequence[Event]:
    """The events in one item that an agent yielded; raises ProtocolFailure if it is none."""
    if isinstance(item, str):
        item = item.encode()
    if not isinstance(item, bytes):
        return (as_event(item),)
    try:
        return [as_event(orjson.loads(data)) for data in EventStream().feed(item)]
    except orjson.JSONDecodeError:
        raise ProtocolFailure("an event-stream frame of the agent is not JSON") from None


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


def _first_line(source: object) -> str:
    return (inspect.getdoc(source) or "").strip().split("\n")[0]
