"""The border: the short way that deltas take through it ends where the long one does."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType

from ag_ui.core import TextMessageContentEvent, ToolCallArgsEvent
from hypothesis import example, given, strategies as st

from agui_runtime.agents.border import normalized
from agui_runtime.core.errors import ProtocolFailure
from agui_runtime.core.events import Event
from tests.core.streams import QUICK

IDS = st.sampled_from(["m1", "m2"])
TEXTS = st.sampled_from(["", "a", "word ", "é", "\ud83d", "\ude00", "b\ud83d", "\ude00c"])


def message(
    kind: str, field: str = "messageId", **fields: st.SearchStrategy[str]
) -> st.SearchStrategy[Event]:
    made = {"type": st.just(kind), field: IDS, **fields}
    return st.fixed_dictionaries(made, optional={"metadata": st.just({"k": 1})})


DELTAS = st.one_of(
    message("TEXT_MESSAGE_CONTENT", delta=TEXTS),
    message("REASONING_MESSAGE_CONTENT", delta=TEXTS),
    message("TOOL_CALL_ARGS", "toolCallId", delta=TEXTS),
)
OTHERS = st.one_of(
    message("TEXT_MESSAGE_CHUNK", delta=TEXTS),
    message("TEXT_MESSAGE_START", role=st.just("assistant")),
    message("REASONING_MESSAGE_START", role=st.just("reasoning")),
    message("TEXT_MESSAGE_END"),
    message("TOOL_CALL_END", "toolCallId"),
    st.just({"type": "CUSTOM", "name": "n", "value": 1}),
)
ITEMS = st.lists(st.one_of(DELTAS, OTHERS, st.sampled_from(["text", None])), min_size=8)


def outcome(items: Iterable[object]) -> object:
    """The events but for ids that are made up, or the failure."""
    try:
        events = normalized(items)
    except ProtocolFailure as failure:
        return str(failure)
    return [
        {key: "?" if len(str(value)) == 36 else value for key, value in event.items()}
        for event in events
    ]


def long_way(item: object) -> object:
    """The same item in a form that is validated as a whole."""
    return MappingProxyType(item) if isinstance(item, dict) else item


def typed(item: object) -> object:
    """The same item as a typed event, if it can be one."""
    if isinstance(item, dict) and "metadata" not in item:
        if item["type"] == "TEXT_MESSAGE_CONTENT":
            return TextMessageContentEvent(message_id=item["messageId"], delta=item["delta"])
        if item["type"] == "TOOL_CALL_ARGS":
            return ToolCallArgsEvent(tool_call_id=item["toolCallId"], delta=item["delta"])
    return item


RENAMED = [
    {"type": "REASONING_MESSAGE_START", "messageId": "m1", "role": "reasoning"},
    {"type": "TEXT_MESSAGE_START", "messageId": "m1", "role": "assistant"},
    {"type": "TEXT_MESSAGE_CONTENT", "messageId": "m1", "delta": "a"},
]


@QUICK
@example(RENAMED)
@given(ITEMS)
def test_a_delta_comes_out_the_same_whichever_way_it_takes(items: list[object]) -> None:
    expected = outcome(map(long_way, items))
    assert outcome(items) == expected
    assert outcome(map(typed, items)) == expected
