"""Histories as front ends send them become histories that model providers accept."""

from __future__ import annotations

import copy
from typing import Any

import orjson
import pytest
from hypothesis import given, strategies as st

from agui_runtime.core.events import Message
from agui_runtime.core.history_repair import UNANSWERED, repair
from tests.core.streams import QUICK


def user(content: object = "hi") -> Message:
    return {"id": "u", "role": "user", "content": content}


def tool_call(id_: str, arguments: str = "{}") -> dict[str, Any]:
    return {"id": id_, "type": "function", "function": {"name": "f", "arguments": arguments}}


def assistant(id_: str, *calls: str, **fields: object) -> Message:
    made = {"toolCalls": [tool_call(call) for call in calls]} if calls else {}
    return {"id": id_, "role": "assistant", **made, **fields}


def result(call: str, content: str = "42", id_: str = "") -> Message:
    return {"id": id_ or f"{call}-result", "role": "tool", "toolCallId": call, "content": content}


def test_a_sound_history_stays_as_it_is() -> None:
    history = [
        {"id": "s", "role": "system", "content": "be kind"},
        user([{"type": "text", "text": "hi"}]),
        assistant("a", "c", "d", content="Looking"),
        result("c"),
        result("d"),
        assistant("b", content="Done"),
    ]
    assert repair(history) == history


def test_results_move_directly_behind_their_call_in_its_order() -> None:
    history = [result("d"), assistant("a", "c", "d"), user(), result("c")]
    assert repair(history) == [assistant("a", "c", "d"), result("c"), result("d"), user()]


def test_a_call_that_nobody_answered_is_told_as_aborted() -> None:
    assert repair([assistant("a", "c")]) == [assistant("a", "c"), result("c", UNANSWERED)]
    assert orjson.loads(UNANSWERED)["status"] == "aborted"


def test_a_result_that_only_tells_of_an_error_says_so() -> None:
    failed = {**result("c", ""), "error": "no camera"}
    [_, answer] = repair([assistant("a", "c"), failed])
    assert answer["content"] == "no camera"


def test_results_of_no_call_are_left_out() -> None:
    assert repair([user(), result("c")]) == [user()]


@pytest.mark.parametrize(
    ("contents", "content"),
    [(["", "real"], "real"), (["real", ""], "real"), (["stopped", "real"], "real"), ([""], "")],
)
def test_the_last_result_that_says_something_counts(contents: list[str], content: str) -> None:
    results = [result("c", each) for each in contents]
    assert repair([assistant("a", "c"), *results]) == [assistant("a", "c"), result("c", content)]


@pytest.mark.parametrize("arguments", ["", '{"city": "Ber', "[1]", "null", "'x'", "NaN"])
def test_arguments_that_are_no_object_become_an_empty_one(arguments: str) -> None:
    message = {"id": "a", "role": "assistant", "toolCalls": [tool_call("c", arguments)]}
    assert repair([message])[0] == assistant("a", "c")


def test_legal_arguments_stay_letter_by_letter() -> None:
    written = ' { "n" : 1.0, "n": 2 } '
    message = {"id": "a", "role": "assistant", "toolCalls": [tool_call("c", written)]}
    assert repair([message])[0] == message


@pytest.mark.parametrize("content", ["", "  \n", None, []])
def test_messages_that_say_nothing_are_left_out(content: object) -> None:
    assert repair([assistant("a", content=content), user(content)]) == []


def test_blank_content_beside_calls_is_left_out() -> None:
    assert repair([assistant("a", "c", content=" ")])[0] == assistant("a", "c")


def test_what_is_not_for_models_is_left_out() -> None:
    history: list[Message] = [
        {"id": "v", "role": "activity", "activityType": "plan", "content": {"a": 1}},
        {"id": "r", "role": "reasoning", "content": "hm"},
    ]
    assert repair(history) == []


def test_a_call_that_occurs_twice_is_told_once() -> None:
    history = [assistant("a", "c", "c"), result("c"), assistant("b", "c", "d"), user()]
    assert [message["id"] for message in repair(history)] == ["a", "c-result", "b", "d-result", "u"]


@pytest.mark.parametrize(
    "broken", [tool_call(""), {"id": "c", "function": {"name": "", "arguments": "{}"}}]
)
def test_a_call_without_id_or_name_is_left_out(broken: dict[str, Any]) -> None:
    assert repair([{"id": "a", "role": "assistant", "toolCalls": [broken], "content": "x"}]) == [
        assistant("a", content="x")
    ]


class TestParallelCalls:
    TOGETHER = (assistant("p", "c", "d"), result("c"), result("d"))

    def test_calls_sent_one_by_one_are_one_message_again(self) -> None:
        one_by_one = [assistant("p", "c"), result("c"), assistant("p", "d"), result("d")]
        assert repair(one_by_one) == [*self.TOGETHER]

    def test_results_may_follow_all_of_them(self) -> None:
        after_all = [assistant("p", "c"), assistant("p", "d"), result("d"), result("c")]
        assert repair(after_all) == [*self.TOGETHER]

    def test_they_may_name_their_parent(self) -> None:
        (message, *results) = repair(
            [
                assistant("c", "c", parentMessageId="p"),
                result("c"),
                assistant("d", "d", parentMessageId="p"),
            ]
        )
        assert message == assistant("c", "c", "d", parentMessageId="p")
        assert [answer["toolCallId"] for answer in results] == ["c", "d"]

    def test_they_join_the_text_that_introduced_them(self) -> None:
        history = [
            assistant("p", content="Looking"),
            assistant("c", "c", parentMessageId="p", content="closer"),
        ]
        assert repair(history)[0] == assistant("p", "c", content="Looking\ncloser")

    def test_a_word_in_between_keeps_them_apart(self) -> None:
        history = [assistant("p", "c"), result("c"), user(), assistant("p", "d"), result("d")]
        assert repair(history) == history

    def test_calls_of_different_turns_stay_apart(self) -> None:
        history = [assistant("p", "c"), result("c"), assistant("q", "d"), result("d")]
        assert repair(history) == history


IDS = st.sampled_from(["a", "b"])
CALLS = st.sampled_from(["c", "d", ""])
CALL = st.builds(tool_call, CALLS, st.sampled_from(["{}", '{"a":1}', "", '{"a', "[]", "12"]))
MESSAGES = st.lists(
    st.one_of(
        st.builds(user, st.sampled_from(["hi", "", [{"type": "text", "text": "hi"}]])),
        st.builds(result, CALLS, st.sampled_from(["", "x", "longer"])),
        st.fixed_dictionaries(
            {"id": IDS, "role": st.just("assistant")},
            optional={
                "content": st.sampled_from(["", "text", None]),
                "toolCalls": st.lists(CALL, max_size=3),
                "parentMessageId": IDS,
            },
        ),
        st.fixed_dictionaries({"id": IDS, "role": st.just("reasoning"), "content": st.just("r")}),
    ),
    max_size=12,
)


def pairing_faults(history: list[Message]) -> list[str]:
    """What OpenAI and Anthropic would complain of, in the order of calls and results."""
    faults: list[str] = []
    waiting: list[str] = []
    seen: list[str] = []
    for message in history:
        if message["role"] == "tool":
            if not waiting or waiting.pop(0) != message["toolCallId"]:
                faults.append(f"unexpected result of {message['toolCallId']!r}")
            continue
        faults += [f"{call!r} is not answered directly" for call in waiting]
        waiting = [call["id"] for call in message.get("toolCalls", [])]
        faults += [f"{call!r} occurs twice" for call in waiting if call in seen]
        seen += waiting
    return faults + [f"{call!r} is never answered" for call in waiting]


def form_faults(message: Message) -> list[str]:
    """What they would complain of in one message."""
    calls = message.get("toolCalls", [])
    arguments = [orjson.loads(call["function"]["arguments"]) for call in calls]
    faults = [f"{value!r} is no object" for value in arguments if not isinstance(value, dict)]
    silent = message["role"] != "tool" and not calls and not message.get("content")
    return faults + ["it says nothing"] * silent


@QUICK
@given(MESSAGES)
def test_any_history_satisfies_the_rules_of_pairing(history: list[Message]) -> None:
    before = copy.deepcopy(history)
    repaired = repair(history)
    assert pairing_faults(repaired) == []
    assert [fault for message in repaired for fault in form_faults(message)] == []
    assert repair(repaired) == repaired
    assert history == before


@pytest.mark.parametrize(
    "history",
    [
        [assistant("a", "c")],
        [result("c")],
        [assistant("a", "c"), user(), result("c")],
        [assistant("a", "c", "d"), result("d"), result("c")],
        [assistant("a", "c"), result("c"), result("c")],
        [assistant("a", "c"), result("c"), assistant("b", "c"), result("c")],
    ],
)
def test_the_rules_of_pairing_are_recognised(history: list[Message]) -> None:
    assert pairing_faults(history)


def test_any_number_of_pieces_becomes_one_message_in_order() -> None:
    pieces = [
        {"id": "a", "role": "assistant", "content": f"{n}", "toolCalls": [tool_call(f"c{n}")]}
        for n in range(5000)
    ]
    [message, *results] = repair(pieces)
    assert message["content"] == "\n".join(str(n) for n in range(5000))
    assert [each["id"] for each in message["toolCalls"]] == [f"c{n}" for n in range(5000)]
    assert [each["toolCallId"] for each in results] == [f"c{n}" for n in range(5000)]


ANY = st.one_of(st.text(max_size=3), st.just("{}"), st.just("no"))
CALL_ID = st.sampled_from("cde")
PAGES = st.lists(
    st.one_of(
        st.builds(lambda text, id_: {**user(text), "id": id_}, ANY, st.uuids().map(str)),
        st.builds(
            lambda text, calls, id_: assistant(id_, *calls, content=text),
            ANY,
            st.lists(CALL_ID, max_size=3),
            st.uuids().map(str),
        ),
        st.builds(result, CALL_ID, ANY, st.uuids().map(str)),
    ),
    max_size=12,
)


@QUICK
@given(PAGES)
def test_any_order_of_a_pages_messages_loses_no_text(history: list[Message]) -> None:
    """Results interleaved with what users say, missing, twice, before their call: all that people
    and agents said stays, in its order, and so does a result of every call that has one.
    """
    repaired = repair(history)
    spoken = [m["content"] for m in history if m["role"] != "tool" and m["content"].strip()]
    content = [m["content"] for m in repaired if m["role"] != "tool" and m.get("content")]
    assert content == spoken
    called = {call["id"] for m in history for call in m.get("toolCalls") or ()}
    for call in called:
        answers = [m["content"] for m in history if m.get("toolCallId") == call]
        [answer] = [m["content"] for m in repaired if m.get("toolCallId") == call]
        assert answer in answers or (not answers and answer == UNANSWERED)
