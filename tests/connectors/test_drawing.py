"""Agents that draw: what pages are shown of a tool's arguments while a model writes them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import jsonpatch
import pytest
from ag_ui.core import RunAgentInput
from hypothesis import given, settings, strategies as st

from agui_runtime.agents.border import FunctionAgent
from agui_runtime.wrappers import limited
from agui_runtime.wrappers.drawing import drawn_by
from agui_runtime.wrappers.drawing.a2ui import RENDER, SCHEMA_CONTEXT, TOOL, A2UIAgent
from agui_runtime.wrappers.drawing.open_ui import OpenUIAgent
from agui_runtime.wrappers.drawing.partial import PartialObject

Event = dict[str, Any]

COMPONENTS = [
    {"id": "root", "component": "Column", "children": ["a"]},
    {"id": "a", "component": "Text", "text": {"path": "/x"}},
]
SURFACE = {"surfaceId": "s1", "components": COMPONENTS, "data": {"x": "hi"}}

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


def writes(tool: str, text: str, size: int = 7) -> Callable[[RunAgentInput], AsyncIterator[Event]]:
    """An agent that calls the tool, its arguments in pieces."""

    async def run(request: RunAgentInput) -> AsyncIterator[Event]:
        yield {"type": "TOOL_CALL_START", "toolCallId": "t1", "toolCallName": tool}
        for start in range(0, len(text), size):
            delta = text[start : start + size]
            yield {"type": "TOOL_CALL_ARGS", "toolCallId": "t1", "delta": delta}
        yield {"type": "TOOL_CALL_END", "toolCallId": "t1"}

    return run


def request(**more: Any) -> RunAgentInput:  # noqa: ANN401  # fields of the input
    lists: dict[str, Any] = {"messages": [], "tools": [], "context": []}
    return RunAgentInput.model_validate({"threadId": "t", "runId": "r", **lists, **more})


async def drawn(arguments: object, **more: Any) -> list[Event]:  # noqa: ANN401
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    agent = A2UIAgent(FunctionAgent(writes(TOOL, text)))
    return [event async for event in agent.run(request(**more))]


def contents(found: list[Event]) -> list[Any]:
    return [event["content"] for event in found if event["type"] == "ACTIVITY_SNAPSHOT"]


def answer(found: list[Event]) -> Any:  # noqa: ANN401
    [result] = [event for event in found if event["type"] == "TOOL_CALL_RESULT"]
    return json.loads(result["content"])


async def test_a_surface_is_drawn_before_its_data_is_written() -> None:
    found = await drawn(SURFACE)
    operations = [each["a2ui_operations"] for each in contents(found) if "a2ui_operations" in each]
    assert [[list(each)[1] for each in shown] for shown in operations] == [
        ["createSurface", "updateComponents"],
        ["createSurface", "updateComponents", "updateDataModel"],
    ]
    assert operations[1][2]["updateDataModel"]["value"] == {"x": "hi"}
    assert {e["messageId"] for e in found if "activityType" in e} == {"a2ui-surface-t1"}
    assert answer(found) == {"status": "rendered"}


async def test_until_then_there_are_signs_of_life() -> None:
    shown = contents(await drawn(SURFACE))
    assert shown[0] == {"status": "building"}
    assert [each["progressTokens"] for each in shown if "progressTokens" in each][:1] == [21]


@pytest.mark.parametrize(
    ("components", "fault"),
    [
        ([], "at least one"),
        ([{"id": "root"}], "component"),
        ([{"id": "a", "component": "Text"}], "'root'"),
        ([{"id": "root", "component": "Text"}] * 2, "more than one"),
    ],
)
async def test_a_tree_that_no_page_can_draw_is_not_shown(components: object, fault: str) -> None:
    found = await drawn(SURFACE | {"components": components})
    assert not [each for each in contents(found) if "a2ui_operations" in each]
    assert answer(found)["status"] == "error"
    assert fault in answer(found)["errors"][0]


async def test_what_is_no_json_draws_nothing_and_breaks_nothing() -> None:
    found = await drawn('{"surfaceId": "s1", "components": [{"id": nonsense}]}')
    assert contents(found) == [{"status": "building"}]
    assert answer(found)["status"] == "error"


async def test_components_are_those_of_the_pages_catalog() -> None:
    value = json.dumps({"catalogId": "mine", "components": {}})
    found = await drawn(SURFACE, context=[{"description": SCHEMA_CONTEXT, "value": value}])
    shown = contents(found)[-1]["a2ui_operations"][0]
    assert shown["createSurface"] == {"surfaceId": "s1", "catalogId": "mine"}


async def test_a_model_is_offered_the_tool_and_told_what_the_user_did() -> None:
    seen: list[RunAgentInput] = []

    async def run(asked: RunAgentInput) -> AsyncIterator[Event]:
        seen.append(asked)
        yield {"type": "CUSTOM", "name": "seen", "value": None}

    action = {"name": "buy", "surfaceId": "s1", "context": {"n": 1}}
    props = {"a2uiAction": {"userAction": action}}
    asked = request(forwardedProps=props)
    assert len([event async for event in A2UIAgent(FunctionAgent(run)).run(asked)]) == 1
    [told] = seen
    assert told.tools == [RENDER]
    assert TOOL in (told.context or [])[0].description
    assert [message.role for message in told.messages] == ["assistant", "tool"]
    assert "'buy'" in str(told.messages[1].content)
    assert asked.messages == []


async def test_other_calls_pass_as_they_are() -> None:
    agent = A2UIAgent(OpenUIAgent(FunctionAgent(writes("other", "{}"))))
    assert drawn_by(limited(agent, 1)) == {"a2ui", "open-generative-ui"}
    found = [event async for event in agent.run(request())]
    assert [event["type"] for event in found] == [
        "TOOL_CALL_START", "TOOL_CALL_ARGS", "TOOL_CALL_END",
    ]  # fmt: skip


PAGE = {
    "initialHeight": 300,
    "placeholderMessages": ["wait", "still"],
    "css": "p { color: red }",
    "html": '<p class="x">Grüße 🙂\n</p>' * 3,
    "jsFunctions": "const f = () => 1;",
    "jsExpressions": ["f()", "f() + 1"],
}


@pytest.mark.parametrize("size", [1, 5, 1000])
@pytest.mark.parametrize("order", [list(PAGE), list(PAGE)[::-1]])
async def test_a_page_grows_as_it_is_written(size: int, order: list[str]) -> None:
    text = json.dumps({key: PAGE[key] for key in order})
    agent = OpenUIAgent(FunctionAgent(writes("generateSandboxedUi", text, size)))
    found = [event async for event in agent.run(request())]
    activities = [event for event in found if "activityType" in event]
    assert {event["messageId"] for event in activities} == {"t1-activity"}
    content = activities[0]["content"]
    assert content["generating"] is True
    for event in activities[1:]:
        content = jsonpatch.apply_patch(content, event["patch"])
    complete = {f"{key}Complete": True for key in ("css", "html", "jsFunctions", "jsExpressions")}
    pages = PAGE | {"html": "".join(content["html"])}
    assert content | {"html": pages["html"]} == PAGE | complete | {"generating": False}
    if size == 1:
        assert len(content["html"]) > 10


@settings(max_examples=60)
@given(st.dictionaries(st.text(), JSON, max_size=4), st.integers(1, 9), st.booleans())
def test_whatever_is_written_is_read(value: dict[str, Any], size: int, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    partial = PartialObject()
    for start in range(0, len(text), size):
        partial.feed(text[start : start + size])
        whole = partial.written
        assert whole is None or str(value[str(partial.writing)]).startswith(whole)
    assert partial.complete == value
    lists = {key: each for key, each in value.items() if isinstance(each, list) and each}
    assert {key: partial.items[key] for key in lists} == lists
