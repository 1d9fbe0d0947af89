"""An agent that plays the part of a service adapter: its script stands in the last user message."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from ag_ui.core import (
    BaseEvent,
    RunAgentInput,
    TextMessageContentEvent,
    TextMessageEndEvent,
    TextMessageStartEvent,
    ToolCallArgsEvent,
    ToolCallEndEvent,
    ToolCallStartEvent,
    UserMessage,
)

from tests.fakes.agents import Events

Operation: TypeAlias = Sequence[Any]
"""`[name, argument]` as in `["sendTextMessageContent", {"messageId": "m1", "content": "x"}]`."""


async def operations_agent(request: RunAgentInput) -> Events:
    """Carries out the JSON list of operations in the last user message.

    `throw` and `syncThrow` raise, `sleep` waits so many milliseconds; other names do nothing.
    """
    for name, argument in _operations(request):
        if name in {"throw", "syncThrow"}:
            raise RuntimeError(argument)
        if name == "sleep":
            await asyncio.sleep(argument / 1000)
        for event in OPERATIONS.get(name, _nothing)(argument):
            yield event


def _operations(request: RunAgentInput) -> list[Operation]:
    asked = next(m.content for m in reversed(request.messages) if isinstance(m, UserMessage))
    return json.loads(asked) if isinstance(asked, str) else []


def _nothing(argument: object) -> Sequence[BaseEvent]:
    return ()


def _text_start(it: dict[str, Any]) -> Sequence[BaseEvent]:
    # AG-UI text has no parent; an unknown key is the only place for one.
    parent = {"parentMessageId": it["parentMessageId"]} if "parentMessageId" in it else {}
    return (TextMessageStartEvent(message_id=it["messageId"], role="assistant", **parent),)


def _text_content(it: dict[str, Any]) -> Sequence[BaseEvent]:
    return (TextMessageContentEvent(message_id=it["messageId"], delta=it["content"]),)


def _text_end(it: dict[str, Any]) -> Sequence[BaseEvent]:
    return (TextMessageEndEvent(message_id=it["messageId"]),)


def _tool_start(it: dict[str, Any]) -> Sequence[BaseEvent]:
    return (
        ToolCallStartEvent(
            tool_call_id=it["actionExecutionId"],
            tool_call_name=it["actionName"],
            parent_message_id=it.get("parentMessageId"),
        ),
    )


def _tool_arguments(it: dict[str, Any]) -> Sequence[BaseEvent]:
    return (ToolCallArgsEvent(tool_call_id=it["actionExecutionId"], delta=it["args"]),)


def _tool_end(it: dict[str, Any]) -> Sequence[BaseEvent]:
    return (ToolCallEndEvent(tool_call_id=it["actionExecutionId"]),)


def _tool(it: dict[str, Any]) -> Sequence[BaseEvent]:
    return (*_tool_start(it), *_tool_arguments(it), *_tool_end(it))


OPERATIONS: Mapping[str, Callable[[Any], Sequence[BaseEvent]]] = {
    "sendTextMessageStart": _text_start,
    "sendTextMessageContent": _text_content,
    "sendTextMessageEnd": _text_end,
    "sendActionExecutionStart": _tool_start,
    "sendActionExecutionArgs": _tool_arguments,
    "sendActionExecutionEnd": _tool_end,
    "sendActionExecution": _tool,
}
