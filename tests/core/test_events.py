"""How events become their wire form, and how cursors are written."""

from __future__ import annotations

import orjson
import pytest
from ag_ui.core import (
    BaseEvent,
    RunErrorEvent,
    TextMessageContentEvent,
    TextMessageStartEvent,
    ToolCallArgsEvent,
    ToolCallStartEvent,
)

from agui_runtime.core.errors import ProtocolFailure
from agui_runtime.core.events import Cursor, Event, as_event, encode


@pytest.mark.parametrize(
    ("typed", "wire"),
    [
        (
            TextMessageContentEvent(message_id="m", delta="hi"),
            {"type": "TEXT_MESSAGE_CONTENT", "messageId": "m", "delta": "hi"},
        ),
        (
            TextMessageContentEvent(message_id="m", delta="hi", timestamp=1),
            {"type": "TEXT_MESSAGE_CONTENT", "messageId": "m", "delta": "hi", "timestamp": 1},
        ),
        (
            TextMessageContentEvent(message_id="m", delta="hi", raw_event=None, metadata=None),
            {"type": "TEXT_MESSAGE_CONTENT", "messageId": "m", "delta": "hi"},
        ),
        (
            TextMessageContentEvent.model_validate({"messageId": "m", "delta": "hi", "mine": 1}),
            {"type": "TEXT_MESSAGE_CONTENT", "messageId": "m", "delta": "hi", "mine": 1},
        ),
        (
            ToolCallArgsEvent(tool_call_id="c", delta="{"),
            {"type": "TOOL_CALL_ARGS", "toolCallId": "c", "delta": "{"},
        ),
        (
            ToolCallStartEvent(tool_call_id="c", tool_call_name="f", parent_message_id=None),
            {"type": "TOOL_CALL_START", "toolCallId": "c", "toolCallName": "f"},
        ),
        (RunErrorEvent(message="no"), {"type": "RUN_ERROR", "message": "no"}),
    ],
)
def test_a_typed_event_becomes_its_wire_form_without_nulls(typed: BaseEvent, wire: Event) -> None:
    assert as_event(typed) == wire


def test_a_dict_is_validated_and_loses_its_nulls() -> None:
    given = {"type": "TEXT_MESSAGE_START", "messageId": "m", "role": "user", "name": None}
    assert as_event(given) == {"type": "TEXT_MESSAGE_START", "messageId": "m", "role": "user"}


def test_a_null_that_is_data_is_kept() -> None:
    custom = {"type": "CUSTOM", "name": "n", "value": None}
    snapshot = {"type": "STATE_SNAPSHOT", "snapshot": {"a": None}}
    assert [as_event(custom), as_event(snapshot)] == [custom, snapshot]


@pytest.mark.parametrize(
    ("item", "names"),
    [
        ({"type": "TEXT_MESSAGE_CONTENT", "delta": "x"}, "messageId"),
        ({"type": "TEXT_MESSAGE_START", "messageId": 1}, "messageId"),
        ({"type": "NO_SUCH_EVENT"}, "NO_SUCH_EVENT"),
        ({}, "type"),
    ],
)
def test_what_is_no_event_is_refused(item: Event, names: str) -> None:
    with pytest.raises(ProtocolFailure, match=names):
        as_event(item)


def test_an_event_is_encoded_as_json() -> None:
    event = as_event(TextMessageStartEvent(message_id="m", role="assistant"))
    assert orjson.loads(encode(event)) == event


def test_a_cursor_is_read_back() -> None:
    cursor = Cursor("1731.ab", 42)
    assert Cursor.parse(str(cursor)) == cursor


@pytest.mark.parametrize(
    "text", ["", "7", ".7", "e.", "e.-1", "e.1x", "e.\u0663", "e" * 130 + ".1"]
)
def test_a_cursor_that_nobody_wrote_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="malformed cursor"):
        Cursor.parse(text)
