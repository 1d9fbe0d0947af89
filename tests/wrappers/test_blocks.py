"""Blocks by tools: what a model writes in a call is validated, shown and answered."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime import Block, Blocks, CopilotRuntime, Misconfigured, Options, RunFailure, action
from agui_runtime.core.fold import fold
from agui_runtime.wrappers.blocks.agent import BlocksAgent
from tests.core.verifier import verify
from tests.runtime.worlds import asking, call, kinds, ran, text
from tests.wrappers.block_models import (
    CHART,
    TABLE,
    TIMELINE,
    WHOLE,
    Event,
    Model,
    activities,
    refusals,
    show,
    shown,
)


async def test_a_call_becomes_an_activity_that_says_first_that_it_is_written() -> None:
    model = Model(show("c1", "chart", CHART))
    events = await shown(model)
    assert activities(events) == [
        ("block-c1", "block.chart", {"status": "building"}),
        ("block-c1", "block.chart", WHOLE),
    ]
    assert model.results == ["shown"]
    assert kinds(events)[-1] == "RUN_FINISHED"
    verify(events)


async def test_the_block_is_announced_before_its_arguments_are_written() -> None:
    events = await shown(Model(show("c1", "chart", CHART)))
    order = [kind for kind in kinds(events) if kind.startswith(("TOOL", "ACTIVITY"))]
    assert order == [
        "TOOL_CALL_START",
        "ACTIVITY_SNAPSHOT",
        "TOOL_CALL_ARGS",
        "TOOL_CALL_END",
        "ACTIVITY_SNAPSHOT",
        "TOOL_CALL_RESULT",
    ]


async def test_the_call_stays_in_the_history_of_the_model() -> None:
    model = Model(show("c1", "table", TABLE))
    await shown(model)
    [caller] = [m for m in model.requests[-1].messages if m.role == "assistant"]
    assert [each.function.name for each in caller.tool_calls or ()] == ["show_table"]


async def test_a_refused_block_is_written_again_in_its_place() -> None:
    bad = {**CHART, "chartType": "donut"}
    model = Model(show("c1", "chart", bad), show("c2", "chart", CHART))
    events = await shown(model)
    assert [(id_, content.get("status")) for id_, _, content in activities(events)] == [
        ("block-c1", "building"),
        ("block-c1", "refused"),
        ("block-c1", "building"),
        ("block-c1", None),
    ]
    [refusal] = refusals(events)
    assert (refusal["kind"], refusal["index"]) == ("chart", 0)
    assert "chartType" in refusal["reason"] and "donut" not in model.results[1]
    assert model.results[0].startswith("Not shown: chartType")
    assert model.results[1] == "shown"


async def test_a_block_is_written_again_twice_at_most() -> None:
    model = Model(*(show(f"c{n}", "chart", "{}") for n in range(5)))
    events = await shown(model)
    assert [result.endswith("Write it again.") for result in model.results[:3]] == [
        True,
        True,
        False,
    ]
    assert model.results[2].endswith("Do not try again; say it in words.")
    assert "show_chart" not in model.tools and "show_table" in model.tools
    assert kinds(events)[-1] == "RUN_FINISHED"
    assert {id_ for id_, _, _ in activities(events)} == {"block-c0"}


async def test_a_refusal_is_a_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "agui_runtime"):
        await shown(Model(show("c1", "timeline", '{"entries": [1,]}')))
    [line] = [record.getMessage() for record in caplog.records if "refused" in record.getMessage()]
    assert "block 0 (timeline)" in line and "line 1 column" in line


async def test_a_bad_block_costs_itself_only() -> None:
    one, two, three = (
        show("c1", "table", TABLE),
        show("c2", "table", {"headers": 1}),
        show("c3", "timeline", TIMELINE),
    )
    model = Model([*text("m1", "Look: "), *one, *two, *three])
    events = await shown(model)
    last = {id_: content for id_, _, content in activities(events)}
    assert list(last) == ["block-c1", "block-c2", "block-c3"]
    assert "status" not in last["block-c1"] and "status" not in last["block-c3"]
    assert last["block-c2"]["status"] == "refused"
    assert [refusal["index"] for refusal in refusals(events)] == [1]
    assert kinds(events)[-1] == "RUN_FINISHED"


async def test_an_open_text_ends_before_a_block_and_goes_on_behind_it() -> None:
    ids = {"messageId": "m1"}
    start, first, end = text("m1", "Before. ")
    after = {"type": "TEXT_MESSAGE_CONTENT", **ids, "delta": "After."}
    events = await shown(Model([start, first, *show("c1", "table", TABLE), after, end]))
    verify(events)
    messages = fold(events).messages
    order = [(m["role"], m["id"], m.get("content")) for m in messages if m["role"] != "user"]
    assert [(role, id_) for role, id_, _ in order] == [
        ("assistant", "m1"),
        ("assistant", "c1"),
        ("tool", "result-c1"),
        ("activity", "block-c1"),
        ("assistant", "m1-text"),
        ("assistant", "last-2"),
    ]
    assert [content for role, _, content in order if role == "assistant"][::2] == [
        "Before. ",
        "After.",
    ]


@pytest.mark.parametrize("taken", ["m1", "block-c1"])
async def test_no_text_is_swallowed_by_a_block_with_its_id(taken: str) -> None:
    """Also where an agent calls its text as blocks are called."""
    start, words, end = text(taken, "Before. ")
    later = text("block-c1", "Later.")
    events = await shown(Model([start, words, *show("c1", "table", TABLE), end, *later]))
    verify(events)
    messages = {m["id"]: m for m in fold(events).messages}
    said = "".join(
        m["content"] for m in messages.values() if m["role"] == "assistant" and m.get("content")
    )
    assert said == "Before. Later.That is all."
    [block] = [m for m in messages.values() if m["role"] == "activity"]
    assert block["content"]["rows"]


async def test_other_calls_are_left_to_whoever_carries_them_out() -> None:
    @action
    def count() -> int:
        """Counts."""
        return 3

    both = [*call("a1", "count", "{}"), *show("c1", "table", TABLE)]
    model = Model(both, show("c2", "timeline", TIMELINE))
    runtime = CopilotRuntime({"default": model}, actions=[count], options=Options(blocks=Blocks()))
    events = await ran(runtime, asking())
    assert model.results == ["3", "shown", "shown"]
    assert [id_ for id_, _, _ in activities(events)][::2] == ["block-c1", "block-c2"]
    verify(events)


async def test_a_call_of_the_page_waits_for_the_page() -> None:
    model = Model([*call("p1", "paint", "{}"), *show("c1", "table", TABLE)])
    events = await shown(model)
    assert len(model.requests) == 1
    results = [e["toolCallId"] for e in events if e["type"] == "TOOL_CALL_RESULT"]
    assert results == ["c1"]


async def test_a_run_shows_64_blocks() -> None:
    many = [event for n in range(66) for event in show(f"c{n}", "table", TABLE)]
    model = Model(many)
    events = await shown(model)
    assert len({id_ for id_, _, _ in activities(events)}) == 64
    assert [refusal["index"] for refusal in refusals(events)] == [64, 65]
    assert "64 blocks" in model.results[-1]


async def test_the_blocks_of_a_run_are_counted_however_often_its_agent_is_called() -> None:
    @action
    def count() -> int:
        """Counts."""
        return 3

    first = [event for n in range(60) for event in show(f"a{n}", "table", TABLE)]
    more = [event for n in range(6) for event in show(f"b{n}", "table", TABLE)]
    model = Model([*first, *call("x", "count", "{}")], more)
    runtime = CopilotRuntime({"default": model}, actions=[count], options=Options(blocks=Blocks()))
    events = await ran(runtime, asking())
    again = await ran(runtime, asking(thread="t2"))
    assert [refusal["index"] for refusal in refusals(events)] == [64, 65]
    assert refusals(again) == []


async def test_a_block_that_breaks_off_is_refused() -> None:
    start, words, _ = show("c1", "table", '{"headers": ["a')

    class Broken(Model):
        async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
            yield start
            yield words
            raise RunFailure("the model went away")

    events = await shown(Broken())
    assert activities(events)[-1][2]["status"] == "refused"
    assert kinds(events)[-1] == "RUN_ERROR"
    verify(events)


async def test_in_a_popup_there_are_neither_blocks_nor_tools_for_them() -> None:
    activity = {"type": "ACTIVITY_SNAPSHOT", "messageId": "x", "activityType": "a", "content": {}}
    model = Model([activity, *text("m1", "Words alone.")])
    runtime = CopilotRuntime({"default": model}, options=Options(blocks=Blocks()))
    request = asking()
    popup = request.input.model_copy(update={"forwarded_props": {"surface": "popup"}})
    events = await ran(runtime, replace(request, input=popup))
    assert activities(events) == []
    assert model.tools == []
    assert "TEXT_MESSAGE_CONTENT" in kinds(events)


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        ({"kinds": {"Kan ban": Block}}, "no name of a kind"),
        ({"kinds": {"text": Block}}, "text"),
        ({"kinds": {"kanban": dict}}, "class of pydantic"),
        ({"form": "xml"}, "'tool' or 'text'"),
        ({"fallback": "html"}, "'markdown' or None"),
        ({"entities": lambda kind: None}, "three arguments"),
    ],
)
def test_a_setting_that_cannot_be_obeyed_is_refused(mistake: Event, words: str) -> None:
    with pytest.raises(Misconfigured, match=words):
        Blocks(**mistake)


def test_agents_that_there_are_not_are_refused() -> None:
    with pytest.raises(Misconfigured, match="defualt"):
        CopilotRuntime({"default": Model()}, options=Options(blocks=Blocks(agents=["defualt"])))


async def test_an_agent_that_is_wrapped_already_is_wrapped_once() -> None:
    model = Model(show("c1", "table", TABLE))
    runtime = CopilotRuntime({"default": BlocksAgent(model)}, options=Options(blocks=Blocks()))
    events = await ran(runtime, asking())
    assert len(activities(events)) == 2
