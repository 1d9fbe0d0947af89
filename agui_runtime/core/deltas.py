"""Deltas, which are nearly all of a stream: they are read without pydantic's 9 us."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import cast

from ag_ui.core import (
    BaseEvent,
    ReasoningMessageContentEvent,
    TextMessageContentEvent,
    ToolCallArgsEvent,
)

from agui_runtime.core.jsontext import JsonObject, is_whole


def plain_delta(item: object) -> JsonObject | None:
    """What `as_event` makes of a delta of text, reasoning or arguments that holds nothing else;
    None for anything else.
    """
    shape = _TYPED.get(type(item))  # first: to ask whether it is a typed event takes longer
    if shape is not None:
        return _of_typed(cast(BaseEvent, item), *shape)
    return _of_object(item) if isinstance(item, dict) else None


class DeltaReader:
    """Reads what one agent yields in one run, where a delta mostly goes on with the same thing."""

    def __init__(self) -> None:
        self._kind = self._key = self._attribute = ""
        self._id: object = object()  # nothing equals it
        self._type: type | None = None
        self._given: Set[str] = frozenset()

    def read(self, item: object) -> JsonObject | None:
        """See `plain_delta`; None also for a delta that is not whole."""
        delta = None
        if type(item) is self._type:
            values, given = item.__dict__, item.__pydantic_fields_set__  # type: ignore[attr-defined]
            if values[self._attribute] == self._id and given == self._given:
                delta = values["delta"]
        elif (
            type(item) is dict
            and len(item) == 3
            and item.get(self._key) == self._id
            and item.get("type") == self._kind
        ):
            delta = item.get("delta")
        if type(delta) is str and (delta.isascii() or is_whole(delta)):
            return {"type": self._kind, self._key: self._id, "delta": delta}
        found = plain_delta(item)
        if found is None or not is_whole(found["delta"]):
            return None
        self._expect_more(type(item), found)
        return found

    def _expect_more(self, type_: type, delta: JsonObject) -> None:
        """Of what was found in an item of that type."""
        if type_ is dict:
            self._type = None
            self._kind = delta["type"]
            self._key = KEYS[self._kind]
        elif type_ in _TYPED:
            self._type = type_
            self._kind, self._attribute, self._key = _TYPED[type_]
            self._given = {self._attribute, "delta"}
        else:
            return
        self._id = delta[self._key]


def _of_typed(event: BaseEvent, kind: str, attribute: str, key: str) -> JsonObject | None:
    values, more = event.__dict__, event.__pydantic_fields_set__ - _FIELDS
    if more and any(values.get(name, name) is not None for name in more):
        return None
    if not is_whole(values[attribute]):
        return None
    return {"type": kind, key: values[attribute], "delta": values["delta"]}


def _of_object(item: JsonObject) -> JsonObject | None:
    delta = item.get("delta")
    if len(item) != 3 or not isinstance(delta, str):  # as of most events that are no deltas
        return None
    kind = item.get("type")
    if not isinstance(kind, str):
        return None
    key = KEYS.get(kind, "")
    id_ = item.get(key)
    if not isinstance(id_, str) or not is_whole(id_):
        return None
    return {"type": str.__str__(kind), key: id_, "delta": delta}


_TYPED: Mapping[type, tuple[str, str, str]] = {
    TextMessageContentEvent: ("TEXT_MESSAGE_CONTENT", "message_id", "messageId"),
    ReasoningMessageContentEvent: ("REASONING_MESSAGE_CONTENT", "message_id", "messageId"),
    ToolCallArgsEvent: ("TOOL_CALL_ARGS", "tool_call_id", "toolCallId"),
}
KEYS: Mapping[str, str] = {kind: key for kind, _, key in _TYPED.values()}
"""Under what a delta of a kind has the id of that to which it belongs."""

_FIELDS = frozenset({"type", "message_id", "tool_call_id", "delta"})
