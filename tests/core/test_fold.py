"""What a log amounts to beside its messages: the state and the runs that a client would hold."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given

from agui_runtime.core.events import Event
from agui_runtime.core.fold import Fold, FoldedRun, fold
from tests.core.say import FAILED, FINISHED, messages, started, text
from tests.core.streams import LOGS, QUICK


def finished(**outcome: object) -> Event:
    return {**FINISHED, "outcome": outcome}


class TestState:
    def test_nothing_said_is_an_empty_state(self) -> None:
        assert Fold().state == {}

    def test_snapshots_replace_and_deltas_patch(self) -> None:
        snapshot = {"type": "STATE_SNAPSHOT", "snapshot": {"items": []}}
        add = {"op": "add", "path": "/items/-", "value": {"n": 1}}
        into = {"op": "add", "path": "/items/0/m", "value": 2}
        delta = {"type": "STATE_DELTA", "delta": [add, into]}
        before = copy.deepcopy((snapshot, delta))
        assert fold([snapshot, delta]).state == {"items": [{"n": 1, "m": 2}]}
        assert (snapshot, delta) == before

    def test_a_patch_applies_wholly_or_not_at_all(self) -> None:
        good = {"op": "add", "path": "/a", "value": 1}
        bad = {"op": "remove", "path": "/nothing/there"}
        folded = fold([{"type": "STATE_DELTA", "delta": [good, bad]}])
        assert folded.state == {}
        assert len(folded.warnings) == 1

    def test_a_run_goes_on_from_the_state_that_it_was_given(self) -> None:
        delta = {"type": "STATE_DELTA", "delta": [{"op": "replace", "path": "/n", "value": 2}]}
        assert fold([started(state={"n": 1}), delta]).state == {"n": 2}

    def test_a_front_end_without_state_does_not_wipe_it(self) -> None:
        snapshot = {"type": "STATE_SNAPSHOT", "snapshot": {"n": 1}}
        assert fold([started(), snapshot, FINISHED, started(state={})]).state == {"n": 1}


class TestRuns:
    def test_messages_of_the_request_join_once(self) -> None:
        users = [{"id": "u", "role": "user", "content": "hi"}]
        folded = messages(
            started(messages=users), text("START"), FINISHED, started(messages=users), text("END")
        )
        assert [message["id"] for message in folded] == ["u", "m"]

    @pytest.mark.parametrize(
        ("terminal", "status"),
        [
            (FINISHED, "finished"),
            ({"type": "RUN_FINISHED"}, "finished"),
            (finished(type="success", pendingToolCallIds=["c"]), "finished"),
            (finished(type="cancelled"), "stopped"),
            (finished(type="interrupt", interrupts=[{"id": "i", "reason": "x"}]), "interrupted"),
            (FAILED, "failed"),
        ],
    )
    def test_each_run_has_its_status(self, terminal: Event, status: str) -> None:
        folded = fold([started("one"), terminal, started("two")])
        assert folded.runs == [FoldedRun("one", status), FoldedRun("two", "running")]

    def test_interrupts_wait_until_a_run_finishes_without(self) -> None:
        interrupt = {"id": "i", "reason": "input_required"}
        folded = fold([started(), finished(type="interrupt", interrupts=[interrupt])])
        assert folded.interrupts == [interrupt]
        folded.feed(started())
        folded.feed(FAILED)
        assert folded.interrupts == [interrupt]
        folded.feed(started())
        folded.feed(FINISHED)
        assert folded.interrupts == []

    def test_an_end_without_a_start_is_not_a_run(self) -> None:
        assert fold([FAILED]).runs == []


def test_folds_compare_by_what_they_tell() -> None:
    assert fold([text("START")]) == fold([text("START"), text("END")])
    assert fold([text("START")]) != fold([text("START", "other")])
    assert Fold() != "a fold"


@QUICK
@given(LOGS)
def test_looking_in_between_changes_nothing(log: list[Event]) -> None:
    before = copy.deepcopy(log)
    watched = Fold()
    for event in log:
        watched.feed(event)
        assert watched.messages is not None
    assert watched == fold(log)
    assert log == before
