"""Turns what servers from before AG-UI 1.0 emit, and 1.0 forbids, into its form. Pure.

The clients of their time neither checked the order of reasoning events nor minded a chunk that
describes its stream anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from agui_runtime.core.events import Event


class _Order(NamedTuple):
    """Which reasoning event opens, goes on with or ends what an id stands for."""

    entity: str
    verb: str
    opener: str


_MESSAGE, _SPAN = "REASONING_MESSAGE_START", "REASONING_START"
_REASONING = {
    "REASONING_START": _Order("span", "opens", _SPAN),
    "REASONING_END": _Order("span", "ends", _SPAN),
    "REASONING_MESSAGE_START": _Order("message", "opens", _MESSAGE),
    "REASONING_MESSAGE_CONTENT": _Order("message", "goes on", _MESSAGE),
    "REASONING_MESSAGE_END": _Order("message", "ends", _MESSAGE),
}

_CHUNKS = {
    "TEXT_MESSAGE_CHUNK": ("messageId", ("role", "name")),
    "TOOL_CALL_CHUNK": ("toolCallId", ("toolCallName", "parentMessageId")),
}
"""By type: what names the stream of a chunk, and what describes it."""


class Dialect:
    """One answer of a server. What it passes on has an order that no client refuses."""

    def __init__(self) -> None:
        self._open: set[tuple[str, str]] = set()
        self._described: dict[tuple[str, str], Event] = {}
        self._latest: dict[str, str] = {}

    def apply(self, event: Event) -> Sequence[Event]:
        """The events that stand for this one."""
        if order := _REASONING.get(event["type"]):
            return self._ordered(event, order)
        if event["type"] in _CHUNKS:
            return (self._as_first_described(event),)
        return (event,)

    def _ordered(self, event: Event, order: _Order) -> Sequence[Event]:
        """An opener of what is open and an end of what is not say nothing; content needs an opener,
        or the thought would be lost.
        """
        id_ = event.get("messageId")
        if not isinstance(id_, str):
            return (event,)  # whoever checks events will say so
        thing = (order.entity, id_)
        is_open = thing in self._open
        if order.verb == "ends":
            self._open.discard(thing)
            return (event,) if is_open else ()
        self._open.add(thing)
        if order.verb == "opens":
            return () if is_open else (event,)
        start = {"type": order.opener, "role": "reasoning"}
        start |= {key: event[key] for key in ("messageId", "subagentRunId") if key in event}
        return (event,) if is_open else (start, event)

    def _as_first_described(self, chunk: Event) -> Event:
        """The chunk with the description that the first of its stream had; blanks describe
        nothing.
        """
        kind = chunk["type"]
        field, described = _CHUNKS[kind]
        id_ = self._latest[kind] = str(chunk.get(field) or self._latest.get(kind, ""))
        description = {name: chunk[name] for name in described if chunk.get(name)}
        first = self._described.setdefault((kind, id_), description)
        rest = {key: value for key, value in chunk.items() if key not in described}
        return rest | {**description, **first}
