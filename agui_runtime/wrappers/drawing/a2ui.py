"""A2UI: a model describes a user interface in a tool's arguments, and the page draws it meanwhile.

The messages to the page are those of A2UI 0.9, in AG-UI activities of the type `a2ui-surface`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any
from uuid import uuid4

import orjson
from ag_ui.core import (
    AssistantMessage,
    Context,
    FunctionCall,
    RunAgentInput,
    Tool,
    ToolCall,
    ToolMessage,
)

from agui_runtime import jsontext
from agui_runtime.connectors.base import events_of
from agui_runtime.events import TERMINAL, Event
from agui_runtime.wrappers.drawing import Drawing
from agui_runtime.wrappers.drawing.partial import PartialObject

TOOL = "render_a2ui"
USER_ACTION = "log_a2ui_event"
VERSION = "v0.9"
BASIC_CATALOG = "https://a2ui.org/specification/v0_9/basic_catalog.json"

SCHEMA_CONTEXT = (
    "A2UI Component Schema — available components for generating UI surfaces. Use these component"
    " names and properties when creating A2UI operations."
)
"""Under this description a page sends the components that it can draw, with their catalog's id."""

TOKENS_PER_SIGN = 20
"""While nothing can be drawn yet, a sign of life is sent for each so many tokens, about."""

RENDER = Tool(
    name=TOOL,
    description="Draw a user interface in the page. The context says how.",
    parameters={
        "type": "object",
        "properties": {
            "surfaceId": {"type": "string", "description": "A name for what is drawn."},
            "components": {
                "type": "array",
                "description": "A flat list of components; one has the id `root`.",
                "items": {"type": "object"},
            },
            "data": {"type": "object", "description": "Values that components refer to."},
        },
        "required": ["surfaceId", "components"],
    },
)

GUIDE = """\
`components` is a flat list. Each has a unique `id` and, in `component`, the name of one of the \
available components; its properties stand beside these. Exactly one has the id "root", and should \
be a layout. Others are referred to by id: `"child": "title"`, `"children": ["title", "list"]`. No \
component may contain itself. To repeat one for each element of a list: \
`"children": {"componentId": "row", "path": "/items"}`; within it, paths have no leading slash. \
A value from `data` is written `{"path": "/key"}`. A button tells what it was pressed for by \
`"action": {"event": {"name": "buy", "context": {"id": {"path": "id"}}}}`. Use real addresses of \
images only.

Example: {"surfaceId": "hello", "components": [{"id": "root", "component": "Column", "children": \
["text"]}, {"id": "text", "component": "Text", "text": {"path": "/greeting"}}], "data": \
{"greeting": "Hello"}}"""


class A2UIAgent(Drawing):
    """An agent that can draw: its calls of `render_a2ui` are shown, and answered.

    Whatever else it does passes. `offer` False leaves it to the agent to know the tool.
    `catalog_id` names the components; by default it is the page's own catalog, or else the basic
    one.
    """

    draws = "a2ui"

    def __init__(self, agent: object, *, catalog_id: str | None = None, offer: bool = True) -> None:
        super().__init__(agent)
        self._catalog_id = catalog_id
        self._offer = offer

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        surfaces = _Surfaces(self._catalog_id or _catalog_of(request) or BASIC_CATALOG)
        request = _with_user_action(request)
        asked = _offered(request) if self._offer else request
        async with aclosing(events_of(self.agent, asked)) as events:
            async for event in events:
                for shown in surfaces.through(event):
                    yield shown
        for result in surfaces.results():
            yield result


class _Surfaces:
    """The calls of one run that draw."""

    def __init__(self, catalog_id: str) -> None:
        self._catalog_id = catalog_id
        self._open: dict[str, _Surface] = {}

    def through(self, event: Event) -> Iterator[Event]:
        """What the page is shown of it, and the event itself."""
        kind, surface = event["type"], self._open.get(event.get("toolCallId", ""))
        if kind == "TOOL_CALL_START" and event["toolCallName"] == TOOL:
            surface = self._open[event["toolCallId"]] = _Surface(event, self._catalog_id)
            yield surface.building()
        elif kind == "TOOL_CALL_ARGS" and surface is not None:
            yield from surface.drawn(event["delta"])
        elif kind == "TOOL_CALL_RESULT":
            self._open.pop(event["toolCallId"], None)
        elif kind in TERMINAL and kind != "RUN_ERROR":
            yield from self.results()
        yield event

    def results(self) -> Iterator[Event]:
        """For the calls that the agent has not answered itself."""
        surfaces, self._open = self._open, {}
        for surface in surfaces.values():
            yield surface.result()


class _Surface:
    """One call; each activity replaces the one before, so that the last says everything."""

    def __init__(self, start: Event, catalog_id: str) -> None:
        self._call_id = start["toolCallId"]
        self._catalog_id = catalog_id
        self._arguments = PartialObject()
        self._signs = 0
        self._components: Sequence[Mapping[str, Any]] | None = None
        self._faults: list[str] = []
        self._shown: object = None

    def building(self, tokens: int | None = None) -> Event:
        told = {} if tokens is None else {"progressTokens": tokens}
        return self._activity({"status": "building", **told})

    def drawn(self, delta: str) -> Iterator[Event]:
        """The activities that the next piece of the arguments makes possible."""
        self._arguments.feed(delta)
        if self._components is None:
            yield from self._progress()
        complete = self._arguments.complete
        if "surfaceId" not in complete or "components" not in complete or self._faults:
            return
        if self._components is None:
            self._components = complete["components"]
            self._faults = _faults(self._components)
            if self._faults:
                return
            yield self._activity({"a2ui_operations": self._operations()})
        data = self._data()
        if data is not None and data != self._shown:
            self._shown = data
            yield self._activity({"a2ui_operations": [*self._operations(), self._filling(data)]})

    def result(self) -> Event:
        if self._components is None or self._faults:
            faults = self._faults or ["components: missing"]
            content: Mapping[str, Any] = {"status": "error", "errors": faults}
        else:
            content = {"status": "rendered"}
        return {
            "type": "TOOL_CALL_RESULT",
            "messageId": str(uuid4()),
            "toolCallId": self._call_id,
            "content": jsontext.dumps(content).decode(),
        }

    def _progress(self) -> Iterator[Event]:
        tokens = round(self._arguments.length / 4)
        if tokens - self._signs >= TOKENS_PER_SIGN:
            self._signs = tokens
            yield self.building(tokens)

    def _data(self) -> Mapping[str, Any] | None:
        """The data, if it is there; a model writes what it repeats last, so it comes as a whole."""
        data = self._arguments.complete.get("data")
        return data if isinstance(data, dict) else None

    def _operations(self) -> list[Mapping[str, Any]]:
        surface = {"surfaceId": self._arguments.complete["surfaceId"]}
        return [
            {"version": VERSION, "createSurface": {**surface, "catalogId": self._catalog_id}},
            {"version": VERSION, "updateComponents": {**surface, "components": self._components}},
        ]

    def _filling(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        surface = {"surfaceId": self._arguments.complete["surfaceId"]}
        return {"version": VERSION, "updateDataModel": {**surface, "path": "/", "value": data}}

    def _activity(self, content: Mapping[str, Any]) -> Event:
        return {
            "type": "ACTIVITY_SNAPSHOT",
            "messageId": f"a2ui-surface-{self._call_id}",
            "activityType": "a2ui-surface",
            "content": content,
            "replace": True,
        }


def _faults(components: object) -> list[str]:
    """Why a page could not draw them; a tree with a fault is not shown at all."""
    if not isinstance(components, list) or not components:
        return ["components: a list of at least one"]
    if not all(isinstance(each, dict) and _is_named(each) for each in components):
        return ["components: each needs the texts `id` and `component`"]
    ids = [each["id"] for each in components]
    faults = [f"components: more than one has the id {id_!r}" for id_ in _repeated(ids)]
    return faults if "root" in ids else [*faults, "components: none has the id 'root'"]


def _is_named(component: Mapping[str, Any]) -> bool:
    return isinstance(component.get("id"), str) and isinstance(component.get("component"), str)


def _repeated(ids: Sequence[str]) -> list[str]:
    return sorted({id_ for id_ in ids if ids.count(id_) > 1})


def _offered(request: RunAgentInput) -> RunAgentInput:
    """With the tool among the front end's, and how to use it in the context."""
    tools = [tool for tool in request.tools or () if tool.name != TOOL]
    guide = Context(description=f"How to call {TOOL}", value=GUIDE)
    return request.model_copy(
        update={"tools": [*tools, RENDER], "context": [*(request.context or ()), guide]}
    )


def _catalog_of(request: RunAgentInput) -> str | None:
    """The id of the catalog that the page says it has."""
    for entry in request.context or ():
        if entry.description == SCHEMA_CONTEXT:
            try:
                schema = jsontext.loads(entry.value)
            except orjson.JSONDecodeError:
                return None
            found = schema.get("catalogId") if isinstance(schema, dict) else None
            return found if isinstance(found, str) and found else None
    return None


def _with_user_action(request: RunAgentInput) -> RunAgentInput:
    """What the user did on a surface, as a call and its result at the end of the conversation."""
    props = request.forwarded_props
    sent = props.get("a2uiAction") if isinstance(props, dict) else None
    action = sent.get("userAction") if isinstance(sent, dict) else None
    if not isinstance(action, dict):
        return request
    call_id = str(uuid4())
    function = FunctionCall(name=USER_ACTION, arguments=jsontext.dumps(action).decode())
    call = AssistantMessage(id=str(uuid4()), tool_calls=[ToolCall(id=call_id, function=function)])
    told = ToolMessage(id=str(uuid4()), tool_call_id=call_id, content=_described(action))
    return request.model_copy(update={"messages": [*request.messages, call, told]})


def _described(action: Mapping[str, Any]) -> str:
    where = f"the surface {action.get('surfaceId', 'unknown')!r}"
    part = action.get("sourceComponentId")
    context = jsontext.dumps(action.get("context") or {}).decode()
    at = f", component {part!r}" if part else ""
    return f"The user did {action.get('name', 'something')!r} on {where}{at}, with {context}"
