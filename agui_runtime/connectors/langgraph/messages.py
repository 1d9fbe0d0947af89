"""Messages between AG-UI and LangChain's JSON, and what of them a thread has not seen. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import orjson

from agui_runtime.events import Message

Chain: TypeAlias = Mapping[str, Any]
"""A message as LangGraph's API has it: `{"type": "human" | "ai" | "tool", "content": ..., ...}`."""


def changes(kept: Sequence[Chain], sent: Sequence[Message]) -> list[dict[str, Any]]:
    """What makes a thread that holds `kept` go on from the conversation `sent`.

    New messages are appended. What the thread has after the last one that both know is removed
    first: the user changed a message there, or wants another answer.
    """
    known = {
        key: place
        for place, message in enumerate(kept)
        for key in _kept_keys(message)
        if not _changed(message, sent)
    }
    places = [max((known[key] for key in _keys(m) if key in known), default=-1) for m in sent]
    last = max(places, default=-1)
    fresh = [m for m, place in zip(sent, places, strict=True) if place < 0]
    gone = [m["id"] for m in kept[last + 1 :] if m.get("id")]
    removed = [{"type": "remove", "id": id_, "content": ""} for id_ in gone]
    return removed + [to_chain(message) for message in fresh]


def to_chain(message: Message) -> dict[str, Any]:
    """The AG-UI message as LangGraph's API takes it."""
    made = {"id": message["id"], "type": _TYPES[message["role"]]}
    if message["role"] == "assistant":
        calls = [_to_call(call) for call in message.get("toolCalls") or ()]
        return {**made, "content": message.get("content") or "", "tool_calls": calls}
    content = message["content"]
    if not isinstance(content, str):
        content = [_to_part(part) for part in content]
    if message["role"] == "tool":
        status = "error" if message.get("error") else "success"
        made |= {"tool_call_id": message["toolCallId"], "status": status}
    return {**made, "content": content}


def to_agui(messages: Sequence[Chain]) -> list[Message]:
    """LangGraph's messages for front ends; prompts are not shown to them."""
    return list(_to_agui(messages))


def text_of(content: object) -> str:
    """The text in a message's content, whichever form the model's library gives it."""
    parts = content if isinstance(content, list) else [content]
    texts = (part if isinstance(part, str) else _field(part, "text", "text") for part in parts)
    return "".join(texts)


def thoughts_of(message: Chain) -> str:
    """The reasoning in a message, in the forms of LangChain's libraries."""
    content = message.get("content")
    found = [
        _field(part, kind, kind)
        for part in (content if isinstance(content, list) else ())
        for kind in ("reasoning", "thinking")
    ]
    extra = (message.get("additional_kwargs") or {}).get("reasoning_content")
    return "".join([*found, extra if isinstance(extra, str) else ""])


_TYPES = {
    "user": "human",
    "assistant": "ai",
    "tool": "tool",
    "system": "system",
    "developer": "system",
}


def _field(part: object, kind: str, field: str) -> str:
    """The text in a part of that kind, "" in any other."""
    said = part.get(field) if isinstance(part, dict) and part.get("type") == kind else None
    return said if isinstance(said, str) else ""


def _keys(message: Message) -> list[str]:
    """Front ends cut messages their own way, and give results ids of their own."""
    if message["role"] == "tool":
        return [message["id"], f"answer:{message['toolCallId']}"]
    return [message["id"], *(call["id"] for call in message.get("toolCalls") or ())]


def _changed(kept: Chain, sent: Sequence[Message]) -> bool:
    """The user has other words now in a message of that id."""
    return kept.get("type") == "human" and any(
        message["id"] == kept.get("id") and text_of(message["content"]) != text_of(kept["content"])
        for message in sent
    )


def _kept_keys(message: Chain) -> Iterator[str]:
    if message.get("id"):
        yield message["id"]
    if message.get("type") == "tool":
        yield f"answer:{message.get('tool_call_id')}"
    for call in message.get("tool_calls") or ():
        yield call["id"]


def _to_call(call: Mapping[str, Any]) -> dict[str, Any]:
    function = call["function"]
    try:
        arguments = orjson.loads(function["arguments"] or "{}")
    except orjson.JSONDecodeError:
        arguments = {}
    args = arguments if isinstance(arguments, dict) else {}
    return {"id": call["id"], "name": function["name"], "args": args, "type": "tool_call"}


def _to_part(part: Mapping[str, Any]) -> dict[str, Any]:
    if part["type"] == "text":
        return {"type": "text", "text": part["text"]}
    source = part["source"]
    kind = source.get("mimeType", "")
    if part["type"] == "image" and source["type"] != "file":
        inline = f"data:{kind};base64,{source['value']}"
        url = source["value"] if source["type"] == "url" else inline
        return {"type": "image_url", "image_url": {"url": url}}
    field = {"url": "url", "data": "base64", "file": "file_id"}[source["type"]]
    named = "file" if part["type"] == "document" else part["type"]
    return {"type": named, field: source["value"], **({"mime_type": kind} if kind else {})}


def _to_agui(messages: Sequence[Chain]) -> Iterator[Message]:
    for message in messages:
        id_, content = message.get("id"), message.get("content")
        if not id_:
            continue
        if message.get("type") == "human":
            yield {"id": id_, "role": "user", "content": _from_parts(content)}
        elif message.get("type") in {"ai", "AIMessageChunk"}:
            yield {"id": id_, "role": "assistant", **_said(message)}
        elif message.get("type") == "tool":
            answer = {"toolCallId": message.get("tool_call_id", ""), "content": text_of(content)}
            yield {"id": id_, "role": "tool", **answer}


def _said(message: Chain) -> dict[str, Any]:
    calls = [
        {
            "id": call["id"],
            "type": "function",
            "function": {"name": call["name"], "arguments": orjson.dumps(call["args"]).decode()},
        }
        for call in message.get("tool_calls") or ()
    ]
    return {"content": text_of(message.get("content")), **({"toolCalls": calls} if calls else {})}


def _from_parts(content: object) -> str | list[dict[str, Any]]:
    if not isinstance(content, list):
        return str(content)
    return [_from_part(part) for part in content if isinstance(part, dict)]


def _from_part(part: Mapping[str, Any]) -> dict[str, Any]:
    if part.get("type") != "image_url":
        return {"type": "text", "text": str(part.get("text", ""))}
    image = part.get("image_url")
    url = str(image.get("url", "") if isinstance(image, dict) else image)
    head, comma, data = url.partition(";base64,")
    if comma and head.startswith("data:"):
        source = {"type": "data", "value": data, "mimeType": head.removeprefix("data:")}
    else:
        source = {"type": "url", "value": url}
    return {"type": "image", "source": source}
