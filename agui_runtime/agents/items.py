"""What agents yield and return, read as events: typed events, JSON objects, encoded frames, text.

Where the meaning is plain it is taken; of anything else a failure names what to write instead.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from contextvars import copy_context
from typing import Any, TypeAlias, cast
from uuid import uuid4

import orjson
from ag_ui.core import BaseEvent
from pydantic import BaseModel

from agui_runtime.core.errors import ProtocolFailure
from agui_runtime.core.event_stream_parser import EventStreamParser
from agui_runtime.core.events import Event, as_event
from agui_runtime.core.jsontext import Json, loads_fragment
from agui_runtime.core.log_lines import logger_of

logger = logger_of(__name__)

AgentEvent: TypeAlias = BaseEvent | Mapping[str, Json] | str | bytes | None
"""What an agent yields: a typed AG-UI event, its JSON object, an encoded event-stream frame, or
text, which becomes a message; None becomes nothing.
"""

_FRAME = re.compile(r"(?:\s|:(?: [^\n]*)?\r?\n|(?:event|id|retry):[^\n]*\r?\n)*data:\s*\{")
"""How encoded frames begin."""

_COMMENT = re.compile(r"(?:\s*:(?: [^\n]*)?\r?\n\r?\n)+\s*")
"""What keeps a stream alive; text that begins like it has no blank line behind it."""

_FIELD = re.compile(r"\s*(?:data|event|id|retry)?:")
_BEGINNINGS = ("data: {", "data:{", "event: ", "id: ", "retry: ")

_GOES_ON = frozenset(
    {
        "ACTIVITY_DELTA",
        "ACTIVITY_SNAPSHOT",
        "CUSTOM",
        "RAW",
        "STATE_DELTA",
        "STATE_SNAPSHOT",
        "STEP_FINISHED",
        "STEP_STARTED",
    }
)
"""What may happen while the agent is in the middle of its text."""

_INSTEAD = {
    "agentscope": "put it into connectors.agentscope.AgentScopeAgent",
    "langchain_core": "yield its text, or put the graph into connectors.langgraph.GraphAgent",
    "langgraph": "put the graph into connectors.langgraph.GraphAgent",
    "openai": "yield its text, or use connectors.openai.OpenAIAgent",
    "pydantic_ai": "use pydantic_ai.ui.ag_ui.AGUIAdapter(agent=agent, run_input=request)"
    ".run_stream()",
}
_DEFAULT = "yield text, AG-UI events (ag_ui.core) or their JSON objects"

_OBJECTS = (dict, BaseEvent, Mapping)  # the commonest first: to ask `Mapping` takes longest

_END = object()


class ItemReader:
    """Reads what one agent yields in one run. Frames may be cut anywhere. `speaking` is the id of
    the message that text goes into, empty where a new one begins; `has_frames` that
    frames came.
    """

    def __init__(self) -> None:
        self._frames = EventStreamParser()
        self.has_frames = False
        self.speaking = ""
        self._noted: frozenset[str] = frozenset()

    def feed(self, item: object) -> Sequence[Event]:
        """The events in one item; raises ProtocolFailure if there can be none in it."""
        if isinstance(item, _OBJECTS):
            return self._object_events(item)
        if item is None:
            return ()
        if isinstance(item, str):
            if self._is_framed(item):
                return self._unframed(item.encode("utf-8", "surrogatepass"))
            return self._text_events(item)
        if isinstance(item, bytes | bytearray | memoryview):
            return self._bytes(bytes(item))
        if isinstance(item, BaseModel) and isinstance(getattr(item, "type", None), str):
            return self._object_events(item.model_dump(mode="json", by_alias=True))
        if isinstance(item, list | tuple):
            return [event for each in item for event in self.feed(each)]
        raise ProtocolFailure(f"the agent yields {_named(item)}; {instead_of(item)}")

    def end(self) -> Sequence[Event]:
        """The events that remain when nothing more comes."""
        return [*(self._unframed(b"\n\n") if self.has_frames else ()), *self._silent()]

    def _object_events(self, item: BaseEvent | Mapping[str, Json]) -> Sequence[Event]:
        if not isinstance(item, BaseEvent) and "type" not in item and _is_answer(item):
            return self._text_events(item["content"])
        event = as_event(item, self._note)
        if not self.speaking or event["type"] in _GOES_ON:
            return (event,)
        return [*self._silent(), event]

    def _text_events(self, text: str) -> Sequence[Event]:
        """Text that an agent yields is one message, until it does something else."""
        if not text:
            return ()
        opening: list[Event] = []
        if not self.speaking:
            self.speaking = str(uuid4())
            start = {"type": "TEXT_MESSAGE_START", "messageId": self.speaking}
            opening.append({**start, "role": "assistant"})
        ids = {"messageId": self.speaking}
        return [*opening, {"type": "TEXT_MESSAGE_CONTENT", **ids, "delta": text}]

    def _silent(self) -> Sequence[Event]:
        id_, self.speaking = self.speaking, ""
        return [{"type": "TEXT_MESSAGE_END", "messageId": id_}] if id_ else ()

    def _is_framed(self, text: str) -> bool:
        """Whether the text is a frame, or a piece of one, and not a message's."""
        if self._frames.is_open:
            return True
        if not text.strip():
            return self.has_frames
        cut = self.has_frames and (_begins_a_field(text) or bool(_FIELD.match(text)))
        return cut or bool(_FRAME.match(text) or _COMMENT.fullmatch(text))

    def _bytes(self, item: bytes) -> Sequence[Event]:
        text = item.decode(errors="replace")
        if not self._is_framed(text) and not _begins_a_field(text):
            raise ProtocolFailure(
                "the agent yields bytes that are no event-stream frame; yield text as str"
            )
        return self._unframed(item)

    def _unframed(self, item: bytes) -> Sequence[Event]:
        self.has_frames = True
        try:
            found = [loads_fragment(data) for data in self._frames.feed(item)]
        except orjson.JSONDecodeError:
            raise ProtocolFailure("an event-stream frame of the agent is not JSON") from None
        return [event for each in found for event in self._object_events(_object(each))]

    def _note(self, loss: str) -> None:
        if loss not in self._noted:
            self._noted |= {loss}
            logger.warning("left out of what the agent says: %s", loss)


def items_of(made: object) -> AsyncIterator[AgentEvent]:
    """The items in what an agent returned, one by one; close it (`closing`). Raises ProtocolFailure
    if there can be none in it.
    """
    if isinstance(made, AsyncIterable):
        return aiter(made)
    if isinstance(made, str | bytes | Mapping | BaseEvent):
        return _each([made])
    if isinstance(made, list | tuple):
        return _each(made)
    if isinstance(made, Iterable) and not isinstance(made, BaseModel):
        return _in_a_thread(iter(made))
    described = "nothing" if made is None else _named(made)
    hint = "return the answer as text, or yield it" if made is None else instead_of(made)
    raise ProtocolFailure(f"the agent returned {described}; {hint}")


def instead_of(item: object) -> str:
    """What to write where such an object cannot be taken."""
    root = (type(item).__module__ or "").partition(".")[0]
    return _INSTEAD.get(root, _DEFAULT)


def closing(
    items: AsyncIterator[AgentEvent],
) -> AbstractAsyncContextManager[AsyncIterator[AgentEvent]]:
    """Close an agent's iterator at the end, if it can be closed; not every one is a generator."""
    if hasattr(items, "aclose"):
        return aclosing(cast(AsyncGenerator[AgentEvent, None], items))
    return nullcontext(items)


async def _each(items: Iterable[AgentEvent]) -> AsyncIterator[AgentEvent]:
    for item in items:
        yield item


async def _in_a_thread(items: Iterator[Any]) -> AsyncIterator[AgentEvent]:
    """The items of a plain generator, which may block: each is made in a thread. It is closed there
    too, as soon as it lets go.
    """
    loop, context = asyncio.get_running_loop(), copy_context()

    def step() -> asyncio.Future[object]:
        return loop.run_in_executor(None, lambda: context.run(next, items, _END))

    pending = step()
    try:
        while (item := await asyncio.shield(pending)) is not _END:
            yield item  # type: ignore[misc]  # the reader judges what it is
            pending = step()
    finally:
        close = getattr(items, "close", None)
        if close is not None and pending.done():
            await asyncio.shield(loop.run_in_executor(None, context.run, close))
        elif close is not None:
            pending.add_done_callback(lambda _: loop.run_in_executor(None, context.run, close))


def _begins_a_field(text: str) -> bool:
    return any(beginning.startswith(text) for beginning in _BEGINNINGS)


def _object(data: object) -> Mapping[str, Json]:
    if not isinstance(data, dict):
        raise ProtocolFailure("an event-stream frame of the agent holds no AG-UI event")
    return data


def _is_answer(item: Mapping[str, Json]) -> bool:
    """A message of the assistant, as model providers write it."""
    return item.get("role") == "assistant" and isinstance(item.get("content"), str)


def _named(item: object) -> str:
    name = f"{type(item).__module__}.{type(item).__qualname__}".removeprefix("builtins.")
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
