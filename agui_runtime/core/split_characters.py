"""Characters that came apart between two deltas of a stream, put together again.

A model's server may cut an emoji in the middle of its two UTF-16 halves. No wire can deliver a half
by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

from agui_runtime.core.events import TERMINAL, Event
from agui_runtime.core.jsontext import is_whole, whole

REPLACEMENT = "\ufffd"
"""What stands for a half whose other half never came."""

_FIELDS = {
    "TEXT_MESSAGE_CONTENT": "messageId",
    "REASONING_MESSAGE_CONTENT": "messageId",
    "TOOL_CALL_ARGS": "toolCallId",
}
_ENDED = {
    "TEXT_MESSAGE_END": "TEXT_MESSAGE_CONTENT",
    "REASONING_MESSAGE_END": "REASONING_MESSAGE_CONTENT",
    "TOOL_CALL_END": "TOOL_CALL_ARGS",
}

# What ends a stream, or replaces the message that it goes into, without its own end.
_BARRIERS = TERMINAL | {"MESSAGES_SNAPSHOT"}

_Stream: TypeAlias = tuple[str, str]


class _Half(NamedTuple):
    """The first half of a character, and the event without its `delta` that it came with."""

    character: str
    event: Event


class Halves:
    """Joins the halves in one run's events, stream by stream; feed it all of them in full spelling.

    A first half waits for the next delta of its stream, whatever comes in between, and is replaced
    where the stream ends before. Other events are let be, and so are their places. `waiting` are
    the first halves.
    """

    def __init__(self) -> None:
        self.waiting: dict[_Stream, _Half] = {}

    def joined(self, events: Sequence[Event]) -> Sequence[Event]:
        """The events with whole characters only."""
        if not self.waiting:
            for event in events:
                delta = event.get("delta")
                if type(delta) is str and not is_whole(delta):
                    break
            else:
                return events
        return [made for event in events for made in self._joined(event)]

    def rest(self) -> list[Event]:
        """What still waits, replaced, when no more events follow."""
        waiting, self.waiting = self.waiting, {}
        return [_replaced(half) for half in waiting.values()]

    def _joined(self, event: Event) -> Iterator[Event]:
        kind = event["type"]
        if kind in _FIELDS:
            yield from self._content(event, (kind, event[_FIELDS[kind]]))
            return
        if kind in _ENDED:
            content = _ENDED[kind]
            half = self.waiting.pop((content, event[_FIELDS[content]]), None)
            if half is not None:
                yield _replaced(half)
        elif kind in _BARRIERS:
            yield from self.rest()
        yield event

    def _content(self, event: Event, stream: _Stream) -> Iterator[Event]:
        half = self.waiting.pop(stream, None)
        text = (half.character if half else "") + event["delta"]
        bare = {key: event[key] for key in (*_BARE, _FIELDS[stream[0]]) if key in event}
        if "\ud800" <= text[-1:] <= "\udbff":
            self.waiting[stream] = _Half(text[-1], bare)
            text = text[:-1]
        if text or len(event) > len(bare) + 1:
            yield {**event, "delta": whole(text)}


def _replaced(half: _Half) -> Event:
    return {**half.event, "delta": REPLACEMENT}


_BARE = ("type", "subagentRunId")
