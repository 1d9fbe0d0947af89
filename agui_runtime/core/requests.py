"""What a run's input holds, as plain JSON. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ag_ui.core import RunAgentInput, TextPart

from agui_runtime.core.events import Message
from agui_runtime.core.jsontext import Json


def request_messages(request: RunAgentInput, roles: Collection[str] | None = None) -> list[Message]:
    """The messages, or those of these roles, as AG-UI's JSON objects."""
    return [
        message.model_dump(mode="json", by_alias=True)
        for message in request.messages
        if roles is None or message.role in roles
    ]


def request_props(request: RunAgentInput) -> Mapping[str, Json]:
    """The front end's `forwardedProps`; {} where it sent no object."""
    props = request.forwarded_props
    return props if isinstance(props, dict) else {}


def resume_value(request: RunAgentInput) -> object:
    """`forwardedProps.command.resume`, by which front ends before AG-UI 1.0 answer all that was
    asked with one value; None where there is none.
    """
    command = request_props(request).get("command")
    return command.get("resume") if isinstance(command, dict) else None


def text_of(content: object) -> str:
    """What is written in the content of a message, without what is attached to it."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else ()
    return "\n".join(part.text for part in parts if isinstance(part, TextPart))
