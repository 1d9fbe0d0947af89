"""What graphs say by hand: the custom events of CopilotKit's and AG-UI's Python libraries. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from agui_runtime.core import jsontext
from agui_runtime.core.events import Event
from agui_runtime.core.jsontext import Json, JsonObject

_HIDDEN = frozenset({"messages", "tools", "copilotkit", "ag-ui", "__interrupt__"})
"""Keys of a graph's values that are no state for a front end: emitted otherwise, or its own."""


def shown(values: Mapping[str, Json]) -> JsonObject:
    """Of a graph's values, the state for a front end."""
    return {key: value for key, value in values.items() if key not in _HIDDEN}


def emitted(name: str, value: Json) -> Iterator[Event]:
    """The events that a graph means by a custom event (`copilotkit_emit_message` and its likes).

    Any other name remains a custom event. Raises AttributeError, KeyError or TypeError for a value
    that is not what the library sends.
    """
    tell = _TELL.get(name)
    if tell is None:
        yield {"type": "CUSTOM", "name": name, "value": value}
    else:
        yield from tell(value)


def _message(value: Mapping[str, Json]) -> Iterator[Event]:
    ids = {"messageId": value["message_id"]}
    yield {"type": "TEXT_MESSAGE_START", **ids, "role": "assistant"}
    yield {"type": "TEXT_MESSAGE_CONTENT", **ids, "delta": value["message"]}
    yield {"type": "TEXT_MESSAGE_END", **ids}


def _call(value: Mapping[str, Json]) -> Iterator[Event]:
    ids, args = {"toolCallId": value["id"]}, value["args"]
    delta = args if isinstance(args, str) else jsontext.dumps(args).decode()
    yield {"type": "TOOL_CALL_START", **ids, "toolCallName": value["name"]}
    yield {"type": "TOOL_CALL_ARGS", **ids, "delta": delta}
    yield {"type": "TOOL_CALL_END", **ids}


def _state(value: Mapping[str, Json]) -> Iterator[Event]:
    yield {"type": "STATE_SNAPSHOT", "snapshot": shown(value)}


def _exit(value: object) -> Iterator[Event]:
    """As the reference tells front ends of it."""
    yield {"type": "CUSTOM", "name": "Exit", "value": True}


_TELL: dict[str, Callable[[Any], Iterator[Event]]] = {
    "copilotkit_manually_emit_message": _message,
    "copilotkit_manually_emit_tool_call": _call,
    "copilotkit_manually_emit_intermediate_state": _state,
    "copilotkit_exit": _exit,
    "manually_emit_message": _message,
    "manually_emit_tool_call": _call,
    "manually_emit_state": _state,
}
