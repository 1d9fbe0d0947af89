"""What a run's input holds, as plain JSON. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import get_args

from ag_ui.core import Message as AnyMessage, RunAgentInput, TextPart
from pydantic.fields import FieldInfo

from agui_runtime.core.events import Message
from agui_runtime.core.jsontext import Json


def request_messages(request: RunAgentInput, roles: Collection[str] | None = None) -> list[Message]:
    """The messages, or those of these roles, as AG-UI's JSON objects."""
    chosen = (each for each in request.messages if roles is None or each.role in roles)
    return list(map(message_json, chosen))


def message_json(message: AnyMessage) -> Message:
    """The message as AG-UI's JSON object. One of nothing but texts, as nearly all are, takes a
    third of the time of `model_dump`, which gives the same.
    """
    fields, form = message.__dict__, _FORMS.get(type(message))
    if (
        form is None
        or message.__pydantic_extra__
        or not _TEXTS.issuperset(map(type, fields.values()))
    ):
        return message.model_dump(mode="json", by_alias=True)
    names, optional = form
    return {
        names[field]: text
        for field, text in fields.items()
        if text is not None or field not in optional
    }


def _is_optional(field: FieldInfo) -> bool:
    return not field.is_required() and field.default is None


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


_FORMS = {
    kind: (
        {name: field.alias or name for name, field in kind.model_fields.items()},
        {name for name, field in kind.model_fields.items() if _is_optional(field)},
    )
    for kind in get_args(get_args(AnyMessage)[0])
}
"""Of each kind of message the names of its fields in JSON, and the fields that are left out where
they are None.
"""

_TEXTS = frozenset({str, type(None)})
