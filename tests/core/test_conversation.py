"""The messages that a log amounts to: those that an AG-UI client would hold."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given

from agui_runtime.core.events import Event, Message
from agui_runtime.core.fold import Fold, fold
from agui_runtime.core.history import known_ids
from tests.core.say import call, messages, reasoning, result, started, text
from tests.core.streams import LOGS, QUICK


def tool_call(id_: str = "c", arguments: str = "", name: str = "f") -> dict[str, object]:
    return {"id": id_, "type": "function", "function": {"name": name, "arguments": arguments}}


class TestText:
    def test_deltas_make_a_message(self) -> None:
        deltas = [text("CONTENT", delta="Hel"), text("CONTENT", delta="lo")]
        assert messages(text("START"), *deltas) == [
            {"id": "m", "role": "assistant", "content": "Hello"}
        ]

    def test_it_is_there_while_it_streams(self) -> None:
        growing = fold([text("START"), text("CONTENT", delta="Hel")])
        assert growing.messages[0]["content"] == "Hel"
        growing.feed(text("CONTENT", delta="lo"))
        assert growing.messages[0]["content"] == "Hello"

    def test_who_says_it_is_kept(self) -> None:
        event = text("START", role="user", name="Ann", subagentRunId="s")
        assert messages(event) == [
            {"id": "m", "role": "user", "content": "", "name": "Ann", "subagentRunId": "s"}
        ]

    def test_metadata_gathers_on_the_message(self) -> None:
        folded = messages(
            text("START", metadata={"a": 1, "b": 1}),
            text("CONTENT", delta="x", metadata={"b": 2}),
            text("END", metadata={"c": 3}),
        )
        assert folded[0]["metadata"] == {"a": 1, "b": 2, "c": 3}

    def test_content_for_no_message_is_lost(self) -> None:
        assert messages(text("CONTENT", delta="x"), text("END")) == []

    def test_parts_give_way_to_streamed_text(self) -> None:
        user = {"id": "m", "role": "user", "content": [{"type": "text", "text": "hi"}]}
        folded = messages(started(messages=[user]), text("START"), text("CONTENT", delta="x"))
        assert folded[0]["content"] == "x"

    def test_an_activity_takes_no_text(self) -> None:
        plan = {"type": "ACTIVITY_SNAPSHOT", "messageId": "m", "activityType": "p", "content": {}}
        folded = messages(plan, text("START"), text("CONTENT", delta="x"), text("END", metadata={}))
        assert folded == [{"id": "m", "role": "activity", "activityType": "p", "content": {}}]


class TestReasoning:
    def test_deltas_make_a_reasoning_message(self) -> None:
        assert messages(
            reasoning("START", "span"),
            reasoning("MESSAGE_START"),
            reasoning("MESSAGE_CONTENT", delta="hm"),
            reasoning("MESSAGE_END"),
            reasoning("END", "span"),
        ) == [{"id": "m", "role": "reasoning", "content": "hm"}]

    @pytest.mark.parametrize(
        ("subtype", "entity"), [("message", "m"), ("tool-call", "c"), ("message", "nobody")]
    )
    def test_an_encrypted_value_goes_to_its_entity(self, subtype: str, entity: str) -> None:
        value = {"type": "REASONING_ENCRYPTED_VALUE", "encryptedValue": "e"}
        (message,) = messages(
            text("START"),
            call("START", parentMessageId="m"),
            {**value, "subtype": subtype, "entityId": entity},
        )
        assert message.get("encryptedValue") == ("e" if entity == "m" else None)
        assert message["toolCalls"][0].get("encryptedValue") == ("e" if entity == "c" else None)


class TestToolCalls:
    def test_a_call_without_parent_is_a_message_of_its_own(self) -> None:
        assert messages(call("START"), call("ARGS", delta="{"), call("ARGS", delta="}")) == [
            {"id": "c", "role": "assistant", "toolCalls": [tool_call(arguments="{}")]}
        ]

    def test_calls_gather_in_their_parent(self) -> None:
        assert messages(
            text("START"),
            text("CONTENT", delta="Looking"),
            call("START", "c", parentMessageId="m"),
            call("START", "d", parentMessageId="m"),
        ) == [
            {
                "id": "m",
                "role": "assistant",
                "content": "Looking",
                "toolCalls": [tool_call("c"), tool_call("d")],
            }
        ]

    def test_a_parent_that_is_not_there_is_made(self) -> None:
        folded = messages(call("START", parentMessageId="m"), text("START"))
        assert folded == [{"id": "m", "role": "assistant", "toolCalls": [tool_call()]}]

    def test_a_parent_of_another_role_is_left_alone(self) -> None:
        user = {"id": "m", "role": "user", "content": "hi"}
        folded = messages(started(messages=[user]), call("START", parentMessageId="m"))
        assert [message["id"] for message in folded] == ["m", "c"]

    def test_a_call_told_again_is_renamed_and_keeps_its_arguments(self) -> None:
        again = {**call("START"), "toolCallName": "g"}
        (message,) = messages(call("START"), call("ARGS", delta="{}"), call("END"), again)
        assert message["toolCalls"] == [tool_call(arguments="{}", name="g")]

    def test_a_result_follows_its_call_wherever_it_comes(self) -> None:
        folded = messages(
            call("START", "c", parentMessageId="m"),
            call("START", "d", parentMessageId="m"),
            text("START", "later"),
            result("c"),
            result("d"),
        )
        assert [message["id"] for message in folded] == [
            "m",
            "result of c",
            "result of d",
            "later",
        ]
        assert folded[1] == {
            "id": "result of c",
            "role": "tool",
            "toolCallId": "c",
            "content": "42",
        }

    def test_a_result_of_an_unknown_call_comes_last(self) -> None:
        assert [m["id"] for m in messages(text("START"), result())] == ["m", "result of c"]

    def test_calls_are_open_until_answered(self) -> None:
        folded = fold([call("START", "c"), call("START", "d"), result("c")])
        assert folded.open_tool_calls == [tool_call("d")]

    def test_metadata_gathers_on_the_call(self) -> None:
        (message,) = messages(
            call("START", metadata={"a": 1}),
            call("ARGS", delta="", metadata={"b": 1}),
            call("END", metadata={"c": 1}),
        )
        assert message["toolCalls"][0]["metadata"] == {"a": 1, "b": 1, "c": 1}

    def test_arguments_of_an_unknown_call_are_lost(self) -> None:
        assert messages(call("ARGS", delta="x", metadata={}), call("END")) == []


class TestSnapshots:
    def test_messages_are_replaced_in_place_added_and_removed(self) -> None:
        snapshot = {
            "type": "MESSAGES_SNAPSHOT",
            "messages": [
                {"id": "new", "role": "user", "content": "3"},
                {"id": "b", "role": "assistant", "content": "2"},
            ],
        }
        folded = messages(text("START", "a"), text("START", "b"), snapshot)
        assert [(message["id"], message["content"]) for message in folded] == [
            ("b", "2"),
            ("new", "3"),
        ]

    @pytest.mark.parametrize("stated", [True, False])
    def test_reasoning_stays_unless_the_snapshot_tells_of_any(self, stated: bool) -> None:
        other = {"id": "x", "role": "reasoning" if stated else "user", "content": "hm"}
        snapshot = {"type": "MESSAGES_SNAPSHOT", "messages": [other]}
        folded = messages(reasoning("MESSAGE_START"), snapshot)
        assert [message["id"] for message in folded] == (["x"] if stated else ["m", "x"])

    def test_streams_go_on_in_the_message_that_replaced_theirs(self) -> None:
        replaced = {"id": "m", "role": "assistant", "toolCalls": [tool_call(arguments="[")]}
        snapshot = {"type": "MESSAGES_SNAPSHOT", "messages": [replaced]}
        assert messages(
            text("START"),
            call("START", parentMessageId="m"),
            text("CONTENT", delta="lost"),
            snapshot,
            text("CONTENT", delta="kept"),
            call("ARGS", delta="]"),
        ) == [{**replaced, "content": "kept", "toolCalls": [tool_call(arguments="[]")]}]

    def test_the_snapshot_itself_stays_as_it_is(self) -> None:
        replaced = {"id": "m", "role": "assistant", "toolCalls": [tool_call()]}
        snapshot = {"type": "MESSAGES_SNAPSHOT", "messages": [replaced]}
        before = copy.deepcopy(snapshot)
        assert messages(call("START", parentMessageId="m"), snapshot, call("ARGS", delta="x"))
        assert snapshot == before


PLAN = {
    "type": "ACTIVITY_SNAPSHOT",
    "messageId": "v",
    "activityType": "plan",
    "content": {"steps": ["a"]},
}
PLAN_DELTA = {"type": "ACTIVITY_DELTA", "messageId": "v", "activityType": "plan"}


class TestActivities:
    def test_a_snapshot_makes_a_message_that_deltas_patch(self) -> None:
        add = {"op": "add", "path": "/steps/-", "value": "b"}
        (message,) = messages(PLAN, {**PLAN_DELTA, "patch": [add]})
        assert message == {
            "id": "v",
            "role": "activity",
            "activityType": "plan",
            "content": {"steps": ["a", "b"]},
        }
        assert PLAN["content"] == {"steps": ["a"]}

    @pytest.mark.parametrize("replace", [True, False])
    def test_a_second_snapshot_replaces_unless_told_not_to(self, replace: bool) -> None:
        second = {**PLAN, "content": {}, "replace": replace, "metadata": {"k": 2}}
        (message,) = messages({**PLAN, "metadata": {"k": 1, "l": 1}}, second)
        assert message["content"] == ({} if replace else {"steps": ["a"]})
        assert message["metadata"] == {"k": 2, "l": 1}

    def test_it_may_take_the_place_of_a_message_and_its_calls(self) -> None:
        folded = messages(
            call("START", parentMessageId="v"), call("ARGS", delta="x"), PLAN, call("START")
        )
        assert [(message["id"], message["role"]) for message in folded] == [
            ("v", "activity"),
            ("c", "assistant"),
        ]

    def test_a_patch_that_does_not_fit_changes_nothing(self) -> None:
        folded = fold([PLAN, {**PLAN_DELTA, "patch": [{"op": "remove", "path": "/x"}]}])
        assert folded.messages[0]["content"] == {"steps": ["a"]}
        assert "'v'" in folded.warnings[0]

    def test_a_delta_for_no_activity_changes_nothing(self) -> None:
        delta = {**PLAN_DELTA, "messageId": "m", "patch": []}
        assert messages(delta, text("START"), delta)[0]["role"] == "assistant"


def test_messages_are_the_callers_own() -> None:
    folded = fold([call("START")])
    mine = folded.messages
    mine[0]["toolCalls"][0]["function"]["name"] = "changed"
    mine[0]["toolCalls"].clear()
    assert folded.messages[0]["toolCalls"] == [tool_call()]


@given(before=LOGS, log=LOGS)
@QUICK
def test_messages_that_others_hold_stay_as_they_are(before: list[Event], log: list[Event]) -> None:
    held = fold(before).messages
    before = copy.deepcopy(held)
    on, copied = Fold(held), Fold()
    copied.feed({"type": "MESSAGES_SNAPSHOT", "messages": held})
    for event in log:
        on.feed(event)
        copied.feed(event)
    assert on.messages == copied.messages
    assert on.ids == known_ids(on.messages)
    assert held == before


@given(before=LOGS, log=LOGS)
@QUICK
def test_whoever_goes_on_from_what_a_run_has_indexed_finds_the_same(
    before: list[Event], log: list[Event]
) -> None:
    first = fold(before)
    first.drop(first.added[1:2])
    plain = copy.deepcopy(list(first.shared_messages))
    indexed, anew = Fold(first.shared_messages), Fold(plain)
    for event in log:
        indexed.feed(event)
        anew.feed(event)
    assert indexed == anew
    assert (indexed.ids, indexed.by_id, indexed.added) == (anew.ids, anew.by_id, anew.added)
    assert indexed.open_tool_calls == anew.open_tool_calls
    assert indexed.known(frozenset(["m0", "c0", "m", "c"])) <= indexed.ids
    assert first.shared_messages == plain


def test_a_message_that_others_hold_gets_no_call_into_its_empty_list_of_calls() -> None:
    held: list[Message] = [{"id": "m", "role": "assistant", "content": "", "toolCalls": []}]
    on = Fold(held)
    on.feed(
        {"type": "TOOL_CALL_START", "toolCallId": "c", "toolCallName": "f", "parentMessageId": "m"}
    )
    assert on.messages[0]["toolCalls"] == [tool_call()]
    assert held[0]["toolCalls"] == []


def test_messages_to_which_nothing_happens_are_not_copied() -> None:
    held: list[Message] = [
        {"id": id_, "role": "assistant", "content": "Hello"} for id_ in ("m0", "m1")
    ]
    on = Fold(held)
    on.feed({"type": "TEXT_MESSAGE_CONTENT", "messageId": "m1", "delta": "!"})
    first, second = on.shared_messages
    assert first is held[0]
    assert (second["content"], held[1]["content"]) == ("Hello!", "Hello")


def test_a_message_may_be_added_once() -> None:
    folded = Fold()
    for content in ("first", "second"):
        folded.add_message({"id": "u", "role": "user", "content": content})
    assert folded.messages == [{"id": "u", "role": "user", "content": "first"}]
