"""A finished log in fewer events says the same as before."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given

from agui_runtime.core.compact import compact
from agui_runtime.core.events import Event
from agui_runtime.core.fold import fold
from tests.core.say import FAILED, FINISHED, STARTED, call, kinds, reasoning, result, text
from tests.core.streams import LOGS, QUICK
from tests.core.verifier import verify

RAW = {"type": "RAW", "event": {}}


def snapshot(state: object) -> Event:
    return {"type": "STATE_SNAPSHOT", "snapshot": state}


def put(path: str, value: object) -> Event:
    return {"type": "STATE_DELTA", "delta": [{"op": "add", "path": path, "value": value}]}


def run(*events: Event) -> list[Event]:
    return [STARTED, *events, FINISHED]


def inside(log: list[Event]) -> list[Event]:
    return log[1:-1]


@pytest.mark.parametrize(
    ("start", "content", "end"),
    [
        (text("START"), text("CONTENT"), text("END")),
        (call("START"), call("ARGS"), call("END")),
        (reasoning("MESSAGE_START"), reasoning("MESSAGE_CONTENT"), reasoning("MESSAGE_END")),
    ],
)
def test_the_deltas_of_a_stream_become_one(start: Event, content: Event, end: Event) -> None:
    deltas = [{**content, "delta": delta} for delta in "abc"]
    log = run(start, *deltas, end)
    assert inside(compact(log)) == [start, {**content, "delta": "abc"}, end]


def test_what_came_in_between_follows_the_end() -> None:
    log = run(
        text("START"),
        text("CONTENT", delta="a"),
        RAW,
        call("START"),
        text("CONTENT", delta="b"),
        call("ARGS", delta="{"),
        text("END"),
        result(),
        call("ARGS", delta="}"),
        call("END"),
    )
    assert inside(compact(log)) == [
        text("START"),
        text("CONTENT", delta="ab"),
        text("END"),
        RAW,
        call("START"),
        call("ARGS", delta="{}"),
        call("END"),
        result(),
    ]


def test_a_single_delta_stays_as_it_came() -> None:
    delta = text("CONTENT", delta="a", timestamp=1, rawEvent={})
    assert delta in compact(run(text("START"), delta, text("END")))


def test_metadata_of_the_deltas_is_kept() -> None:
    deltas = [
        text("CONTENT", delta="a", metadata={"k": 1, "l": 1}),
        text("CONTENT", delta="b", metadata={"k": 2}),
    ]
    compacted = compact(run(text("START"), *deltas, text("END")))
    assert compacted[2] == text("CONTENT", delta="ab", metadata={"k": 2, "l": 1})


def test_no_delta_crosses_a_snapshot_of_the_messages() -> None:
    all_messages = {"type": "MESSAGES_SNAPSHOT", "messages": []}
    before = [text("START"), text("CONTENT", delta="a")]
    after = [text("CONTENT", delta="b"), text("END")]
    log = run(*before, all_messages, *after)
    assert compact(log) == log


def test_no_delta_joins_a_message_that_was_made_after_it() -> None:
    all_messages = {"type": "MESSAGES_SNAPSHOT", "messages": []}
    lost, lasting = text("CONTENT", delta="lost"), text("CONTENT", delta="kept")
    made = [call("START", parentMessageId="m"), call("END")]
    log = run(text("START"), all_messages, lost, *made, lasting, text("END"))
    assert fold(compact(log)).messages[0]["content"] == "kept"


def test_text_and_reasoning_of_one_id_keep_their_order() -> None:
    starts = [text("START"), reasoning("MESSAGE_START")]
    deltas = [
        text("CONTENT", delta="a"),
        reasoning("MESSAGE_CONTENT", delta="b"),
        text("CONTENT", delta="c"),
    ]
    log = run(*starts, *deltas, text("END"), reasoning("MESSAGE_END"))
    assert fold(compact(log)).messages[0]["content"] == "abc"
    assert [event for event in compact(log) if "delta" in event] == deltas


def test_a_growing_activity_does_not_cut_the_stream_to_pieces() -> None:
    plan = {"type": "ACTIVITY_SNAPSHOT", "messageId": "v", "activityType": "p", "content": {}}
    pieces = [event for delta in "abcdef" for event in (call("ARGS", delta=delta), plan)]
    compacted = compact(run(call("START"), *pieces, call("END")))
    assert kinds(compacted).count("TOOL_CALL_ARGS") == 1


def test_the_states_of_a_run_become_one_before_its_end() -> None:
    states = [put("/lost", 1), snapshot({"a": 1}), put("/b", 2), put("/fits/nowhere", 3)]
    log = run(*states[:2], text("START"), *states[2:], text("END"))
    assert inside(compact(log)) == [text("START"), text("END"), snapshot({"a": 1, "b": 2})]


def test_deltas_alone_say_nothing_of_the_whole_state() -> None:
    log = run(put("/a", 1), text("START"), text("END"), put("/b", 2))
    assert compact(log) == log


def test_each_run_keeps_its_own_state() -> None:
    log = [*run(snapshot(1), snapshot(2)), *run(put("/a", 1)), *run(snapshot(3), snapshot(4))]
    states = [event for event in compact(log) if event["type"].startswith("STATE")]
    assert states == [snapshot(2), put("/a", 1), snapshot(4)]


def test_an_event_that_is_logged_twice_is_told_twice() -> None:
    state = put("/a", 1)
    assert compact([*run(state), *run(snapshot({}), state)])[1] == state


def test_a_run_that_failed_halfway_stays_acceptable() -> None:
    deltas = [text("CONTENT", delta="a"), RAW, text("CONTENT", delta="b")]
    log = [STARTED, text("START"), *deltas, FAILED]
    twice = compact([*log, *log])
    assert inside(twice[:5]) == [text("START"), text("CONTENT", delta="ab"), RAW]
    assert verify(twice).phase == "failed"


@QUICK
@given(LOGS)
def test_whatever_is_legal_says_the_same_in_fewer_events(log: list[Event]) -> None:
    before = copy.deepcopy(log)
    compacted = compact(log)
    assert fold(compacted) == fold(log)
    assert verify(compacted).phase == verify(log).phase
    assert len(compacted) <= len(log)
    assert compact(compacted) == compacted
    assert log == before
