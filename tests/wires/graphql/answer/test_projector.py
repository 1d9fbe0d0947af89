"""From a run's events to the response that a front end shows."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from agui_runtime.core.errors import OwnerLost
from agui_runtime.core.events import Event
from agui_runtime.wires.graphql.nouns.types import (
    ActionExecutionMessageOutput,
    AgentStateMessageOutput,
    BaseMessageOutput,
    CopilotKitLangGraphInterruptEvent,
    CopilotResponse,
    FailedMessageStatus,
    FailedResponseStatus,
    LangGraphInterruptEvent,
    ResultMessageOutput,
    SuccessMessageStatus,
    SuccessResponseStatus,
    TextMessageOutput,
)
from tests.wires.graphql.runs import (
    CUT,
    FAILED,
    FINISHED,
    NOON,
    STARTED,
    STOPPED,
    call,
    custom,
    end_call,
    end_text,
    event,
    open_call,
    open_text,
    projector,
    records,
    response,
    result,
    say,
    text,
)


def states(*events: Event) -> list[AgentStateMessageOutput]:
    made = response(*events).messages
    return [each for each in made if isinstance(each, AgentStateMessageOutput)]


def shown(messages: list[AgentStateMessageOutput]) -> list[tuple[str, bool, bool, Any]]:
    return [(m.node_name, m.active, m.running, orjson.loads(m.state)) for m in messages]


def statuses(made: CopilotResponse) -> list[str]:
    return [
        message.status.reason
        if isinstance(message.status, FailedMessageStatus)
        else message.status.code.name
        for message in made.messages
    ]


def test_a_text_grows_word_by_word_and_its_status_comes_with_its_end() -> None:
    made = projector()
    made.feed(records([STARTED, open_text("m1"), say("m1", "a"), say("m1", "")]))
    [message] = made.response.messages
    assert isinstance(message, TextMessageOutput)
    assert (message.id, message.created_at, message.content) == ("m1", NOON, ["a", ""])
    assert not message.knows("status")
    made.feed(records([end_text("m1")]))
    assert isinstance(message.status, SuccessMessageStatus)
    assert not made.response.done


def test_a_call_keeps_its_parent_and_a_result_names_its_call() -> None:
    made = response(STARTED, *call("c1", "look", '{"a"', ":1}"), result("c1", "seen"), FINISHED)
    executed, answered = made.messages
    assert isinstance(executed, ActionExecutionMessageOutput)
    assert (executed.name, executed.arguments) == ("look", ['{"a"', ":1}"])
    assert executed.parent_message_id == "m-parent"
    assert isinstance(answered, ResultMessageOutput)
    assert answered.id == "result-c1"
    assert (answered.action_execution_id, answered.action_name) == ("c1", "look")
    assert answered.result == "seen"


def test_a_result_of_a_call_from_an_earlier_run_and_one_in_parts_are_shown() -> None:
    source = {"type": "data", "value": "AAAA", "mimeType": "image/png"}
    picture = {"type": "image", "source": source}
    parts = [{"type": "text", "text": "a"}, picture, {"type": "text", "text": "b"}]
    [answered] = response(STARTED, result("c0", parts), FINISHED).messages
    assert isinstance(answered, ResultMessageOutput)
    assert (answered.action_name, answered.result) == ("unknown", "a\n[image: image/png]\nb")


def test_a_finished_run_is_a_success_and_nothing_can_follow() -> None:
    made = response(STARTED, FINISHED)
    assert isinstance(made.status, SuccessResponseStatus)
    assert (made.done, made.messages, made.meta_events) == (True, [], [])
    assert (made.thread_id, made.run_id) == ("thread-1", None)


def test_what_a_failure_cut_off_failed_and_what_was_complete_did_not() -> None:
    made = response(
        STARTED,
        *text("m1", "whole"),
        open_text("m2"),
        open_call("c1", "look"),
        {**end_call("c1"), **CUT},
        {**end_text("m2"), **CUT},
        {**result("c1", "Run ended"), **CUT},
        FAILED,
    )
    assert statuses(made) == [
        "Success",
        "Error streaming message content",
        "An unknown error has occurred in the action execution argument stream",
    ]
    assert isinstance(made.status, FailedResponseStatus)


def test_what_a_stopped_run_had_said_is_a_success() -> None:
    made = response(STARTED, open_text("m1"), {**end_text("m1"), **CUT}, STOPPED)
    assert statuses(made) == ["Success"]
    assert isinstance(made.status, SuccessResponseStatus)


def test_a_run_that_cannot_be_read_any_further_has_failed_once() -> None:
    made = projector()
    made.feed(records([STARTED, open_text("m1")]))
    made.fail(OwnerLost())
    first = made.response.status
    made.fail(OwnerLost())
    assert statuses(made.response) == ["Error streaming message content"]
    assert isinstance(first, FailedResponseStatus)
    assert made.response.status is first
    assert made.response.done


def test_what_has_no_counterpart_is_left_out() -> None:
    made = response(
        STARTED,
        event("REASONING_START", messageId="r"),
        event("ACTIVITY_SNAPSHOT", messageId="a", activityType="PLAN", content={}),
        event("RAW", event={}),
        custom("anything", {"a": 1}),
        FINISHED,
    )
    assert (made.messages, made.meta_events) == ([], [])


@pytest.mark.parametrize(
    ("value", "told"),
    [("as it is", "as it is"), ({"q": 1}, '{"q":1}'), (None, "null"), (3, "3")],
)
def test_an_interrupts_value_is_text_or_json(value: object, told: str) -> None:
    [asked] = response(STARTED, custom("on_interrupt", value), FINISHED).meta_events or []
    assert isinstance(asked, LangGraphInterruptEvent)
    assert (asked.type, asked.name.name) == ("MetaEvent", "LangGraphInterruptEvent")
    assert asked.value == told


def test_an_interrupt_with_messages_shows_those_that_it_can() -> None:
    value = {
        "value": "Proceed?",
        "messages": [
            {"id": "i1", "role": "assistant", "content": "I need approval"},
            {"id": "i2", "name": "approve", "arguments": {"x": 1}},
            {"id": "i3"},
            "no message",
        ],
    }
    name = "CopilotKitLangGraphInterruptEvent"
    [asked] = response(STARTED, custom(name, value), FINISHED).meta_events or []
    assert isinstance(asked, CopilotKitLangGraphInterruptEvent)
    assert asked.data.value == "Proceed?"
    spoken, executed = asked.data.messages
    assert isinstance(spoken, TextMessageOutput)
    assert spoken.content == ["I need approval"]
    assert isinstance(executed, ActionExecutionMessageOutput)
    assert executed.arguments == ['{"x":1}']


def test_an_interrupt_told_only_by_the_outcome_is_asked_once() -> None:
    interrupts = [{"id": "1", "reason": "confirmation"}]
    ended = {**FINISHED, "outcome": {"type": "interrupt", "interrupts": interrupts}}
    [asked] = response(STARTED, ended).meta_events or []
    assert isinstance(asked, LangGraphInterruptEvent)
    assert orjson.loads(asked.value) == interrupts[0]
    both = response(STARTED, custom("on_interrupt", "q"), ended).meta_events or []
    assert len(both) == 1
    several = {**ended, "outcome": {"type": "interrupt", "interrupts": interrupts * 2}}
    [asked] = response(STARTED, several).meta_events or []
    assert isinstance(asked, LangGraphInterruptEvent)
    assert orjson.loads(asked.value) == interrupts * 2


# State


def test_state_is_told_at_each_step_and_each_change() -> None:
    told = states(
        STARTED,
        event("STEP_STARTED", stepName="plan"),
        event("STATE_SNAPSHOT", snapshot={"n": 1, "messages": ["dropped"]}),
        event("STATE_DELTA", delta=[{"op": "replace", "path": "/n", "value": 2}]),
        event("STATE_DELTA", delta=[{"op": "replace", "path": "/no/such", "value": 2}]),
        event("STATE_SNAPSHOT", snapshot="no object"),
        event("STEP_FINISHED", stepName="plan"),
        event("STEP_STARTED", stepName="write"),
        custom("Exit", True),
        event("STEP_FINISHED", stepName="write"),
        FINISHED,
    )
    assert shown(told) == [
        ("plan", True, True, {}),
        ("plan", True, True, {"n": 1}),
        ("plan", True, True, {"n": 2}),
        ("plan", True, True, {"n": 2}),
        ("plan", False, True, {"n": 2}),
        ("write", True, True, {"n": 2}),
        ("write", False, False, {"n": 2}),
        ("write", False, False, {"n": 2}),
    ]
    first = told[0]
    assert (first.thread_id, first.agent_name, first.run_id) == ("thread-1", "planner", "run-1")
    assert isinstance(first.status, SuccessMessageStatus)
    assert len({each.id for each in told}) == len(told)


def test_a_run_without_state_tells_none() -> None:
    assert states(STARTED, *text("m1", "a"), FINISHED) == []


def test_a_snapshot_of_messages_is_told_raw_and_at_the_end_as_the_front_end_loads_it() -> None:
    messages = [
        {"id": "u1", "role": "user", "content": "hi"},
        {
            "id": "a1",
            "role": "assistant",
            "toolCalls": [
                {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
            ],
        },
        {"id": "t1", "role": "tool", "toolCallId": "c1", "content": "ok"},
    ]
    raw, loaded = shown(states(STARTED, event("MESSAGES_SNAPSHOT", messages=messages), FINISHED))
    assert raw == ("", True, True, {"messages": messages})
    assert loaded[:3] == ("", False, True)
    assert loaded[3]["messages"] == [
        {"role": "user", "content": "hi", "id": "u1"},
        {"id": "c1", "name": "f", "arguments": {}, "parentMessageId": "a1"},
        {"actionExecutionId": "c1", "actionName": "f", "result": "ok", "id": "t1"},
    ]


def test_predicted_state_is_read_from_arguments_that_still_stream() -> None:
    rules = [
        {"state_key": "draft", "tool": "write", "tool_argument": "text"},
        {"state_key": "all", "tool": "plan"},
        "no rule",
    ]
    told = states(
        STARTED,
        custom("PredictState", rules),
        *call("c1", "write", '{"te', 'xt": "He', "llo", '"}', " "),
        *call("c2", "plan", '{"a": 1}'),
        *call("c3", "other", "{}"),
        event("STEP_STARTED", stepName="next"),
        *call("c4", "write", '{"text": "unseen"}'),
    )
    assert [each for _, _, _, each in shown(told)] == [
        {"draft": "He"},
        {"draft": "Hello"},
        {"draft": "Hello", "all": {"a": 1}},
        {"draft": "Hello", "all": {"a": 1}},
    ]


def test_two_runs_at_once_do_not_touch_each_other() -> None:
    one, two = projector(), projector()
    one.feed(records([STARTED, open_text("m1"), say("m1", "one")]))
    two.feed(records([STARTED, open_text("m1"), say("m1", "two"), end_text("m1"), FINISHED]))
    assert not one.response.done
    assert [_words(each) for each in one.response.messages] == [["one"]]


def _words(message: BaseMessageOutput) -> list[str]:
    assert isinstance(message, TextMessageOutput)
    return message.content
