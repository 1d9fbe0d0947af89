"""The border between agents of any kind and the rest of this package.

Whatever an agent yields becomes events here, once: JSON objects with AG-UI's own keys, checked, in
full spelling, with whole characters. Wrappers, tool loop, grammar and run read them as they are.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable, Sequence
from contextlib import aclosing
from contextvars import ContextVar
from functools import partial
from typing import Protocol, TypeVar, cast, runtime_checkable
from uuid import uuid4

from ag_ui.core import BaseEvent, RawEvent, RunAgentInput

from agui_runtime.agents.agent import Agent, calls_at_once, capabilities_of
from agui_runtime.agents.items import ItemReader, closing, instead_of, items_of
from agui_runtime.agents.outer import OuterAgent
from agui_runtime.core.deltas import DeltaReader
from agui_runtime.core.demands import takes
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.events import Event
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.core.shorthand import Shorthand
from agui_runtime.core.split_characters import Halves
from agui_runtime.off_loop import in_a_thread

alive: ContextVar[Callable[[], None]] = ContextVar("agui_runtime.alive", default=lambda: None)
"""Called for what an agent yields that becomes no event, such as a comment that keeps a stream
open: the run must know that its agent lives. It may raise to end the agent.
"""

_Run = TypeVar("_Run", bound=Callable[..., object])

_MARK = "_agui_runtime_normal"


class EventAgent(Agent, Protocol):
    """An agent as `wrap` returns it: it emits events that nobody needs to check again."""

    def run(self, request: RunAgentInput) -> AsyncGenerator[Event, None]: ...


@runtime_checkable
class Runnable(Protocol):
    """What has a `run` method is an agent; what it returns may be anything that agents yield."""

    def run(self, request: RunAgentInput, /) -> object: ...


@runtime_checkable
class Cloneable(Protocol):
    """An adapter that holds a run's state on itself, and can be cloned for the next."""

    def clone(self) -> Runnable: ...


def normal(run: _Run) -> _Run:
    """Marks a function whose events `wrap` takes as they are, without a check.

    It may emit events of another marked function, and events that it made itself; what it puts into
    these of a model's, user's or server's words it passes through `as_event`.
    The mark belongs to the function: a subclass that overrides a `run` method is not marked.
    """
    setattr(run, _MARK, run)
    return run


def is_normal(run: object) -> bool:
    """Whether the function is marked as `normal`; the mark names it, as `functools.wraps` copies
    marks to functions of whoever wraps it.
    """
    function = getattr(run, "__func__", run)
    return getattr(function, _MARK, None) is function


class Normalizer:
    """Makes events of all that one agent yields in one run. While it `reads_plainly`, `deltas`
    reads what nearly all items are, a delta which nothing before it changes; of any other `full`
    makes events.
    """

    def __init__(self) -> None:
        self.deltas = DeltaReader()
        self.reads_plainly = True
        self._reader = ItemReader()
        self._shorthand = Shorthand(lambda: str(uuid4()))
        self._halves = Halves()

    def feed(self, item: object) -> Sequence[Event]:
        """The events in one item, in full; raises ProtocolFailure if there can be none in it."""
        delta = self.deltas.read(item) if self.reads_plainly else None
        return self.full(item) if delta is None else (delta,)

    def full(self, item: object) -> Sequence[Event]:
        """The same for what `deltas` does not read."""
        full = self._full(self._reader.feed(item))
        self.reads_plainly = not (
            self._reader.speaking
            or self._shorthand.lanes
            or self._shorthand.renamed
            or self._halves.waiting
        )
        return full

    def end(self) -> Sequence[Event]:
        """The events that remain when the agent yields nothing more."""
        if self.reads_plainly and not self._reader.has_frames:  # nothing is waiting anywhere
            return ()
        rest = self._full(self._reader.end())
        return [*rest, *self._halves.joined(self._shorthand.ends()), *self._halves.rest()]

    def _full(self, events: Sequence[Event]) -> Sequence[Event]:
        if len(events) == 1:  # as nearly always
            return self._halves.joined(self._shorthand.expand(events[0]))
        spelt = [full for event in events for full in self._shorthand.expand(event)]
        return self._halves.joined(spelt)


def normalized(items: Iterable[object]) -> list[Event]:
    """The events in some items, which are all that there are."""
    normalizer = Normalizer()
    return [*(event for item in items for event in normalizer.feed(item)), *normalizer.end()]


class FunctionAgent:
    """An agent made of a function of the request, for example one async generator.

    The function may return an iterator of events or texts (async or not), a list of them, a text,
    an agent (so it can build one for each run), or an awaitable of any of these. A plain function
    and a plain generator run in a thread, unless the function is annotated as returning something
    async. Raises Misconfigured if it cannot be called with one request.
    """

    def __init__(
        self, function: Callable[[RunAgentInput], object], name: str = "", description: str = ""
    ) -> None:
        self.name = name or getattr(function, "__name__", "agent")
        self.description = description or _first_line(function)
        self.capabilities = capabilities_of(function)
        _check_callable(function, f"agent {self.name!r}: {_title(function)}")
        self._function = function
        self._may_block = _may_block(function)

    @normal
    def run(self, request: RunAgentInput) -> AsyncGenerator[Event, None]:
        return emitted(partial(self._called, request), request)

    def _called(self, request: RunAgentInput) -> object:
        if self._may_block:
            return in_a_thread(self._function, request)
        return self._function(request)


class BorderAgent(OuterAgent):
    """Around an agent that is not of this package."""

    @property
    def capabilities(self) -> JsonObject | None:
        return capabilities_of(self.agent)

    @property
    def calls_at_once(self) -> bool:
        return calls_at_once(self.agent)

    @normal
    def run(self, request: RunAgentInput) -> AsyncGenerator[Event, None]:
        return emitted(partial(self.agent.run, request), request)


class AdapterAgent:
    """The adapter of another framework, which need not have a name.

    One that has `clone()` is cloned for each run, because such adapters hold the run's state on
    themselves, and its RAW events, which repeat all others in its framework's form, are left out.
    """

    def __init__(self, adapter: Runnable, name: str = "", description: str = "") -> None:
        self.adapter = adapter
        self.name = name or getattr(adapter, "name", "") or "agent"
        about = description or getattr(adapter, "description", None)
        self.description: str = about or _first_line(adapter)
        self.capabilities = capabilities_of(adapter)

    @normal
    def run(self, request: RunAgentInput) -> AsyncGenerator[Event, None]:
        return _run(self.adapter, request)


def wrap(source: object, name: str = "", description: str = "") -> EventAgent:
    """Make an agent that emits events out of anything that yields them in any form.

    - an object with `run(request)`: an `Agent`, or the adapter of another framework;
    - a function of the request, see `FunctionAgent`.

    What `wrap` returned, and the agents of `agui_runtime.wrappers`, are returned as they are.
    Raises Misconfigured for anything else.
    """
    if inspect.isclass(source):
        hint = f"write {source.__name__}(...), or lambda request: {source.__name__}(...)"
        raise Misconfigured(f"agent {name!r} is the class {source.__name__}; {hint}")
    run = getattr(source, "run", None)  # first: to ask whether it is a Runnable takes longer
    if run is not None and is_normal(run):
        return cast(EventAgent, source)
    if isinstance(source, Runnable):
        _check_callable(source.run, f"agent {name!r}: its run method")
        if isinstance(source, Agent) and not isinstance(source, Cloneable):
            return BorderAgent(source)
        return AdapterAgent(source, name, description)
    if callable(source):
        return FunctionAgent(source, name, description)
    problem = "is neither a function nor has it a run() method"
    raise Misconfigured(f"agent {name!r} {problem}; {instead_of(source)}")


def original(agent: object) -> object:
    """The agent that `wrap` was given, where it put one around it."""
    match agent:
        case BorderAgent():
            return agent.agent
        case AdapterAgent():
            return agent.adapter
    return agent


async def emitted(
    call: Callable[[], object],
    request: RunAgentInput,
    spare: Callable[[object], object] | None = None,
) -> AsyncGenerator[Event, None]:
    """The events in what a function or a `run` method returns; close it (`aclosing`). `spare` takes
    out of each item what need not be read.

    Raises what the agent raises, and ProtocolFailure.
    """
    made = await _returned(call)
    if not isinstance(made, AsyncIterable) and isinstance(made, Runnable):
        async with aclosing(_run(made, request)) as events:
            async for event in events:
                yield event
        return
    normalizer = Normalizer()
    read = normalizer.deltas.read
    async with closing(items_of(made)) as items:
        async for item in items:
            delta = read(item) if normalizer.reads_plainly else None
            if delta is not None:
                yield delta
                continue
            full = normalizer.full(item if spare is None else spare(item))
            if not full:
                alive.get()()
            for event in full:
                yield event
    for event in normalizer.end():
        yield event


async def _returned(call: Callable[[], object]) -> object:
    made = call()
    if inspect.isawaitable(made):
        made = await made
    return getattr(made, "body_iterator", made)  # a web framework's streaming answer


def _run(agent: Runnable, request: RunAgentInput) -> AsyncGenerator[Event, None]:
    """One run of any object with a `run` method."""
    if isinstance(agent, Cloneable):
        call = partial(agent.clone().run, request)
        return _without_raw(emitted(call, request, _typed_without_raw))
    if is_normal(agent.run):
        return cast(EventAgent, agent).run(request)
    return emitted(partial(agent.run, request), request)


async def _without_raw(events: AsyncGenerator[Event, None]) -> AsyncGenerator[Event, None]:
    async with aclosing(events):
        async for event in events:
            event.pop("rawEvent", None)
            if event["type"] != "RAW":
                yield event


def _typed_without_raw(item: object) -> object:
    """The same before it is written: what the framework called an event is longer than the event.
    None of an event that is nothing else.
    """
    if not isinstance(item, BaseEvent) or item.raw_event is None:
        return None if isinstance(item, RawEvent) else item
    bare = item.model_copy(update={"raw_event": None})
    bare.model_fields_set.discard("raw_event")
    return bare


def _check_callable(function: Callable[..., object], what: str) -> None:
    if not takes(function, None):
        raise Misconfigured(f"{what} must take one argument, the request")


def _title(function: object) -> str:
    return f"function {getattr(function, '__name__', type(function).__name__)}"


def _may_block(function: Callable[..., object]) -> bool:
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
