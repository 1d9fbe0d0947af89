"""What goes on with the same message is read in a shorter way, to the same end."""

from __future__ import annotations

from itertools import product

from ag_ui.core import (
    ReasoningMessageContentEvent,
    TextMessageContentEvent,
    TextMessageEndEvent,
    ToolCallArgsEvent,
)

from agui_runtime.core.deltas import DeltaReader, plain_delta
from agui_runtime.core.events import Event
from agui_runtime.core.jsontext import is_whole


def items() -> list[object]:
    late = TextMessageContentEvent(message_id="a", delta="late")
    late.timestamp = 5
    text = {"type": "TEXT_MESSAGE_CONTENT", "messageId": "a", "delta": "x"}
    return [
        TextMessageContentEvent(message_id="a", delta="1"),
        TextMessageContentEvent(message_id="a", delta="2", timestamp=None),
        TextMessageContentEvent(message_id="a", delta="3", timestamp=7),
        TextMessageContentEvent(message_id="a", delta="4", more="extra"),
        TextMessageContentEvent(message_id="b", delta="5"),
        TextMessageContentEvent(message_id="\ud800", delta="6"),
        TextMessageContentEvent(message_id="a", delta="\ud83d"),
        TextMessageContentEvent(message_id="a", delta="🙂"),
        ReasoningMessageContentEvent(message_id="a", delta="7"),
        ToolCallArgsEvent(tool_call_id="a", delta="8"),
        TextMessageEndEvent(message_id="a"),
        late,
        text,
        text | {"messageId": "b"},
        text | {"type": "REASONING_MESSAGE_CONTENT"},
        text | {"timestamp": 7},
        text | {"delta": 5},
        text | {"delta": "\ud83d"},
        text | {"delta": "🙂"},
        {"type": "TOOL_CALL_ARGS", "toolCallId": "a", "delta": "y"},
        "words",
        None,
    ]


def whole_delta(item: object) -> Event | None:
    delta = plain_delta(item)
    return delta if delta is not None and is_whole(delta["delta"]) else None


def test_whatever_came_before_an_item_is_read_as_by_itself() -> None:
    for before, item in product(items(), repeat=2):
        reader = DeltaReader()
        for each in (before, item, item, before):
            assert reader.read(each) == whole_delta(each), (before, item)
