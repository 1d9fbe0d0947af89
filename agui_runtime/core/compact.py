"""The same log in fewer events, for runs that are over: each stream's deltas become one event.

The order of messages, and all else that a fold holds, stays as it is.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from agui_runtime.core.events import TERMINAL, Event
from agui_runtime.core.fold import fold


class _Stream(NamedTuple):
    """Where a stream's deltas go: text and reasoning of one id go into the same message."""

    target: str
    field: str
    content: str


_TEXT = _Stream("message", "messageId", "TEXT_MESSAGE_CONTENT")
_REASONING = _Stream("message", "messageId", "REASONING_MESSAGE_CONTENT")
_CALL = _Stream("call", "toolCallId", "TOOL_CALL_ARGS")

_STARTS = {
    "TEXT_MESSAGE_START": _TEXT,
    "REASONING_MESSAGE_START": _REASONING,
    "TOOL_CALL_START": _CALL,
}
_CONTENTS = {stream.content: stream for stream in (_TEXT, _REASONING, _CALL)}
_ENDS = {
    "TEXT_MESSAGE_END": _TEXT,
    "REASONING_MESSAGE_END": _REASONING,
    "TOOL_CALL_END": _CALL,
}
_STATES = frozenset({"STATE_SNAPSHOT", "STATE_DELTA"})

# No delta may cross these: a snapshot may replace the message that it goes to, and what a failed
# run left open does not go on in the next.
_BARRIERS = TERMINAL | {"RUN_STARTED", "MESSAGES_SNAPSHOT"}

# After a barrier a stream's message may be gone; these may make it anew under the same id.
_BIRTHS = frozenset({"TOOL_CALL_START", "TOOL_CALL_RESULT"})


@dataclass(slots=True)
class _Slot:
    """The place of one stream's deltas, and of its end.

    It is `loose` when it does not stand at the stream's start but behind a barrier.
    """

    stream: _Stream
    loose: bool
    deltas: list[Event] = field(default_factory=list)
    end: Event | None = None

    def events(self) -> Iterator[Event]:
        if len(self.deltas) == 1:
            yield self.deltas[0]
        elif self.deltas:
            yield self._joined()
        if self.end is not None:
            yield self.end

    def _joined(self) -> Event:
        id_ = self.deltas[0][self.stream.field]
        text = "".join(delta["delta"] for delta in self.deltas)
        joined = {"type": self.stream.content, self.stream.field: id_, "delta": text}
        return _with_metadata(joined, self.deltas)


def compact(events: Sequence[Event]) -> list[Event]:
    """A shorter log of which `fold` makes the same, and which every verifier accepts alike.

    Deltas and the end of a stream move up to its start, so what came in between follows it. The
    states of a run become one snapshot before its terminal event, if the run has a snapshot: deltas
    alone say nothing of the whole. Compacting again changes nothing. Events are shared with the
    input, which is not modified.
    """
    compaction = _Compaction()
    for event in events:
        compaction.add(event)
    return compaction.result()


class _Compaction:
    def __init__(self) -> None:
        self._out: list[Event | _Slot | None] = []
        self._slots: dict[tuple[str, str], _Slot] = {}
        self._states: list[int] = []

    def add(self, event: Event) -> None:
        kind = event["type"]
        if kind in _CONTENTS:
            self._slot(_CONTENTS[kind], event).deltas.append(event)
        elif kind in _ENDS:
            self._end(_ENDS[kind], event)
        else:
            self._detach(event)
            self._add_whole(event)

    def result(self) -> list[Event]:
        self._fold_states()
        flat: list[Event] = []
        for item in self._out:
            if isinstance(item, _Slot):
                flat.extend(item.events())
            elif item is not None:
                flat.append(item)
        return flat

    def _detach(self, event: Event) -> None:
        """Keep later deltas from moving up across an event after which they may go elsewhere."""
        if event["type"] in _BARRIERS:
            self._slots.clear()
        elif event["type"] in _BIRTHS:
            self._slots = {key: slot for key, slot in self._slots.items() if not slot.loose}

    def _add_whole(self, event: Event) -> None:
        kind = event["type"]
        if kind in TERMINAL or kind == "RUN_STARTED":
            self._fold_states()
        if kind in _STATES:
            self._states.append(len(self._out))
        self._out.append(event)
        if kind in _STARTS:
            self._open(_STARTS[kind], event, loose=False)

    def _open(self, stream: _Stream, event: Event, *, loose: bool) -> _Slot:
        slot = _Slot(stream, loose)
        self._out.append(slot)
        self._slots[stream.target, event[stream.field]] = slot
        return slot

    def _slot(self, stream: _Stream, event: Event) -> _Slot:
        slot = self._slots.get((stream.target, event[stream.field]))
        if slot is None or slot.stream is not stream:
            return self._open(stream, event, loose=True)
        return slot

    def _end(self, stream: _Stream, event: Event) -> None:
        slot = self._slots.pop((stream.target, event[stream.field]), None)
        if slot is None:
            self._out.append(event)
        else:
            slot.end = event

    def _fold_states(self) -> None:
        places, self._states = self._states, []
        states = [state for place in places if isinstance(state := self._out[place], dict)]
        if not any(state["type"] == "STATE_SNAPSHOT" for state in states):
            return
        for place in places:
            self._out[place] = None
        snapshot = {"type": "STATE_SNAPSHOT", "snapshot": fold(states).state}
        self._out.append(_with_metadata(snapshot, states))


def _with_metadata(event: Event, sources: Sequence[Event]) -> Event:
    metadata = [source["metadata"] for source in sources if "metadata" in source]
    return {**event, "metadata": dict(ChainMap(*reversed(metadata)))} if metadata else event
