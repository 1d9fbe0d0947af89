"""Between the front end's messages and AG-UI's, in both directions. Pure; no requests, no events.

The rules are the 1.10.6 runtime's: an action execution becomes a tool call of its parent message,
messages that hold agent state are left out, and so are messages whose JSON cannot be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from agui_runtime.core import block_activities, jsontext
from agui_runtime.core.events import Message
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.core.message_parts import in_words
from agui_runtime.wires.graphql.answer.releases import FAILURE_ID
from agui_runtime.wires.graphql.nouns.inputs import (
    ActionExecutionMessageInput,
    ImageMessageInput,
    MessageInput,
    ResultMessageInput,
    TextMessageInput,
    given,
)

_SPEAKERS = ("user", "assistant", "system")


def to_agui(sent: Iterable[MessageInput]) -> list[Message]:
    """The conversation as AG-UI messages, in order."""
    messages: list[Message] = []
    first: dict[str, Message] = {}
    for message in sent:
        made = _made_of(message, first)
        if made is not None:
            messages.append(made)
            first.setdefault(made["id"], made)
    return messages


def _made_of(message: MessageInput, first: Mapping[str, Message]) -> Message | None:
    """What it adds to the conversation, of which `first` finds the messages by their ids."""
    if message.id.startswith(FAILURE_ID):
        return None
    if message.text_message:
        return _text(message.id, message.text_message)
    if message.action_execution_message:
        return _call(first, message.id, message.action_execution_message)
    if message.result_message:
        return _result(message.id, message.result_message)
    return _image(message.id, message.image_message) if message.image_message else None


def legacy(messages: Sequence[Message]) -> list[JsonObject]:
    """AG-UI messages in the JSON form that a 1.10.6 front end loads as its chat.

    A text is `{role, content, id}`, a call `{id, name, arguments, parentMessageId}`, a result
    `{actionExecutionId, actionName, result, id}`. Blocks are the texts that stand for them.
    """
    messages = block_activities.in_words(messages)
    calls = (call for message in messages for call in message.get("toolCalls", ()))
    names = {call["id"]: call["function"]["name"] for call in calls}
    loaded: list[dict[str, Any]] = []
    for message in messages:
        if message["role"] in _SPEAKERS:
            loaded.extend(_legacy_speech(message))
        elif message["role"] == "tool":
            loaded.append(
                {
                    "actionExecutionId": message["toolCallId"],
                    "actionName": names.get(message["toolCallId"], "unknown"),
                    "result": in_words(message["content"]),
                    "id": message["id"],
                }
            )
    return loaded


def text_of(content: object) -> str:
    """A message's content as one text; parts that are no text are left out."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "".join(part["text"] for part in parts if part.get("type") == "text")


def _text(identity: str, message: TextMessageInput) -> Message | None:
    # AG-UI's tool messages name their call; a text cannot, so there is nothing to make of one.
    role = message.role.value
    return None if role == "tool" else {"id": identity, "role": role, "content": message.content}


def _call(
    first: Mapping[str, Message], identity: str, message: ActionExecutionMessageInput
) -> Message | None:
    """Nothing where a message that is there takes it."""
    try:
        jsontext.loads(message.arguments)
    except orjson.JSONDecodeError:
        return None
    function = {"name": message.name, "arguments": message.arguments}
    call = {"id": identity, "type": "function", "function": function}
    parent = given(message.parent_message_id)
    known = first.get(parent) if parent else None
    if known is not None and known["role"] == "assistant":
        known.setdefault("toolCalls", []).append(call)
        return None
    unused = parent if parent and known is None else identity
    return {"id": unused, "role": "assistant", "toolCalls": [call]}


def _result(identity: str, message: ResultMessageInput) -> Message:
    call = message.action_execution_id
    return {"id": identity, "role": "tool", "content": message.result, "toolCallId": call}


def _image(identity: str, message: ImageMessageInput) -> Message:
    source = {"type": "data", "value": message.bytes, "mimeType": f"image/{message.format}"}
    return {"id": identity, "role": "user", "content": [{"type": "image", "source": source}]}


def _legacy_speech(message: Message) -> Iterable[dict[str, Any]]:
    content = text_of(message.get("content"))
    if content:
        yield {"role": message["role"], "content": content, "id": message["id"]}
    for call in message.get("toolCalls", ()):
        yield {
            "id": call["id"],
            "name": call["function"]["name"],
            "arguments": _parsed(call["function"]["arguments"]),
            "parentMessageId": message["id"],
        }


def _parsed(arguments: str) -> object:
    try:
        return jsontext.loads(arguments)
    except orjson.JSONDecodeError:
        return {}
