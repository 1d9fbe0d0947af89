"""A2UI surfaces: what tools return, what models write anew, and calls within calls."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime import CopilotRuntime, GenerativeUI, Options, action
from agui_runtime.agents.border import FunctionAgent
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.events import Caller, RunContext, RunRequest
from agui_runtime.wrappers.drawing.a2ui import SCHEMA_CONTEXT, TOOL, A2UIAgent
from agui_runtime.wrappers.drawing.components import faults_of
from agui_runtime.wrappers.drawing.open_ui import OpenUIAgent
from tests.runtime.worlds import ran

Event = dict[str, Any]

ROOT = {"id": "root", "component": "Column", "children": ["a"]}
TEXT = {"id": "a", "component": "Text", "text": "hi"}
DANGLING = {"id": "root", "component": "Column", "children": ["never-defined"]}
OPERATIONS = [
    {"version": "v0.9", "createSurface": {"surfaceId": "s", "catalogId": "c"}},
    {"version": "v0.9", "updateComponents": {"surfaceId": "s", "components": [ROOT, TEXT]}},
]


def called(id_: str, tool: str, arguments: object = None) -> list[Event]:
    ids = {"toolCallId": id_}
    return [
        {"type": "TOOL_CALL_START", **ids, "toolCallName": tool},
        {"type": "TOOL_CALL_ARGS", **ids, "delta": json.dumps(arguments or {})},
        {"type": "TOOL_CALL_END", **ids},
    ]


def surface(*components: Event) -> Event:
    return {"surfaceId": "s", "components": list(components)}


def returned(id_: str, content: object) -> Event:
    text = content if isinstance(content, str) else json.dumps(content)
    return {"type": "TOOL_CALL_RESULT", "messageId": f"r-{id_}", "toolCallId": id_, "content": text}


async def shown(*events: Event, **options: Any) -> list[Event]:  # noqa: ANN401
    async def run(request: RunAgentInput) -> AsyncIterator[Event]:
        for event in events:
            yield event

    given = {"threadId": "t", "runId": "r", "messages": [], "tools": [], "context": []}
    agent = A2UIAgent(FunctionAgent(run), **options)
    return [event async for event in agent.run(RunAgentInput.model_validate(given))]


def activities(events: Sequence[Event]) -> list[tuple[str, Event]]:
    found = [event for event in events if event["type"] == "ACTIVITY_SNAPSHOT"]
    return [(event["messageId"], event["content"]) for event in found]


def states(events: Sequence[Event]) -> list[str | None]:
    """What becomes of a surface, without the signs of life."""
    found = [content for _, content in activities(events) if "progressTokens" not in content]
    return [content.get("status") for content in found]


def results(events: Sequence[Event]) -> dict[str, Any]:
    found = [event for event in events if event["type"] == "TOOL_CALL_RESULT"]
    return {event["toolCallId"]: event["content"] for event in found}


@pytest.mark.parametrize("wrap", [lambda text: text, json.dumps])
async def test_what_a_tool_returns_is_drawn(wrap: Any) -> None:  # noqa: ANN401
    result = returned("t1", wrap(json.dumps({"a2ui_operations": [*OPERATIONS, None]})))
    found = await shown(*called("t1", "search"), result)
    assert activities(found) == [("a2ui-surface-t1", {"a2ui_operations": OPERATIONS})]
    assert found.index(result) == len(found) - 2


async def test_a_result_in_parts_is_drawn() -> None:
    text = {"type": "text", "text": json.dumps({"a2ui_operations": OPERATIONS})}
    found = await shown(*called("t1", "search"), {**returned("t1", ""), "content": [text]})
    assert activities(found) == [("a2ui-surface-t1", {"a2ui_operations": OPERATIONS})]


async def test_several_surfaces_of_one_result_stay_apart() -> None:
    other = {"version": "v0.9", "deleteSurface": {"surfaceId": "old"}}
    result = returned("t1", {"a2ui_operations": [*OPERATIONS, other]})
    found = await shown(*called("t1", "search"), result)
    assert activities(found) == [
        ("a2ui-surface-s-t1", {"a2ui_operations": OPERATIONS}),
        ("a2ui-surface-old-t1", {"a2ui_operations": [other]}),
    ]


async def test_a_later_result_updates_what_was_drawn() -> None:
    update = {"version": "v0.9", "updateDataModel": {"surfaceId": "s", "path": "/", "value": 1}}
    found = await shown(
        *called("t1", TOOL, surface(ROOT, TEXT)),
        *called("t2", "search"),
        returned("t2", {"a2ui_operations": [update]}),
        *called("t3", "search"),
        returned("t3", {"a2ui_operations": [update]}),
    )
    assert activities(found)[-2:] == [
        ("a2ui-surface-t2", {"a2ui_operations": [update]}),
        ("a2ui-surface-t3", {"a2ui_operations": [update]}),
    ]


@pytest.mark.parametrize(
    "content",
    ["sunny", "{broken", '["a2ui_operations"]', '{"a2ui_operations": {}}', "null", '"{}"'],
)
async def test_any_other_result_draws_nothing(content: str) -> None:
    assert activities(await shown(*called("t1", "search"), returned("t1", content))) == []


async def test_a_faulty_surface_is_written_again_and_drawn_in_the_same_place() -> None:
    found = await shown(
        *called("outer", "generate_a2ui"),
        *called("one", TOOL, surface(DANGLING)),
        *called("two", TOOL, surface(ROOT, TEXT)),
        returned("outer", {"a2ui_operations": OPERATIONS}),
    )
    seen = activities(found)
    assert {id_ for id_, _ in seen} == {"a2ui-surface-outer"}
    assert states(found) == ["building", "retrying", None]
    [retrying] = [content for _, content in seen if content.get("status") == "retrying"]
    assert (retrying["attempt"], retrying["maxAttempts"]) == (2, 3)
    [fault] = retrying["errors"]
    assert (fault["code"], fault["path"]) == ("unresolved_child", "components[0].children[0]")
    assert "never-defined" in fault["message"]


async def test_components_and_data_may_be_written_as_texts() -> None:
    written = {"surfaceId": "s", "components": json.dumps([ROOT, TEXT]), "data": '{"x": 1}'}
    found = await shown(*called("one", TOOL, written))
    drawn = activities(found)[-1][1]["a2ui_operations"]
    assert drawn[1]["updateComponents"]["components"] == [ROOT, TEXT]
    assert drawn[2]["updateDataModel"]["value"] == {"x": 1}


async def test_a_surface_that_could_not_be_drawn_says_so() -> None:
    attempts: list[Event] = [{"attempt": each, "ok": False, "errors": []} for each in (1, 2, 3)]
    failure = {"code": "a2ui_recovery_exhausted", "error": "No luck", "attempts": attempts}
    found = await shown(
        *called("outer", "generate_a2ui"),
        *called("one", TOOL, surface(DANGLING)),
        returned("outer", failure),
    )
    content = {"status": "failed", "error": "No luck", "attempts": attempts, "maxAttempts": 3}
    assert activities(found)[-1] == ("a2ui-surface-outer", content)


async def test_a_call_within_a_call_gets_no_result_once_the_snapshot_is_without_it() -> None:
    call = {"id": "outer", "type": "function", "function": {"name": "g", "arguments": "{}"}}
    snapshot = {
        "type": "MESSAGES_SNAPSHOT",
        "messages": [
            {"id": "m1", "role": "assistant", "toolCalls": [call]},
            {"id": "m2", "role": "tool", "toolCallId": "outer", "content": "done"},
        ],
    }
    nested = [*called("outer", "g"), *called("inner", TOOL, surface(ROOT, TEXT))]
    done = returned("outer", "done")
    assert set(results(await shown(*nested, done, snapshot))) == {"outer"}
    assert set(results(await shown(*nested, done))) == {"outer", "inner"}


async def test_the_snapshots_own_call_is_answered() -> None:
    call = {"id": "one", "type": "function", "function": {"name": TOOL, "arguments": "{}"}}
    messages = [{"id": "m1", "role": "assistant", "toolCalls": [call]}]
    snapshot = {"type": "MESSAGES_SNAPSHOT", "messages": messages}
    found = await shown(*called("one", TOOL, surface(ROOT, TEXT)), snapshot)
    assert results(found) == {"one": '{"status":"rendered"}'}


CATALOG = {
    "Column": {"properties": {"children": {"format": "componentRefList"}}},
    "Text": {"required": ["text"]},
    "Modal": {"properties": {"trigger": {"format": "componentRef"}}},
    "Tabs": {
        "properties": {
            "tabs": {
                "type": "array",
                "items": {"properties": {"child": {"format": "componentRef"}}},
            }
        }
    },
}


@pytest.mark.parametrize(
    ("components", "codes"),
    [
        ([ROOT, TEXT], []),
        (None, ["empty_components"]),
        ([], ["empty_components"]),
        ([7], ["missing_id", "missing_component_type", "no_root"]),
        ([TEXT], ["no_root"]),
        ([ROOT, TEXT, TEXT], ["duplicate_id"]),
        ([{"id": "root", "component": "Nope"}], ["unknown_component"]),
        ([ROOT, {"id": "a", "component": "Text"}], ["missing_required_prop"]),
        ([{**ROOT, "children": {"componentId": "x", "path": "/"}}], ["unresolved_child"]),
        ([{"id": "root", "component": "Modal", "trigger": "x"}], ["unresolved_child"]),
        (
            [{"id": "root", "component": "Tabs", "tabs": [{"child": "root", "title": "x"}, 7]}],
            ["child_cycle"],
        ),
        ([{**ROOT, "children": ["root"]}], ["child_cycle"]),
        ([ROOT, {**TEXT, "child": "b"}, {**TEXT, "id": "b", "child": "a"}], ["child_cycle"]),
    ],
)
def test_the_faults_of_a_tree_are_named(components: object, codes: list[str]) -> None:
    assert [fault["code"] for fault in faults_of(components, CATALOG)] == codes


def test_a_tree_may_be_as_deep_as_a_model_writes_it() -> None:
    chain = [{"id": str(at), "component": "Box", "child": str(at + 1)} for at in range(5000)]
    last = [{"id": "5000", "component": "Box"}, {"id": "root", "component": "Box", "child": "0"}]
    assert faults_of([*chain, *last]) == []


async def test_an_application_that_names_its_components_has_them_kept_to() -> None:
    unknown = surface({"id": "root", "component": "Blink"})
    found = await shown(*called("one", TOOL, unknown), components=CATALOG, catalog_id="mine")
    assert activities(found)[-1][1]["errors"][0]["code"] == "unknown_component"


def asking(*, ephemeral: bool = False, **fields: Any) -> RunRequest:  # noqa: ANN401
    """The first message of a page, with these fields of its request."""
    messages = [{"id": "u1", "role": "user", "content": "hi"}]
    given = {"threadId": "t1", "runId": "r1", "messages": messages, "tools": [], "context": []}
    asked = RunAgentInput.model_validate(given | fields)
    return RunRequest(asked, RunContext(Caller("ann"), "q"), ephemeral=ephemeral)


class Recorder:
    """Calls what it is told to, and notes how it was asked."""

    name = "default"
    description = ""

    def __init__(self, *events: Event) -> None:
        self.requests: list[RunAgentInput] = []
        self._events = events

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        self.requests.append(request)
        for event in self._events if len(self.requests) == 1 else ():
            yield event


WITH_CATALOG: dict[str, Any] = {"forwardedProps": {"a2uiCatalogAvailable": True}}


async def test_a_page_that_brings_a_catalog_has_plain_agents_draw() -> None:
    agent = Recorder(*called("one", TOOL, surface(ROOT, TEXT)))
    context = {"description": SCHEMA_CONTEXT, "value": json.dumps({"catalogId": "mine"})}
    found = await ran(CopilotRuntime({"default": agent}), asking(**WITH_CATALOG, context=[context]))
    drawn = activities(found)[-1][1]["a2ui_operations"]
    assert drawn[0]["createSurface"]["catalogId"] == "mine"
    [request] = agent.requests
    assert [tool.name for tool in request.tools or ()] == [TOOL]
    assert (request.forwarded_props or {})["injectA2UITool"] is True
    assert results(found) == {"one": '{"status":"rendered"}'}


@pytest.mark.parametrize(
    ("choice", "asked", "offered"),
    [
        (GenerativeUI(), {}, []),
        (GenerativeUI(a2ui=False), WITH_CATALOG, []),
        (GenerativeUI(a2ui=True), {}, [TOOL]),
        (GenerativeUI(a2ui=True, agents=[]), {}, []),
        (GenerativeUI(agents=["default"]), WITH_CATALOG, [TOOL]),
    ],
)
async def test_the_application_has_the_last_word(
    choice: GenerativeUI, asked: dict[str, Any], offered: list[str]
) -> None:
    agent = Recorder()
    runtime = CopilotRuntime({"default": agent}, options=Options(generative_ui=choice))
    await ran(runtime, asking(**asked))
    assert [tool.name for tool in agent.requests[0].tools or ()] == offered


def test_an_agent_that_there_is_not_is_refused() -> None:
    with pytest.raises(Misconfigured, match="'defualt'"):
        chosen = Options(generative_ui=GenerativeUI(a2ui=True, agents=["defualt"]))
        CopilotRuntime({"default": Recorder()}, options=chosen)


async def test_an_agent_that_draws_already_does_not_draw_twice() -> None:
    agent = Recorder(*called("one", TOOL, surface(ROOT, TEXT)))
    found = await ran(CopilotRuntime({"default": A2UIAgent(agent)}), asking(**WITH_CATALOG))
    assert states(found) == ["building", None]


async def test_suggestions_draw_nothing() -> None:
    agent = Recorder()
    await ran(CopilotRuntime({"default": agent}), asking(ephemeral=True, **WITH_CATALOG))
    assert not agent.requests[0].tools


async def test_an_action_of_the_runtime_draws_too() -> None:
    @action
    async def search() -> dict[str, Any]:
        """Find something."""
        return {"a2ui_operations": OPERATIONS}

    for agent in (Recorder(*called("t1", "search")), A2UIAgent(Recorder(*called("t1", "search")))):
        found = await ran(CopilotRuntime({"default": agent}, [search]), asking(**WITH_CATALOG))
        assert activities(found) == [("a2ui-surface-t1", {"a2ui_operations": OPERATIONS})]


async def test_a_page_that_offers_the_tool_sees_pages_grow() -> None:
    tool = {"name": "generateSandboxedUi", "description": "", "parameters": {"type": "object"}}
    writes = called("p1", "generateSandboxedUi", {"initialHeight": 100, "html": "<b>hi</b>"})
    for agent in (Recorder(*writes), OpenUIAgent(Recorder(*writes))):
        found = await ran(CopilotRuntime({"default": agent}), asking(tools=[tool]))
        kinds = [event["activityType"] for event in found if "activityType" in event]
        assert set(kinds) == {"open-generative-ui"}
        assert kinds.count("open-generative-ui") == 3
    choice = Options(generative_ui=GenerativeUI(open_ui=False))
    runtime = CopilotRuntime({"default": Recorder(*writes)}, options=choice)
    assert activities(await ran(runtime, asking(tools=[tool]))) == []
