"""Messages between AG-UI and LangChain's JSON, and what of them a thread has not seen. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import orjson

from agui_runtime.connectors.shared.langchain import (
    calls_of,
    parts_of,
    reasoning_id,
    text_of,
    thoughts_of,
    to_block,
    to_thought,
)
from agui_runtime.core import jsontext
from agui_runtime.core.events import Message
from agui_runtime.core.jsontext import Json, JsonObject

Chain: TypeAlias = Mapping[str, Json]
"""A message as LangGraph's API has it: `{"type": "human" | "ai" | "tool", "content": ..., ...}`."""


def changes(stored: Sequence[Chain], sent: Sequence[Message]) -> list[JsonObject]:
    """What makes a thread that holds `stored` go on from the conversation `sent`.

    New messages are appended. What the thread has after the last one that both know is removed
    first: the user changed a message there, or wants another answer.
    """
    known = {
        key: place
        for place, message in enumerate(stored)
        for key in _stored_keys(message)
        if not _changed(message, sent)
    }
    spoken = [message for message in sent if message["role"] != "reasoning"]
    places = [max((known[key] for key in _keys(m) if key in known), default=-1) for m in spoken]
    last = max(places, default=-1)
    fresh = {m["id"] for m, place in zip(spoken, places, strict=True) if place < 0}
    gone = [m["id"] for m in stored[last + 1 :] if m.get("id")]
    removed = [{"type": "remove", "id": id_, "content": ""} for id_ in gone]
    return removed + [each for each in to_chain(sent) if each["id"] in fresh]


def to_chain(messages: Sequence[Message]) -> list[JsonObject]:
    """AG-UI messages as LangGraph's API takes them; reasoning is part of what it led to."""
    made: list[JsonObject] = []
    thoughts: list[Message] = []
    for message in messages:
        if message["role"] == "reasoning":
            thoughts.append(message)
            continue
        each = _to_chain(message)
        made.append(_with_thoughts(each, thoughts) if each["type"] == "ai" and thoughts else each)
        thoughts = []
    return made


def to_agui(messages: Sequence[Chain]) -> list[Message]:
    """LangGraph's messages for front ends; prompts are not shown to them."""
    return [each for message in messages if message.get("id") for each in _to_agui(message)]


_TYPES = {
    "user": "human",
    "assistant": "ai",
    "tool": "tool",
    "system": "system",
    "developer": "system",
}


def result_of(message: Chain) -> str | list[JsonObject]:
    """What a tool returned; a text as far as it can be."""
    content = parts_of(message.get("content"))
    media = not isinstance(content, str) and any("source" in part for part in content)
    return content if media else text_of(content)


_OURS = "ag-ui"
"""Among a message's additional arguments: what AG-UI has of it, and LangChain has no place for."""

_BESIDE = frozenset({"parts", "reasoning"})
"""What of that is no field of the message itself."""

_PLAIN = frozenset({"id", "role", "content", "toolCalls", "toolCallId"})
"""What of a message LangChain has a place for."""


def _keys(message: Message) -> list[str]:
    """Front ends cut messages their own way, and give results ids of their own."""
    if message["role"] == "tool":
        return [message["id"], f"answer:{message['toolCallId']}"]
    return [message["id"], *(call["id"] for call in message.get("toolCalls") or ())]


def _changed(stored: Chain, sent: Sequence[Message]) -> bool:
    """The user has other words, or other attachments, now in a message of that id."""
    return stored.get("type") == "human" and any(
        message["id"] == stored.get("id") and _differ(message["content"], stored.get("content"))
        for message in sent
    )


def _differ(sent: object, stored: object) -> bool:
    """Pages to which attachments were not shown have none to send."""
    media = _media(sent)
    return text_of(sent) != text_of(stored) or bool(media and media != _media(parts_of(stored)))


def _media(parts: object) -> list[str]:
    listed = parts if isinstance(parts, list) else []
    return [part["source"]["value"] for part in listed if "source" in part]


def _stored_keys(message: Chain) -> Iterator[str]:
    if message.get("id"):
        yield message["id"]
    if message.get("type") == "tool":
        yield f"answer:{message.get('tool_call_id')}"
    for call in message.get("tool_calls") or ():
        yield call["id"]


def _to_call(call: Mapping[str, Json]) -> JsonObject:
    function = call["function"]
    try:
        arguments = jsontext.loads(function["arguments"] or "{}")
    except orjson.JSONDecodeError:
        arguments = {}
    args = arguments if isinstance(arguments, dict) else {}
    return {"id": call["id"], "name": function["name"], "args": args, "type": "tool_call"}


def _to_chain(message: Message) -> JsonObject:
    made = {"id": message["id"], "type": _TYPES[message["role"]], **_content(message)}
    if message["role"] == "assistant":
        made["tool_calls"] = [_to_call(call) for call in message.get("toolCalls") or ()]
    elif message["role"] == "tool":
        status = "error" if message.get("error") else "success"
        made |= {"tool_call_id": message["toolCallId"], "status": status}
    return made


def _content(message: Message) -> JsonObject:
    """The content, and what LangChain has no place for."""
    content = message.get("content")
    ours = {key: value for key, value in message.items() if key not in _PLAIN}
    if isinstance(content, list):
        blocks = [to_block(part) for part in content]
        rest = [_rest(part, block) for part, block in zip(content, blocks, strict=True)]
        ours |= {"parts": rest} if any(rest) else {}
        content = blocks
    return {
        "content": content if content is not None else "",
        **({"additional_kwargs": {_OURS: ours}} if ours else {}),
    }


def _with_thoughts(made: Chain, thoughts: list[Message]) -> JsonObject:
    """An assistant's message with the reasoning that stood before it."""
    blocks = [block for each in thoughts if (block := to_thought(each))]
    text = [{"type": "text", "text": made["content"]}] if made["content"] else []
    message = {**made, "content": [*blocks, *text] if blocks else made["content"]}
    if list(_thoughts(message, {})) != thoughts:
        beside = made.get("additional_kwargs") or {}
        ours = {**beside.get(_OURS, {}), "reasoning": thoughts}
        message["additional_kwargs"] = {**beside, _OURS: ours}
    return message


def _rest(part: Mapping[str, Json], block: Mapping[str, Json]) -> JsonObject:
    """What the block does not say of the part."""
    again = parts_of([block])
    if isinstance(again, str) or part["type"] == "binary":
        return {}
    return {key: value for key, value in part.items() if again[0].get(key) != value}


def _to_agui(message: Chain) -> Iterator[Message]:
    id_, kind = message["id"], message.get("type")
    ours = (message.get("additional_kwargs") or {}).get(_OURS) or {}
    about = {key: value for key, value in ours.items() if key not in _BESIDE}
    if kind == "human":
        yield {"id": id_, "role": "user", "content": _from_content(message, ours), **about}
    elif kind in {"ai", "AIMessageChunk", "generic"}:
        yield from _thoughts(message, ours)
        yield {"id": id_, "role": "assistant", **_spoken_part(message), **about}
    elif kind == "tool":
        content = _from_content(message, ours)
        failed = {"error": text_of(content) or "error"} if message.get("status") == "error" else {}
        answer = {"toolCallId": message.get("tool_call_id", ""), "content": content}
        yield {"id": id_, "role": "tool", **answer, **failed, **about}


def _from_content(message: Chain, ours: Mapping[str, Json]) -> str | list[JsonObject]:
    """A front end's own parts come back as they were."""
    content = parts_of(message.get("content"))
    rest = ours.get("parts")
    if isinstance(content, str) or not isinstance(rest, list) or len(rest) != len(content):
        return content if message.get("type") == "human" else result_of(message)
    return [{**part, **more} for part, more in zip(content, rest, strict=True)]


def _thoughts(message: Chain, ours: Mapping[str, Json]) -> Iterator[Message]:
    yield from ours.get("reasoning") or ()
    if "reasoning" in ours:
        return
    unnamed = 0
    for thought in thoughts_of(message):
        if not (thought.id or thought.text or thought.sealed):
            continue
        unnamed += not thought.id
        id_ = thought.id or reasoning_id(message["id"], unnamed)
        sealed = {"encryptedValue": thought.sealed} if thought.sealed else {}
        yield {"id": id_, "role": "reasoning", "content": thought.text, **sealed}


def _spoken_part(message: Chain) -> JsonObject:
    calls = [
        {"id": id_, "type": "function", "function": {"name": name, "arguments": arguments}}
        for id_, name, arguments in calls_of(message)
    ]
    return {"content": text_of(message.get("content")), **({"toolCalls": calls} if calls else {})}
