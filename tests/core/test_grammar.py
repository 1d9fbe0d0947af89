"""What one run's agent may say, in which order, and what closes what it left open."""

from __future__ import annotations

import copy

import orjson
import pytest
from hypothesis import given, strategies as st

from agui_runtime.core.errors import ProtocolFailure
from agui_runtime.core.events import Event
from agui_runtime.core.grammar import Grammar, Reason
from tests.core.say import (
    FAILED,
    FINISHED,
    STARTED,
    call,
    fed,
    kinds,
    legal,
    reasoning,
    result,
    subagent,
    text,
)
from tests.core.streams import EMITTED, LOGS, QUICK, accepted
from tests.core.verifier import Illegal, verify

REASONS: list[Reason] = ["stopped", "error"]

LEGAL = [
    [text("START"), text("CONTENT", delta="hi"), text("END")],
    [
        text("START"),
        text("START", "n"),
        text("END"),
        text("CONTENT", "n", delta=""),
        text("END", "n"),
    ],
    [text("START"), text("END"), text("START"), text("END")],
    [call("START"), call("ARGS", delta="{"), call("ARGS", delta="}"), call("END"), result()],
    [call("START", "m"), text("START"), text("END"), call("END", "m")],
    [
        reasoning("START"),
        reasoning("MESSAGE_START", role="reasoning"),
        reasoning("MESSAGE_CONTENT", delta="hm"),
        reasoning("MESSAGE_END"),
        reasoning("END"),
    ],
    [
        {"type": "STEP_STARTED", "stepName": "think"},
        {"type": "STEP_STARTED", "stepName": "think", "subagentRunId": "s"},
        {"type": "STEP_FINISHED", "stepName": "think"},
        {"type": "STEP_FINISHED", "stepName": "think", "subagentRunId": "s"},
    ],
    [
        subagent("STARTED", name="helper"),
        text("START", subagentRunId="s"),
        text("CONTENT", delta="untagged is nobody's claim"),
        text("CONTENT", delta="mine", subagentRunId="s"),
        text("END"),
        subagent("FINISHED"),
        subagent("STARTED", "child", name="helper", parentSubagentRunId="s"),
        subagent("ERROR", "child", message="no"),
    ],
    [
        {"type": "STATE_SNAPSHOT", "snapshot": 1},
        {"type": "STATE_DELTA", "delta": []},
        {"type": "CUSTOM", "name": "n", "value": None},
        {"type": "RAW", "event": {}},
        {"type": "MESSAGES_SNAPSHOT", "messages": []},
        {"type": "ACTIVITY_DELTA", "messageId": "v", "activityType": "plan", "patch": []},
        result(),
    ],
]


@pytest.mark.parametrize("stream", LEGAL)
def test_a_legal_stream_passes_unchanged(stream: list[Event]) -> None:
    before = copy.deepcopy(stream)
    assert legal(*stream) == before


ILLEGAL = [
    ([text("CONTENT", delta="x")], "TEXT_MESSAGE_CONTENT", "'m'"),
    ([text("END")], "TEXT_MESSAGE_END", "no TEXT_MESSAGE_START"),
    ([text("START"), text("START")], "TEXT_MESSAGE_START", "TEXT_MESSAGE_END must come first"),
    ([text("START"), text("END"), text("END")], "TEXT_MESSAGE_END", "'m'"),
    ([text("START"), call("ARGS", "m", delta="x")], "TOOL_CALL_ARGS", "'m'"),
    ([call("END")], "TOOL_CALL_END", "no TOOL_CALL_START"),
    ([call("START"), call("START")], "TOOL_CALL_START", "TOOL_CALL_END must come first"),
    ([reasoning("START"), reasoning("MESSAGE_CONTENT", delta="x")], "REASONING_MESSAGE_C", "'m'"),
    ([reasoning("MESSAGE_START"), reasoning("END")], "REASONING_END", "no REASONING_START"),
    ([{"type": "STEP_FINISHED", "stepName": "think"}], "STEP_FINISHED", "'think'"),
    (
        [
            {"type": "STEP_STARTED", "stepName": "think"},
            {"type": "STEP_FINISHED", "stepName": "think", "subagentRunId": "s"},
        ],
        "STEP_FINISHED",
        "no STEP_STARTED",
    ),
    ([subagent("FINISHED")], "SUBAGENT_FINISHED", "no SUBAGENT_STARTED"),
    (
        [subagent("STARTED"), subagent("FINISHED"), subagent("STARTED")],
        "SUBAGENT_STARTED",
        "only once",
    ),
    ([subagent("STARTED", parentSubagentRunId="x")], "SUBAGENT_STARTED", "parentSubagentRunId 'x'"),
]


@pytest.mark.parametrize(("stream", "event", "rule"), ILLEGAL)
def test_an_illegal_event_is_refused_by_name_and_rule(
    stream: list[Event], event: str, rule: str
) -> None:
    grammar = fed(*stream[:-1])
    with pytest.raises(ProtocolFailure, match=f"{event}.*{rule}"):
        grammar.accept(stream[-1])


CONTRADICTIONS = [
    [text("START"), text("CONTENT", delta="x", subagentRunId="s")],
    [text("START", subagentRunId="s"), text("END", subagentRunId="other")],
    [text("START", subagentRunId="s"), text("END"), text("START", subagentRunId="other")],
    [text("START"), call("START", parentMessageId="m", subagentRunId="s")],
    [
        call("START"),
        call("END"),
        text("START", subagentRunId="s"),
        call("START", parentMessageId="m"),
    ],
    [
        {"type": "ACTIVITY_SNAPSHOT", "messageId": "v", "activityType": "p", "content": {}},
        {
            "type": "ACTIVITY_DELTA",
            "messageId": "v",
            "activityType": "p",
            "patch": [],
            "subagentRunId": "s",
        },
    ],
    [
        text("START"),
        {
            "type": "MESSAGES_SNAPSHOT",
            "messages": [
                {
                    "id": "m",
                    "role": "assistant",
                    "subagentRunId": "s",
                    "toolCalls": [
                        {"id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}
                    ],
                }
            ],
        },
        {
            "type": "REASONING_ENCRYPTED_VALUE",
            "subtype": "tool-call",
            "entityId": "c",
            "encryptedValue": "e",
            "subagentRunId": "other",
        },
    ],
    [
        reasoning("MESSAGE_START"),
        {
            "type": "REASONING_ENCRYPTED_VALUE",
            "subtype": "message",
            "entityId": "m",
            "encryptedValue": "e",
            "subagentRunId": "s",
        },
    ],
]


@pytest.mark.parametrize("stream", CONTRADICTIONS)
def test_a_subagent_cannot_go_on_with_what_another_one_opened(stream: list[Event]) -> None:
    grammar = fed(*stream[:-1])
    with pytest.raises(ProtocolFailure, match="it belongs to"):
        grammar.accept(stream[-1])


@pytest.mark.parametrize(("replace", "owner"), [(True, "s"), (False, "main agent")])
def test_an_activity_belongs_to_whoever_made_it_anew(replace: bool, owner: str) -> None:
    plan = {"type": "ACTIVITY_SNAPSHOT", "messageId": "v", "activityType": "p", "content": {}}
    delta = {"type": "ACTIVITY_DELTA", "messageId": "v", "activityType": "p", "patch": []}
    grammar = fed(plan, {**plan, "replace": replace, "subagentRunId": "s"})
    with pytest.raises(ProtocolFailure, match=owner):
        grammar.accept({**delta, "subagentRunId": "other"})


def test_the_history_belongs_to_those_who_said_it() -> None:
    grammar = Grammar([{"id": "m", "role": "assistant", "content": "hi"}])
    with pytest.raises(ProtocolFailure, match="the main agent"):
        grammar.accept(text("START", subagentRunId="s"))


def test_the_runs_own_start_is_not_the_agents_to_tell() -> None:
    assert legal(STARTED, text("START"), text("END")) == [text("START"), text("END")]


def test_nothing_follows_a_terminal_event() -> None:
    grammar = fed(FINISHED)
    assert grammar.ended
    assert [*grammar.accept(text("START")), *grammar.accept(FAILED), *grammar.closers()] == []
    assert grammar.accept(text("CONTENT", delta="x")) == ()


def test_a_forgotten_end_is_forgiven() -> None:
    events = legal(subagent("STARTED"), text("START", subagentRunId="s"), call("START"), FINISHED)
    assert events[3:] == [call("END"), text("END"), subagent("FINISHED"), FINISHED]


def test_a_step_is_closed_for_the_subagent_that_began_it() -> None:
    step = {"type": "STEP_STARTED", "stepName": "think", "subagentRunId": "s"}
    assert fed(step).closers() == [{**step, "type": "STEP_FINISHED"}]


def test_a_front_ends_tool_call_waits_beyond_the_run() -> None:
    assert fed(call("START"), call("ARGS", delta="{}"), call("END")).accept(FINISHED) == [FINISHED]


def test_a_call_that_waits_is_answered_when_the_run_is_cut_at_its_end() -> None:
    grammar = fed(call("START"), call("END"), FINISHED)
    assert kinds(grammar.closers("stopped")) == ["TOOL_CALL_RESULT"]


@pytest.mark.parametrize(
    ("terminal", "status", "reason"),
    [
        (FAILED, "error", "missing_terminal_event"),
        ({**FINISHED, "outcome": {"type": "cancelled"}}, "stopped", "stop_requested"),
    ],
)
def test_a_cut_run_answers_its_tool_calls(terminal: Event, status: str, reason: str) -> None:
    grammar = fed(
        call("START", "done"),
        result("done"),
        call("START", "waits"),
        call("END", "waits"),
        call("START", "cut"),
        call("ARGS", "cut", delta='{"ci'),
    )
    events = grammar.accept(terminal)
    assert kinds(events) == [
        "TOOL_CALL_END",
        "TOOL_CALL_END",
        "TOOL_CALL_RESULT",
        "TOOL_CALL_RESULT",
        terminal["type"],
    ]
    waits, cut = events[2:4]
    assert (waits["toolCallId"], cut["toolCallId"]) == ("waits", "cut")
    assert (cut["messageId"], cut["role"]) == ("cut-result", "tool")
    content = orjson.loads(cut["content"])
    assert (content["status"], content["reason"]) == (status, reason)


def test_a_stop_is_told_as_copilotkit_tells_it() -> None:
    assert fed(call("START")).closers("stopped")[1]["content"] == (
        '{"status":"stopped","reason":"stop_requested","message":"Run stopped by user"}'
    )


def test_closers_are_said_once() -> None:
    grammar = fed(call("START"))
    assert kinds(grammar.closers("stopped")) == ["TOOL_CALL_END", "TOOL_CALL_RESULT"]
    assert grammar.accept({**FINISHED, "outcome": {"type": "cancelled"}})[:-1] == []


def test_a_cut_subagent_did_not_finish() -> None:
    closers = fed(subagent("STARTED")).closers("error")
    assert kinds(closers) == ["SUBAGENT_ERROR"]
    assert closers[0]["message"]


def test_an_answered_call_may_be_told_again() -> None:
    grammar = fed(call("START"), result(), call("END"), call("START"))
    assert kinds(grammar.closers("error")) == ["TOOL_CALL_END"]


@QUICK
@given(LOGS)
def test_what_is_accepted_satisfies_a_verifier(log: list[Event]) -> None:
    assert verify(log).phase in {"finished", "failed"}


@QUICK
@given(EMITTED, st.integers(0, 60), st.sampled_from(REASONS))
def test_a_run_cut_anywhere_ends_legally(
    emitted: list[Event],
    cut: int,
    reason: Reason,
) -> None:
    log, grammar = accepted(emitted[:cut])
    closed = [STARTED, *log, *grammar.closers(reason), FINISHED]
    assert verify(closed).phase == "finished"
    answered = {event["toolCallId"] for event in closed if event["type"] == "TOOL_CALL_RESULT"}
    assert {
        event["toolCallId"] for event in closed if event["type"] == "TOOL_CALL_START"
    } <= answered


@pytest.mark.parametrize(("stream", "_event", "_rule"), ILLEGAL)
def test_the_verifier_refuses_what_the_grammar_refuses(
    stream: list[Event], _event: str, _rule: str
) -> None:
    with pytest.raises(Illegal):
        verify([STARTED, *stream])
