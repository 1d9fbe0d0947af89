"""What a run of a graph is given: its input, and its configuration. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ag_ui.core import RunAgentInput

from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.core.requests import request_props, resume_value

SCHEMA_CONTEXT = "A2UI Component Schema"
"""So begins the description of the context in which a page says which components it can draw."""

FORWARDED = "copilotkit_forwarded_headers"
"""Where CopilotKit's middleware finds the headers that go on to the model's provider."""


class RunConfig:
    """A graph's configuration: the application's own, with what a page may choose.

    `own` is LangGraph's (`recursion_limit`, `tags`, `metadata`, `configurable`); `choices` are the
    names that count in the configuration that a page sends. Raises Misconfigured for what cannot be
    meant.
    """

    def __init__(self, own: Mapping[str, Json] | None, choices: Sequence[str]) -> None:
        self._own = dict(own or {})
        self._choices = frozenset(choices)
        limit = self._own.get("recursion_limit", 1)
        if not isinstance(limit, int) or limit < 1:
            raise Misconfigured("config: `recursion_limit` is a whole number from 1 on")
        if not isinstance(self._own.get("configurable", {}), Mapping):
            raise Misconfigured("config: `configurable` is a dictionary")

    def of(self, request: RunAgentInput, headers: Mapping[str, str]) -> JsonObject:
        """The configuration of one run; {} where there is nothing to say.

        Of the forwarded headers, graphs see those that begin with `x-`.
        """
        sent = request_props(request).get("config")
        sent = sent if isinstance(sent, dict) else {}
        chosen = sent.get("configurable", sent)
        settings = {**self._own.get("configurable", {}), **self._chosen(chosen)}
        seen = {name: value for name, value in headers.items() if name.startswith("x-")}
        settings |= {FORWARDED: seen} if seen else {}
        config = self._own | {key: sent[key] for key in self._choices & _RUNS_OWN & sent.keys()}
        config.pop("configurable", None)
        return config | ({"configurable": settings} if settings else {})

    def _chosen(self, sent: object) -> JsonObject:
        settings = sent if isinstance(sent, dict) else {}
        return {key: settings[key] for key in (self._choices - _RUNS_OWN) & settings.keys()}


_RUNS_OWN = frozenset({"recursion_limit", "tags", "metadata"})
"""Settings of LangGraph itself; all others are those of a graph."""


def graph_input(request: RunAgentInput, messages: Sequence[Mapping[str, Json]]) -> JsonObject:
    """The graph's state as the front end has it, with what the front end offers.

    Graphs find that under the names of LangGraph's adapters: `tools`, `copilotkit` and `ag-ui`.
    """
    state = request.state if isinstance(request.state, dict) else {}
    tools = [tool.model_dump(mode="json", by_alias=True) for tool in request.tools or ()]
    context = [entry.model_dump(mode="json", by_alias=True) for entry in request.context or ()]
    return {
        **state,
        "tools": tools,
        "copilotkit": {"actions": tools, "context": context},
        "ag-ui": {"tools": tools, **_drawing(request, context)},
        "messages": messages,
    }


def _drawing(request: RunAgentInput, context: Sequence[Mapping[str, Json]]) -> JsonObject:
    """The context, of which the components to draw with, and whether to, have places of their own.

    CopilotKit's middleware makes its own tool for drawing of them.
    """
    schema = next((each["value"] for each in context if _is_schema(each)), None)
    drawing = request_props(request).get("injectA2UITool")
    return {
        "context": [each for each in context if not _is_schema(each)],
        **({"a2ui_schema": schema} if schema is not None else {}),
        **({"inject_a2ui_tool": drawing} if drawing is not None else {}),
    }


def _is_schema(entry: Mapping[str, Json]) -> bool:
    return str(entry["description"]).startswith(SCHEMA_CONTEXT)


def wants_subgraphs(request: RunAgentInput) -> bool:
    """Whether a page is shown what agents within the graph say; unless it says no, it is."""
    return request_props(request).get("streamSubgraphs") is not False


def answer_in(request: RunAgentInput) -> object:
    """What the request answers to interrupts: by their ids, or older front ends' one value."""
    if request.resume:
        return {each.interrupt_id: each.payload for each in request.resume}
    return resume_value(request)
