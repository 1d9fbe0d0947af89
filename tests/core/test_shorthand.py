"""Chunks and old spellings of events, as the grammar writes them out."""

from __future__ import annotations

import pytest

from agui_runtime.core.errors import ProtocolFailure
from agui_runtime.core.events import Event
from agui_runtime.core.shorthand import Shorthand
from tests.core.say import FINISHED, call, kinds, legal, reasoning, subagent, text

OLD = (
    {"type": "THINKING_START", "title": "Pondering"},
    {"type": "THINKING_TEXT_MESSAGE_START"},
    {"type": "THINKING_TEXT_MESSAGE_CONTENT", "delta": "hm"},
    {"type": "THINKING_TEXT_MESSAGE_END"},
    {"type": "THINKING_END"},
)


def test_the_first_chunk_opens_and_the_end_of_the_run_closes() -> None:
    assert legal(
        {"type": "TEXT_MESSAGE_CHUNK", "messageId": "m", "delta": "Hel"},
        {"type": "TEXT_MESSAGE_CHUNK", "delta": "lo"},
        FINISHED,
    ) == [
        text("START", role="assistant"),
        text("CONTENT", delta="Hel"),
        text("CONTENT", delta="lo"),
        text("END"),
        FINISHED,
    ]


def test_a_new_id_closes_what_was_open() -> None:
    chunk = {"type": "TOOL_CALL_CHUNK", "toolCallName": "f", "parentMessageId": "m"}
    events = legal(
        {**chunk, "toolCallId": "c"},
        {**chunk, "toolCallId": "c", "delta": "{}"},
        {**chunk, "toolCallId": "d"},
    )
    assert events == [
        call("START", parentMessageId="m"),
        call("ARGS", delta="{}"),
        call("END"),
        call("START", "d", parentMessageId="m"),
    ]


def test_another_kind_closes_what_was_open() -> None:
    assert kinds(
        legal(
            {"type": "REASONING_MESSAGE_CHUNK", "messageId": "m", "delta": "hm"},
            {"type": "TEXT_MESSAGE_CHUNK", "messageId": "m", "delta": "hi"},
        )
    ) == [
        "REASONING_MESSAGE_START",
        "REASONING_MESSAGE_CONTENT",
        "REASONING_MESSAGE_END",
        "TEXT_MESSAGE_START",
        "TEXT_MESSAGE_CONTENT",
    ]


@pytest.mark.parametrize(
    ("event", "closes"),
    [
        ({"type": "STATE_SNAPSHOT", "snapshot": 1}, True),
        ({"type": "STATE_SNAPSHOT", "snapshot": 1, "subagentRunId": "s"}, False),
        ({"type": "MESSAGES_SNAPSHOT", "messages": []}, True),
        ({"type": "RAW", "event": {}}, False),
        (subagent("STARTED"), False),
    ],
)
def test_an_ordinary_event_closes_its_own_lane(event: Event, closes: bool) -> None:
    events = legal({"type": "TEXT_MESSAGE_CHUNK", "messageId": "m"}, event)
    assert kinds(events[1:]) == ["TEXT_MESSAGE_END"] * closes + [event["type"]]


def test_ordinary_content_closes_its_lane_too() -> None:
    events = legal(
        text("START", "n"),
        {"type": "TEXT_MESSAGE_CHUNK", "messageId": "m"},
        text("CONTENT", "n", delta="x"),
    )
    assert events[2:] == [text("END"), text("CONTENT", "n", delta="x")]


def test_subagents_have_lanes_of_their_own() -> None:
    chunk = {"type": "TEXT_MESSAGE_CHUNK", "delta": "x"}
    events = legal(
        {**chunk, "messageId": "m", "subagentRunId": "s"},
        {**chunk, "messageId": "n", "subagentRunId": "z"},
        {**chunk, "messageId": "m"},
        {**chunk, "subagentRunId": "z"},
    )
    assert [event["messageId"] for event in events] == ["m", "m", "n", "n", "m", "n"]


def test_a_chunk_without_id_and_agent_goes_on_with_the_only_stream() -> None:
    chunk = {"type": "TEXT_MESSAGE_CHUNK", "delta": "x"}
    events = legal({**chunk, "messageId": "m", "subagentRunId": "s"}, chunk)
    assert events[-1] == text("CONTENT", delta="x")


def test_what_a_chunk_carries_besides_goes_with_its_content() -> None:
    chunk = {"type": "TEXT_MESSAGE_CHUNK", "messageId": "m", "name": "Ann", "role": "user"}
    assert legal({**chunk, "metadata": {"k": 1}}) == [
        text("START", role="user", name="Ann"),
        text("CONTENT", delta="", metadata={"k": 1}),
    ]


@pytest.mark.parametrize(
    ("stream", "rule"),
    [
        ([{"type": "TEXT_MESSAGE_CHUNK", "delta": "x"}], "must have a messageId"),
        ([{"type": "TOOL_CALL_CHUNK", "toolCallId": "c"}], "must have a toolCallName"),
        (
            [
                {"type": "TEXT_MESSAGE_CHUNK", "messageId": "m"},
                {"type": "TEXT_MESSAGE_CHUNK", "messageId": "m", "role": "user"},
            ],
            "role of an open stream cannot change",
        ),
        (
            [
                {"type": "TEXT_MESSAGE_CHUNK", "messageId": "m", "subagentRunId": "s"},
                {"type": "TEXT_MESSAGE_CHUNK", "messageId": "n", "subagentRunId": "z"},
                {"type": "TEXT_MESSAGE_CHUNK", "delta": "whose?"},
            ],
            "several subagents",
        ),
        (
            [
                {"type": "TEXT_MESSAGE_CHUNK", "messageId": "m", "subagentRunId": "s"},
                {
                    "type": "TEXT_MESSAGE_CHUNK",
                    "messageId": "m",
                    "subagentRunId": "z",
                    "delta": "x",
                },
            ],
            "belongs to subagent 's'",
        ),
        (
            [text("START"), {"type": "TEXT_MESSAGE_CHUNK", "messageId": "m"}],
            "TEXT_MESSAGE_END must come first",
        ),
    ],
)
def test_a_chunk_that_fits_nowhere_is_refused(stream: list[Event], rule: str) -> None:
    legal(*stream[:-1])
    with pytest.raises(ProtocolFailure, match=rule):
        legal(*stream)


def test_thinking_is_told_as_reasoning() -> None:
    assert legal(*OLD) == [
        reasoning("START", "1"),
        reasoning("MESSAGE_START", "2", role="reasoning"),
        reasoning("MESSAGE_CONTENT", "2", delta="hm"),
        reasoning("MESSAGE_END", "2"),
        reasoning("END", "1"),
    ]


def test_thinking_is_dropped_where_ids_cannot_be_made() -> None:
    shorthand = Shorthand()
    assert [list(shorthand.expand(event)) for event in OLD] == [[]] * 5


def test_thinking_before_any_start_is_refused() -> None:
    with pytest.raises(ProtocolFailure, match="THINKING_TEXT_MESSAGE_CONTENT"):
        legal(OLD[2])
