"""Messages of one id, as agents give them, come to clients under ids of their own."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from agui_runtime.core.events import Event
from agui_runtime.core.fold import fold
from tests.core.streams import accepted
from tests.runtime.worlds import call, text


def result(id_: str, of: str) -> Event:
    return {"type": "TOOL_CALL_RESULT", "messageId": id_, "toolCallId": of, "content": f"of {of}"}


def shown(emitted: Sequence[Event]) -> list[tuple[str, str]]:
    """Ids and roles of what a client has at the end."""
    log, _ = accepted([*emitted])
    return [(each["id"], each["role"]) for each in fold(log).messages]


C1, C2 = call("c1", "look", "{}"), call("c2", "look", "{}")
OF_M1: Event = {**C1[0], "parentMessageId": "m1"}


@pytest.mark.parametrize(
    ("emitted", "messages"),
    [
        ([*C1, result("r1", "c1")], [("c1", "assistant"), ("r1", "tool")]),
        ([*C1, result("c1", "c1")], [("c1", "assistant"), ("c1-result", "tool")]),
        ([OF_M1, *C1[1:], result("m1", "c1")], [("m1", "assistant"), ("c1-result", "tool")]),
        ([OF_M1, *C1[1:], result("c1", "c1")], [("m1", "assistant"), ("c1", "tool")]),
        (
            [*text("m1", "Well"), *C1, result("m1", "c1")],
            [("m1", "assistant"), ("c1", "assistant"), ("c1-result", "tool")],
        ),
        (
            [*C1, *C2, result("r", "c1"), result("r", "c2")],
            [("c1", "assistant"), ("r", "tool"), ("c2", "assistant"), ("c2-result", "tool")],
        ),
        (
            [*C1, result("m1", "c1"), *text("m1", "Well")],
            [("c1", "assistant"), ("m1", "tool"), ("m1-text", "assistant")],
        ),
    ],
    ids=["own", "the call's", "its message's", "free", "a text's", "another result's", "later"],
)
def test_a_result_has_an_id_of_its_own(
    emitted: Sequence[Event], messages: list[tuple[str, str]]
) -> None:
    assert shown(emitted) == messages


def test_what_a_snapshot_has_under_an_id_is_known() -> None:
    function = {"name": "look", "arguments": "{}"}
    stated = [
        {
            "id": "a1",
            "role": "assistant",
            "toolCalls": [{"id": "c1", "type": "function", "function": function}],
        },
        {"id": "r1", "role": "tool", "toolCallId": "c0", "content": ""},
    ]
    snapshot: Event = {"type": "MESSAGES_SNAPSHOT", "messages": stated}
    assert shown([snapshot, result("a1", "c1")])[-1] == ("c1-result", "tool")
    assert shown([snapshot, result("r1", "c1")])[-1] == ("c1-result", "tool")
