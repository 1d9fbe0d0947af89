"""Short and old spellings of events, written out in full: `*_CHUNK` and THINKING_* events.

It does not judge whether what comes out is legal; `grammar` does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from agui_runtime.core.distinct_ids import DistinctIds
from agui_runtime.core.errors import ProtocolFailure
from agui_runtime.core.events import Event


class _Chunk(NamedTuple):
    """What a chunk type stands for.

    `field` identifies the stream; the opener takes the `described` fields, `required` among them
    must be there, and `defaults` fill it up.
    """

    start: str
    content: str
    end: str
    field: str
    required: tuple[str, ...] = ()
    described: tuple[str, ...] = ()
    defaults: tuple[tuple[str, str], ...] = ()


_CHUNKS = {
    "TEXT_MESSAGE_CHUNK": _Chunk(
        "TEXT_MESSAGE_START",
        "TEXT_MESSAGE_CONTENT",
        "TEXT_MESSAGE_END",
        "messageId",
        described=("role", "name"),
        defaults=(("role", "assistant"),),
    ),
    "TOOL_CALL_CHUNK": _Chunk(
        "TOOL_CALL_START",
        "TOOL_CALL_ARGS",
        "TOOL_CALL_END",
        "toolCallId",
        required=("toolCallName",),
        described=("toolCallName", "parentMessageId"),
    ),
    "REASONING_MESSAGE_CHUNK": _Chunk(
        "REASONING_MESSAGE_START",
        "REASONING_MESSAGE_CONTENT",
        "REASONING_MESSAGE_END",
        "messageId",
        defaults=(("role", "reasoning"),),
    ),
}

_CONTENTS = frozenset(chunk.content for chunk in _CHUNKS.values())

# Everything else ends what chunks opened in its lane; a snapshot of all messages, in every lane.
_INTERRUPTS_NOTHING = frozenset(
    {
        "RAW",
        "ACTIVITY_SNAPSHOT",
        "ACTIVITY_DELTA",
        "REASONING_ENCRYPTED_VALUE",
        "SUBAGENT_STARTED",
    }
)


class _Thinking(NamedTuple):
    """The reasoning event that replaced an old one; `slot` says which id it continues."""

    type: str
    slot: str
    opens: bool = False


_THINKING = {
    "THINKING_START": _Thinking("REASONING_START", "span", opens=True),
    "THINKING_END": _Thinking("REASONING_END", "span"),
    "THINKING_TEXT_MESSAGE_START": _Thinking("REASONING_MESSAGE_START", "message", opens=True),
    "THINKING_TEXT_MESSAGE_CONTENT": _Thinking("REASONING_MESSAGE_CONTENT", "message"),
    "THINKING_TEXT_MESSAGE_END": _Thinking("REASONING_MESSAGE_END", "message"),
}

_SHORT = frozenset({*_CHUNKS, *_THINKING})


class Shorthand:
    """Writes out one run's events, following the expansion of the AG-UI 1.0 client.

    Each (sub)agent has a lane, in which chunks keep at most one stream open. `new_id` makes the ids
    that THINKING_* events never had; without it these events are dropped.
    """

    def __init__(self, new_id: Callable[[], str] | None = None) -> None:
        self.lanes: dict[str | None, tuple[_Chunk, Event]] = {}
        self._new_id = new_id
        self._distinct = DistinctIds()
        self._thinking: dict[str, str] = {}

    @property
    def renamed(self) -> bool:
        """Whether a message has another id than its agent gave it."""
        return bool(self._distinct.renamed)

    def expand(self, event: Event) -> Sequence[Event]:
        """The same in full, after the ends of the streams it interrupts, each message with an id
        that no other kind of message has.

        Raises ProtocolFailure for a chunk that neither opens a stream nor continues one.
        """
        if not self.lanes and event["type"] not in _SHORT:
            if event["type"] in _CONTENTS and not self.renamed:
                return (event,)  # nearly all of a stream
            return (self._distinct.apply(event),)
        return [self._distinct.apply(each) for each in self._full(event)]

    def ends(self) -> list[Event]:
        """The ends of all streams that chunks keep open, which are closed by it."""
        return [self._distinct.apply(end) for end in self._all_closed()]

    def _full(self, event: Event) -> list[Event]:
        kind = event["type"]
        if kind in _CHUNKS:
            return self._chunk(event, _CHUNKS[kind])
        if kind in _THINKING:
            return self._thought(event, _THINKING[kind])
        return [*self._interrupted(event), event]

    def _chunk(self, chunk: Event, shape: _Chunk) -> list[Event]:
        owner = self._lane(chunk, shape)
        out: list[Event] = []
        if not self._goes_on(owner, chunk, shape):
            out = self._closed(owner)
            start = _started(chunk, shape)
            self.lanes[owner] = (shape, start)
            out.append(start)
        if chunk.get("delta") or "metadata" in chunk or "rawEvent" in chunk:
            out.append(_content(chunk, shape, self.lanes[owner][1]))
        return out

    def _lane(self, chunk: Event, shape: _Chunk) -> str | None:
        tag: str | None = chunk.get("subagentRunId")
        alike = {owner: start for owner, (open_, start) in self.lanes.items() if open_ is shape}
        if shape.field in chunk:
            id_ = chunk[shape.field]
            return next((owner for owner in alike if alike[owner][shape.field] == id_), tag)
        if tag is not None or None in alike or not alike:
            return tag
        if len(alike) > 1:
            raise _refused(chunk, "several subagents have such a stream open; name one")
        return next(iter(alike))

    def _goes_on(self, owner: str | None, chunk: Event, shape: _Chunk) -> bool:
        open_, start = self.lanes.get(owner, (None, {}))
        if open_ is not shape or chunk.get(shape.field, start[shape.field]) != start[shape.field]:
            return False
        for name in shape.described:
            if chunk.get(name, start.get(name)) != start.get(name):
                raise _refused(chunk, f"the {name} of an open stream cannot change")
        return True

    def _interrupted(self, event: Event) -> list[Event]:
        if not self.lanes or event["type"] in _INTERRUPTS_NOTHING:
            return []
        if event["type"] == "MESSAGES_SNAPSHOT":
            return self._all_closed()
        return self._closed(event.get("subagentRunId"))

    def _all_closed(self) -> list[Event]:
        return [end for owner in list(self.lanes) for end in self._closed(owner)]

    def _closed(self, owner: str | None) -> list[Event]:
        shape, start = self.lanes.pop(owner, (None, {}))
        if shape is None:
            return []
        fields = (shape.field, "subagentRunId")
        return [{"type": shape.end, **{name: start[name] for name in fields if name in start}}]

    def _thought(self, event: Event, thinking: _Thinking) -> list[Event]:
        if self._new_id is None:
            return []
        if thinking.opens:
            self._thinking[thinking.slot] = self._new_id()
        if thinking.slot not in self._thinking:
            raise _refused(event, "nothing was started before it")
        full = {**event, "type": thinking.type, "messageId": self._thinking[thinking.slot]}
        full.pop("title", None)
        if thinking.type == "REASONING_MESSAGE_START":
            full["role"] = "reasoning"
        return [*self._interrupted(full), full]


def _started(chunk: Event, shape: _Chunk) -> Event:
    for name in (shape.field, *shape.required):
        if name not in chunk:
            raise _refused(chunk, f"the first chunk of a stream must have a {name}")
    taken = (shape.field, *shape.described, "subagentRunId")
    fields = {name: chunk[name] for name in taken if name in chunk}
    return {"type": shape.start, **dict(shape.defaults), **fields}


def _content(chunk: Event, shape: _Chunk, start: Event) -> Event:
    rest = {name: value for name, value in chunk.items() if name not in shape.described}
    return {"delta": "", **rest, "type": shape.content, shape.field: start[shape.field]}


def _refused(event: Event, rule: str) -> ProtocolFailure:
    ids = [event[name] for name in ("messageId", "toolCallId") if name in event]
    named = f" {ids[0]!r}" if ids else ""
    return ProtocolFailure(f"{event['type']}{named}: {rule}")
