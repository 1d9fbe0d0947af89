"""Between AG-UI's messages and those of CopilotKit's remote endpoints, in both directions. Pure.

There a text is `{type: TextMessage, id, role, content}`, a call `{type: ActionExecutionMessage, id,
name, arguments, parentMessageId?}` and a result `{type: ResultMessage, id, actionExecutionId,
actionName, result}`. What an agent keeps may lack the `type`. An image comes from front ends alone,
as `{type: ImageMessage, id, format, bytes}`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import orjson

from agui_runtime.core import block_activities, jsontext
from agui_runtime.core.events import Message
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.core.message_parts import in_words

_SPEAKERS = ("user", "assistant", "system", "developer")


def to_legacy(messages: Iterable[Message]) -> list[JsonObject]:
    """AG-UI messages as an endpoint expects them; reasoning and activities have no form there, but
    for blocks with a text that stands for them.
    """
    sent: list[JsonObject] = []
    names: dict[str, str] = {}
    for message in block_activities.in_words(messages):
        if message["role"] == "tool":
            sent.append(_result(message, names))
        elif message["role"] in _SPEAKERS:
            for call in message.get("toolCalls") or ():
                names[call["id"]] = call["function"]["name"]
            sent += _speech(message)
    return sent


def to_agui(sent: object) -> list[Message]:
    """What an endpoint says of its messages, as AG-UI messages; what is none of its forms is left
    out.
    """
    messages: list[Message] = []
    first: dict[str, Message] = {}
    for each in sent if isinstance(sent, list) else ():
        if isinstance(each, dict) and isinstance(each.get("id"), str):
            for made in _made_of(each, first):
                messages.append(made)
                first.setdefault(made["id"], made)
    return messages


def text_of(content: object) -> str:
    """A message's content as one text; parts that are no text are left out."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "".join(str(part.get("text", "")) for part in parts if isinstance(part, dict))


def as_text(value: object) -> str:
    """A JSON value as text: a text as it is, anything else encoded."""
    return value if isinstance(value, str) else jsontext.dumps(value).decode()


def _speech(message: Message) -> Iterator[JsonObject]:
    content = text_of(message.get("content"))
    calls = message.get("toolCalls") or ()
    if content or not calls:
        role = "system" if message["role"] == "developer" else message["role"]
        yield {"type": "TextMessage", "id": message["id"], "role": role, "content": content}
    for call in calls:
        yield {
            "type": "ActionExecutionMessage",
            "id": call["id"],
            "name": call["function"]["name"],
            "arguments": _parsed(call["function"]["arguments"]),
            "parentMessageId": message["id"],
        }


def _result(message: Message, names: Mapping[str, str]) -> JsonObject:
    return {
        "type": "ResultMessage",
        "id": message["id"],
        "actionExecutionId": message["toolCallId"],
        "actionName": names.get(message["toolCallId"], "unknown"),
        "result": in_words(message["content"]),
    }


def _made_of(each: Mapping[str, Json], first: Mapping[str, Message]) -> Iterator[Message]:
    """What it adds to the conversation, of which `first` finds the messages by their ids."""
    if isinstance(each.get("actionExecutionId"), str):
        content = as_text(each.get("result", ""))
        call = each["actionExecutionId"]
        yield {"id": each["id"], "role": "tool", "toolCallId": call, "content": content}
    elif isinstance(each.get("name"), str) and "arguments" in each:
        yield from _call(each, first)
    elif isinstance(each.get("bytes"), str):
        source = {"type": "data", "value": each["bytes"], "mimeType": f"image/{each.get('format')}"}
        image = [{"type": "image", "source": source}]
        yield {"id": each["id"], "role": "user", "content": image}
    elif each.get("role") in _SPEAKERS:
        content = text_of(each.get("content"))
        yield {"id": each["id"], "role": each["role"], "content": content}


def _call(each: Mapping[str, Json], first: Mapping[str, Message]) -> Iterator[Message]:
    function = {"name": each["name"], "arguments": as_text(each["arguments"])}
    call = {"id": each["id"], "type": "function", "function": function}
    parent = each.get("parentMessageId") or each["id"]
    known = first.get(parent) if isinstance(parent, str) else None
    if known is not None and known["role"] == "assistant":
        known.setdefault("toolCalls", []).append(call)
    else:
        free = parent if known is None else each["id"]
        yield {"id": free, "role": "assistant", "toolCalls": [call]}


def _parsed(arguments: str) -> object:
    try:
        return jsontext.loads(arguments)
    except orjson.JSONDecodeError:
        return {}
