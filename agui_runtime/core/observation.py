"""What a run waits for, as those see it who measure runs: models' answers, tools, other agents,
memories.

Whoever carries such an operation out says so with `observed`. Without an observer that costs next
to nothing, and an observer that fails breaks nothing.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, aclosing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, Protocol, TypeAlias, TypeVar

from agui_runtime.core.jsontext import Json
from agui_runtime.core.log_lines import logger_of

logger = logger_of(__name__)

T = TypeVar("T")

OfMemory: TypeAlias = Literal["search_memory", "upsert_memory", "update_memory", "delete_memory"]

Kind: TypeAlias = Literal["chat", "execute_tool", "invoke_agent"] | OfMemory


@dataclass(slots=True, eq=False)
class Operation:
    """A call of a model, a tool or an agent, by its `name`, or something that is done with what is
    remembered of a user; what is learned meanwhile is filled in. `count` is how many entries of a
    memory were found, written or deleted.

    `request` and `answer` are looked at only where contents are to be observed. `failure` is the
    code of an error, or the name of what was raised.
    """

    kind: Kind
    name: str = ""
    id: str = ""
    provider: str | None = None
    server: str = ""
    request: Json = None
    answer: Json = None
    usage: Mapping[str, Json] = field(default_factory=dict)
    finish: str = ""
    failure: str = ""
    count: int | None = None


class Watch(Protocol):
    """One observer's part in one operation."""

    def inside(self) -> AbstractContextManager[object]:
        """Entered around what is carried out within the operation, in one task."""

    def answered(self) -> None:
        """The first piece of the answer has come."""

    def headers(self) -> Mapping[str, str]:
        """What goes with the operation's request to another server."""

    def end(self) -> None:
        """It is over, and filled in."""


class Observer(Protocol):
    """Watches the operations of one run."""

    def begin(self, operation: Operation) -> Watch | None:
        """None where it does not watch operations of this kind."""

    def headers(self) -> Mapping[str, str]:
        """What goes with requests that belong to no operation of their own."""


_observers: ContextVar[Sequence[Observer]] = ContextVar("agui_runtime_observers", default=())
_operation: ContextVar[Operation | None] = ContextVar("agui_runtime_operation", default=None)
_trace: ContextVar[Mapping[str, str]] = ContextVar("agui_runtime_trace", default={})  # noqa: B039  # never written to
_wire: ContextVar[str] = ContextVar("agui_runtime_wire", default="")
_refusals: ContextVar[Callable[[str, str], None] | None] = ContextVar(
    "agui_runtime_refusals", default=None
)


def observe(observer: Observer) -> None:
    """Show the observer what the present task, and those that it begins, carry out from now on."""
    _observers.set([*_observers.get(), observer])


def continue_trace(headers: Mapping[str, str]) -> None:
    """What the present task does belongs to the trace that a request came with, if to any."""
    _trace.set(headers)


def incoming_trace() -> Mapping[str, str]:
    """The headers of the trace that the present request came with."""
    return _trace.get()


def outgoing_headers() -> Mapping[str, str]:
    """What goes with requests to other servers; the trace that came in, where none is made here."""
    made: dict[str, str] = {}
    for observer in _observers.get():
        made.update(_headers_of(observer))
    return made or incoming_trace()


def speak(wire: str) -> None:
    """What the present task, and those that it begins, read is for this wire."""
    _wire.set(wire)


def present_wire() -> str:
    """The wire that the present task reads for; empty for none."""
    return _wire.get()


def count_refusals(count: Callable[[str, str], None]) -> None:
    """Call it with wire and code of each request, or message of a WebSocket, that the present task
    and those that it begins refuse from now on.
    """
    _refusals.set(count)


def note_refusal(error: Exception, otherwise: str = "INTERNAL_ERROR") -> None:
    """The present request is answered with an error, by its code or else by this one."""
    count = _refusals.get()
    if count is not None:
        count(present_wire(), getattr(error, "code", None) or otherwise)


def note_failure(code: str) -> None:
    """The present operation fails, though it raises nothing."""
    operation = _operation.get()
    if operation is not None:
        operation.failure = code


class Observed:
    """An operation under way, and those who watch it."""

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        begun = (_unless_broken(partial(it.begin, operation)) for it in _observers.get())
        self._watches = [watch for watch in begun if watch is not None]
        self._unanswered = bool(self._watches)

    def answered(self) -> None:
        """Something of the answer has come; only the first time counts."""
        if self._unanswered:
            self._unanswered = False
            for watch in self._watches:
                _unless_broken(watch.answered)

    def headers(self) -> Mapping[str, str]:
        """What goes with its request to another server."""
        made: dict[str, str] = {}
        for watch in self._watches:
            made.update(_headers_of(watch))
        return made

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Around what is carried out within it; not across the `yield` of a generator, which may go
        on in another task.
        """
        token = _operation.set(self.operation)
        try:
            with ExitStack() as stack:
                for watch in self._watches:
                    stack.enter_context(watch.inside())
                yield
        finally:
            _operation.reset(token)

    def events(self, source: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
        """What the source yields; what it does meanwhile is within the operation."""
        return self._events(source) if self._watches else source

    async def _events(self, source: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
        async with aclosing(source):
            while True:
                try:
                    with self.inside():
                        item = await anext(source)
                except StopAsyncIteration:
                    return
                yield item

    def end(self) -> None:
        for watch in self._watches:
            _unless_broken(watch.end)


@contextmanager
def observed(operation: Operation) -> Iterator[Observed]:
    """The operation lasts as long as the block."""
    seen = Observed(operation)
    try:
        yield seen
    except GeneratorExit:  # nobody wants more of it
        raise
    except BaseException as error:
        operation.failure = operation.failure or getattr(error, "code", type(error).__name__)
        raise
    finally:
        seen.end()


def _headers_of(source: Observer | Watch) -> Mapping[str, str]:
    return _unless_broken(source.headers) or {}


def _unless_broken(call: Callable[[], T]) -> T | None:
    try:
        return call()
    except Exception:  # user code: an observer must not end a run
        logger.exception("an observer of runs failed")
        return None
