"""A2UI: a model describes a user interface in a tool's arguments, and the page draws it meanwhile.

The messages to the page are those of A2UI 0.9, in AG-UI activities of the type `a2ui-surface`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import aclosing
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

from agui_runtime.agents.border import normal
from agui_runtime.core import jsontext
from agui_runtime.core.events import Event
from agui_runtime.core.jsontext import Json
from agui_runtime.core.requests import request_props
from agui_runtime.wrappers.base import Wrapper
from agui_runtime.wrappers.drawing import Drawing
from agui_runtime.wrappers.drawing.surfaces import (
    TOOL as TOOL,
    USER_ACTION,
    ComponentCatalog,
    Returned,
    Surfaces,
)

BASIC_CATALOG = "https://a2ui.org/specification/v0_9/basic_catalog.json"

SCHEMA_CONTEXT = (
    "A2UI Component Schema — available components for generating UI surfaces. Use these component"
    " names and properties when creating A2UI operations."
)
"""Under this description a page sends the components that it can draw, with their catalog's id."""

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
    """An agent that can draw: its calls of `render_a2ui` are shown, and answered; so are the
    surfaces that its tools return (`{"a2ui_operations": [...]}`).

    Whatever else it does passes. `offer` False leaves it to the agent to know the tool.
    `catalog_id` names the components; by default it is the page's own catalog, or else the basic
    one. `components` are their JSON Schemas by name: the agent is given them, and what they do not
    allow is not drawn.
    """

    draws = "a2ui"

    def __init__(
        self,
        agent: object,
        *,
        catalog_id: str | None = None,
        components: Mapping[str, Json] | None = None,
        offer: bool = True,
    ) -> None:
        super().__init__(agent)
        self._catalog_id = catalog_id
        self._components = components
        self._offer = offer

    @normal
    async def run(self, request: RunAgentInput) -> AsyncGenerator[Event, None]:
        catalog = ComponentCatalog(
            self._catalog_id or _catalog_of(request) or BASIC_CATALOG, self._components
        )
        surfaces = Surfaces(catalog)
        given = _with_user_action(_with_components(request, catalog))
        given = _offered(given) if self._offer else given
        async with aclosing(self.agent.run(given)) as events:
            async for event in events:
                for shown in surfaces.through(event):
                    yield shown
        for result in surfaces.results():
            yield result


class ResultsDrawn(Wrapper):
    """The agent, and the surfaces that these tools return, which others carry out for it."""

    def __init__(self, agent: object, tools: Collection[str]) -> None:
        super().__init__(agent)
        self._tools = frozenset(tools)

    @normal
    async def run(self, request: RunAgentInput) -> AsyncGenerator[Event, None]:
        returned = Returned(self._tools)
        async with aclosing(self.agent.run(request)) as events:
            async for event in events:
                returned.note(event)
                yield event
                if event["type"] == "TOOL_CALL_RESULT":
                    for shown in returned.drawn(event):
                        yield shown


def _with_components(request: RunAgentInput, catalog: ComponentCatalog) -> RunAgentInput:
    """The components that the application names stand for those that the page has."""
    if catalog.components is None:
        return request
    value = jsontext.dumps({"catalogId": catalog.id, "components": catalog.components}).decode()
    others = [each for each in request.context or () if each.description != SCHEMA_CONTEXT]
    entry = Context(description=SCHEMA_CONTEXT, value=value)
    return request.model_copy(update={"context": [*others, entry]})


def _offered(request: RunAgentInput) -> RunAgentInput:
    """With the tool among the front end's, and how to use it in the context.

    Middleware of other frameworks makes a tool of its own instead, if this property is set.
    """
    tools = [tool for tool in request.tools or () if tool.name != TOOL]
    guide = Context(description=f"How to call {TOOL}", value=GUIDE)
    return request.model_copy(
        update={
            "tools": [*tools, RENDER],
            "context": [*(request.context or ()), guide],
            "forwarded_props": {**request_props(request), "injectA2UITool": True},
        }
    )


def _catalog_of(request: RunAgentInput) -> str | None:
    """The id of the catalog that the page has."""
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
    sent = request_props(request).get("a2uiAction")
    action = sent.get("userAction") if isinstance(sent, dict) else None
    if not isinstance(action, dict):
        return request
    call_id = str(uuid4())
    function = FunctionCall(name=USER_ACTION, arguments=jsontext.dumps(action).decode())
    call = AssistantMessage(id=str(uuid4()), tool_calls=[ToolCall(id=call_id, function=function)])
    result = ToolMessage(id=str(uuid4()), tool_call_id=call_id, content=_described(action))
    return request.model_copy(update={"messages": [*request.messages, call, result]})


def _described(action: Mapping[str, Json]) -> str:
    where = f"the surface {action.get('surfaceId', 'unknown')!r}"
    part = action.get("sourceComponentId")
    context = jsontext.dumps(action.get("context") or {}).decode()
    at = f", component {part!r}" if part else ""
    return f"The user did {action.get('name', 'something')!r} on {where}{at}, with {context}"
