"""CopilotKit's runtime events (`{"type": "TextMessageStart", ...}`) as AG-UI events. Pure.

CrewAI agents of the SDK and its custom ones speak them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import orjson

from agui_runtime.connectors.copilotkit.messages import as_text, to_agui
from agui_runtime.core import jsontext
from agui_runtime.core.events import Event, Message
from agui_runtime.core.jsontext import Json

Line = Mapping[str, Json]


class RuntimeEvents:
    """Reads one agent's runtime events; `messages` are those of its latest state."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def read(self, line: Line) -> Sequence[Event]:
        """The events that a line stands for; none for a type that is not known."""
        read = _READ.get(str(line.get("type")))
        return read(self, line) if read else ()

    def state(self, line: Line, state: object) -> Event:
        """A state as the agent tells it: with its node, and whether it is still at work.

        The messages in it are not part of the state; CopilotKit's front end takes them for the
        chat.
        """
        if isinstance(state, dict) and "messages" in state:
            self.messages = to_agui(state["messages"]) or self.messages
            state = {key: value for key, value in state.items() if key != "messages"}
        about = {name: line[name] for name in _ABOUT_STATE if line.get(name) is not None}
        return {
            "type": "STATE_SNAPSHOT",
            "snapshot": state,
            "metadata": {"copilotkit": about},
        }

    def _text_started(self, line: Line) -> Sequence[Event]:
        return (
            {"type": "TEXT_MESSAGE_START", "messageId": line["messageId"], "role": "assistant"},
        )

    def _text_content(self, line: Line) -> Sequence[Event]:
        content = line.get("content")
        if not content:
            return ()
        ids = {"messageId": line["messageId"]}
        return ({"type": "TEXT_MESSAGE_CONTENT", **ids, "delta": content},)

    def _text_ended(self, line: Line) -> Sequence[Event]:
        return ({"type": "TEXT_MESSAGE_END", "messageId": line["messageId"]},)

    def _call_started(self, line: Line) -> Sequence[Event]:
        parent = line.get("parentMessageId")
        return (
            {
                "type": "TOOL_CALL_START",
                "toolCallId": line["actionExecutionId"],
                "toolCallName": line["actionName"],
                **({"parentMessageId": parent} if parent else {}),
            },
        )

    def _call_arguments(self, line: Line) -> Sequence[Event]:
        arguments = line.get("args")
        if not arguments:
            return ()
        ids = {"toolCallId": line["actionExecutionId"]}
        return ({"type": "TOOL_CALL_ARGS", **ids, "delta": as_text(arguments)},)

    def _call_ended(self, line: Line) -> Sequence[Event]:
        return ({"type": "TOOL_CALL_END", "toolCallId": line["actionExecutionId"]},)

    def _call_answered(self, line: Line) -> Sequence[Event]:
        call = line["actionExecutionId"]
        ids = {"messageId": f"result-{call}", "toolCallId": call, "role": "tool"}
        return ({"type": "TOOL_CALL_RESULT", **ids, "content": as_text(line.get("result", ""))},)

    def _state(self, line: Line) -> Sequence[Event]:
        state = line.get("state")
        if isinstance(state, str):
            state = _json(state)
        return (self.state(line, state),)

    def _meta(self, line: Line) -> Sequence[Event]:
        name = str(line.get("name"))
        value = line["data"] if "data" in line else line.get("value")
        known = {"LangGraphInterruptEvent": "on_interrupt"}
        return ({"type": "CUSTOM", "name": known.get(name, name), "value": value},)


_ABOUT_STATE = ("nodeName", "runId", "active", "running")

_READ: dict[str, Callable[[RuntimeEvents, Line], Sequence[Event]]] = {
    "TextMessageStart": RuntimeEvents._text_started,
    "TextMessageContent": RuntimeEvents._text_content,
    "TextMessageEnd": RuntimeEvents._text_ended,
    "ActionExecutionStart": RuntimeEvents._call_started,
    "ActionExecutionArgs": RuntimeEvents._call_arguments,
    "ActionExecutionEnd": RuntimeEvents._call_ended,
    "ActionExecutionResult": RuntimeEvents._call_answered,
    "AgentStateMessage": RuntimeEvents._state,
    "MetaEvent": RuntimeEvents._meta,
}


def _json(text: str) -> object:
    try:
        return jsontext.loads(text)
    except orjson.JSONDecodeError:
        return {}
