"""How an agent's question reaches a CopilotKit 1.10 front end: as a meta event. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from agui_runtime.core import jsontext
from agui_runtime.core.jsontext import Json
from agui_runtime.wires.graphql.answer.messages import text_of
from agui_runtime.wires.graphql.nouns.scalars import DateTimeISO
from agui_runtime.wires.graphql.nouns.types import (
    ActionExecutionMessageOutput,
    BaseMessageOutput,
    BaseMetaEvent,
    CopilotKitLangGraphInterruptEvent,
    CopilotKitLangGraphInterruptEventData,
    LangGraphInterruptEvent,
    SuccessMessageStatus,
    TextMessageOutput,
)


def meta_event(name: str, value: object, at: DateTimeISO) -> BaseMetaEvent | None:
    """The meta event for a CUSTOM event of that name; None if it means nothing to the front end.

    The front end parses the value of a LangGraphInterruptEvent, if it can: text is passed on as it
    is, anything else as JSON.
    """
    if name in ("on_interrupt", "LangGraphInterruptEvent"):
        return LangGraphInterruptEvent(value=_text(value))
    if name == "CopilotKitLangGraphInterruptEvent":
        return _with_messages(value, at)
    return None


def unannounced(interrupts: list[Json]) -> BaseMetaEvent:
    """The meta event for interrupts that a run ended with and no CUSTOM event announced."""
    value = interrupts[0] if len(interrupts) == 1 else interrupts
    return LangGraphInterruptEvent(value=_text(value))


def _with_messages(value: object, at: DateTimeISO) -> CopilotKitLangGraphInterruptEvent:
    data = value if isinstance(value, dict) else {"value": value}
    messages = data.get("messages")
    return CopilotKitLangGraphInterruptEvent(
        data=CopilotKitLangGraphInterruptEventData(
            value=_text(data.get("value")),
            messages=list(_read(messages, at)) if isinstance(messages, list) else [],
        )
    )


def _read(messages: list[Any], at: DateTimeISO) -> Iterable[BaseMessageOutput]:
    """Text and action messages in CopilotKit's own form, as its agents' libraries write them."""
    for message in messages:
        if not isinstance(message, dict) or not isinstance(message.get("id"), str):
            continue
        if "content" in message and "role" in message:
            yield TextMessageOutput(
                id=message["id"],
                created_at=at,
                content=[text_of(message["content"])],
                status=SuccessMessageStatus(),
            )
        elif "arguments" in message:
            yield ActionExecutionMessageOutput(
                id=message["id"],
                created_at=at,
                name=str(message.get("name", "")),
                arguments=[_text(message["arguments"])],
                status=SuccessMessageStatus(),
            )


def _text(value: object) -> str:
    return value if isinstance(value, str) else jsontext.dumps(value).decode()
