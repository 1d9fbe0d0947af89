"""How a graph on a LangGraph server is reached and run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypedDict

from agui_runtime.connectors.shared.remote import RemoteOptions
from agui_runtime.core.jsontext import Json
from agui_runtime.core.keyword_arguments import check_arguments, note_arguments


@dataclass(frozen=True, slots=True)
class LangGraphOptions(RemoteOptions):
    """Those of every remote server, and a graph's own.

    `api_key` is LangSmith's. `config` is LangGraph's for every run (`{"recursion_limit": 100}`);
    `configurable` names the settings that a front end may choose besides
    (`forwardedProps.config`). `structured_interrupts`: see `GraphTranslator`. Graphs that dispatch
    no custom events, neither through CopilotKit's SDK (`copilotkit_emit_message`) nor by
    `adispatch_custom_event`, need not stream their callbacks: `dispatched=False` spares three
    quarters of the traffic.
    """

    api_key: str | None = None
    config: Mapping[str, Json] | None = None
    configurable: Sequence[str] = ()
    structured_interrupts: bool = False
    dispatched: bool = True


class GraphArguments(TypedDict, total=False):
    """Fields of LangGraphOptions as arguments of a `LangGraphAgent`."""

    api_key: str | None
    config: Mapping[str, Json] | None
    configurable: Sequence[str]
    structured_interrupts: bool
    dispatched: bool


note_arguments(
    "LangGraphAgent",
    ["url", "assistant", "name", "description", "options", *GraphArguments.__annotations__],
)


def options_of(given: RemoteOptions, arguments: GraphArguments) -> LangGraphOptions:
    """All of it together; an argument counts before the field of its name. Raises TypeError for an
    argument that there is not.
    """
    check_arguments("LangGraphAgent", arguments)
    if isinstance(given, LangGraphOptions):
        return replace(given, **arguments)
    reached: dict[str, Any] = {each.name: getattr(given, each.name) for each in fields(given)}
    return LangGraphOptions(**reached, **arguments)
