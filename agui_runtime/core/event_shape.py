"""What an event must have for whatever reads a log. Pure; it is no validation."""

from __future__ import annotations

from typing import get_args

from ag_ui.core import Event as AnyEvent


def is_event(value: object) -> bool:
    """Whether it is an object with a type, and with what events of that type must have."""
    if not isinstance(value, dict) or not isinstance(kind := value.get("type"), str):
        return False
    for field in _REQUIRED.get(kind, ()):
        if field not in value or (field in _TEXTS and not isinstance(value[field], str)):
            return False
    if "delta" in value and not isinstance(value["delta"], list if kind in _PATCHES else str):
        return False
    if kind == "ACTIVITY_DELTA" and not isinstance(value["patch"], list):
        return False
    return _holds_messages(value) and _holds_messages(value.get("input") or {})


def _holds_messages(value: object) -> bool:
    messages = value.get("messages", []) if isinstance(value, dict) else None
    return isinstance(messages, list) and all(map(_is_message, messages))


def _is_message(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("id"), str) and "role" in value


_TEXTS = frozenset(
    {
        *("messageId", "toolCallId", "toolCallName", "subagentRunId", "stepName", "entityId"),
        *("threadId", "runId", "activityType", "encryptedValue", "subtype"),
    }
)

_PATCHES = frozenset({"STATE_DELTA"})

_REQUIRED = {
    kind: tuple(
        field.alias or name
        for name, field in model.model_fields.items()
        if name != "type" and field.is_required()
    )
    for model in get_args(get_args(AnyEvent)[0])
    for kind in get_args(model.model_fields["type"].annotation)
}
