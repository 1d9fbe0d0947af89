"""Events that AG-UI's models refuse although their meaning is plain."""

from __future__ import annotations

from typing import Any

import pytest

from agui_runtime.core.errors import ProtocolFailure
from agui_runtime.core.events import as_event

Event = dict[str, Any]
ENDED = {"type": "RUN_FINISHED", "threadId": "t", "runId": "r"}
CALL = {"type": "TOOL_CALL_START", "toolCallId": "c", "toolCallName": "f"}
RESULT = {"type": "TOOL_CALL_RESULT", "messageId": "m", "toolCallId": "c"}
ACTIVITY = {"type": "ACTIVITY_DELTA", "messageId": "a", "activityType": "x"}
THOUGHT = {"type": "REASONING_MESSAGE_START", "messageId": "m"}
TEXT = {"type": "text", "text": "look"}
SOURCE = {"type": "data", "value": "aGk=", "mimeType": "image/png"}


def stated(message: Event) -> Event:
    return {"type": "MESSAGES_SNAPSHOT", "messages": [{"id": "1", **message}]}


def calling(arguments: object) -> Event:
    function = {"name": "f", "arguments": arguments}
    return stated({"role": "assistant", "toolCalls": [{"id": "c", "function": function}]})


PLAIN: list[tuple[Event, Event]] = [
    (THOUGHT | {"role": "assistant"}, {"role": "reasoning"}),
    (THOUGHT, {"role": "reasoning"}),
    (CALL | {"timestamp": 1.6}, {"timestamp": 2}),
    ({"type": "STATE_SNAPSHOT"}, {"snapshot": None}),
    ({"type": "CUSTOM", "name": "n"}, {"value": None}),
    ({"type": "RUN_FINISHED"}, {"threadId": "", "runId": ""}),
    ({"type": "RUN_ERROR", "message": None}, {"message": "the agent failed and did not say why"}),
    ({"type": "RUN_ERROR", "message": "no", "code": 500}, {"code": "500"}),
    (RESULT | {"content": {"n": 1}}, {"content": '{"n":1}'}),
    (RESULT | {"content": [1, {"n": 2}]}, {"content": '[1,{"n":2}]'}),
    (RESULT | {"content": None}, {"content": ""}),
    (stated({"role": "tool", "toolCallId": "c", "content": 5}), {}),
    (
        stated({"role": "assistant", "content": [TEXT, {"type": "text", "text": "!"}]}),
        stated({"role": "assistant", "content": "look!"}),
    ),
]


@pytest.mark.parametrize(("given", "meant"), PLAIN)
def test_what_is_plain_is_taken_without_a_word(given: Event, meant: Event) -> None:
    losses: list[str] = []
    event = as_event(given, losses.append)
    assert event == event | meant
    assert losses == []


LOSSY: list[tuple[Event, Event, str]] = [
    (CALL | {"timestamp": "now"}, CALL, "timestamp"),
    (CALL | {"timestamp": 1e300}, CALL, "timestamp"),
    (CALL | {"parentMessageId": 5}, CALL, "parentMessageId"),
    (CALL | {"metadata": "x"}, CALL, "metadata"),
    (ENDED | {"outcome": {"type": "tomorrow"}}, ENDED, "outcome"),
    (ENDED | {"usage": [{"inputTokens": -1}]}, ENDED | {"usage": [{}]}, "usage.0.inputTokens"),
    (ENDED | {"usage": [5]}, ENDED, "usage"),
    (
        {"type": "STATE_DELTA", "delta": [{"op": "move"}]},
        {"type": "STATE_DELTA", "delta": []},
        "delta",
    ),
    (ACTIVITY | {"patch": [{"op": "x"}]}, ACTIVITY | {"patch": []}, "patch"),
    (
        stated({"role": "user", "content": [{"type": "hologram"}, TEXT, {"type": "image"}]}),
        stated({"role": "user", "content": [TEXT]}),
        "messages.0.content.2",
    ),
    (stated({"role": "gremlin", "content": "x"}), stated({}) | {"messages": []}, "messages.0"),
]


@pytest.mark.parametrize(("given", "meant", "where"), LOSSY)
def test_what_cannot_be_read_costs_itself_and_is_told(
    given: Event, meant: Event, where: str
) -> None:
    losses: list[str] = []
    assert as_event(given, losses.append) == meant
    assert losses[0].startswith(f"{given['type']}.{where}: ")


def test_arguments_that_are_an_object_become_their_text() -> None:
    [message] = as_event(calling({"city": "Rome"}))["messages"]
    assert message["toolCalls"][0]["function"]["arguments"] == '{"city":"Rome"}'


def test_parts_of_the_oldest_form_become_parts_of_today() -> None:
    binary = {"type": "binary", "mimeType": "image/png", "data": "aGk="}
    [message] = as_event(stated({"role": "user", "content": [TEXT, binary]}))["messages"]
    assert [part["type"] for part in message["content"]] == ["text", "image"]
    assert message["content"][1]["source"] == SOURCE


def test_what_the_page_was_asked_with_need_not_be_read_again() -> None:
    started = {"type": "RUN_STARTED", "threadId": "t", "runId": "r"}
    assert as_event({**started, "input": {"messages": [{"odd": 1}]}}) == started


def test_what_was_given_is_not_changed() -> None:
    given = stated({"role": "user", "content": [{"type": "hologram"}, TEXT]})
    as_event(given)
    assert given == stated({"role": "user", "content": [{"type": "hologram"}, TEXT]})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"type": "TEXT_MESSAGE_CONTENT", "delta": "x"}, "messageId: Field required"),
        (ENDED | {"outcome": {"type": "interrupt", "interrupts": [{"id": "i"}]}}, "reason"),
        (stated({"role": "user"}), "content"),
        (stated({"role": "assistant", "toolCalls": [{"function": {"name": "f"}}]}), "id"),
        ({"type": "MESSAGES_SNAPSHOT", "messages": None}, "messages"),
        ({"type": "STATE_DELTA"}, "delta"),
        ({"type": "TOOL_CALL_BEGIN"}, "there is no type 'TOOL_CALL_BEGIN'"),
    ],
)
def test_what_must_be_there_is_never_made_up(given: Event, words: str) -> None:
    with pytest.raises(ProtocolFailure, match=words):
        as_event(given)
