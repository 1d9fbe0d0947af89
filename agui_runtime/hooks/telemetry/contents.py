"""What was said, in the form that spans carry it, where somebody wants to see it.

That is off unless it is asked for: it is what users say, and may be anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import orjson

from agui_runtime.core import jsontext
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.core.secrets import redact

LONGEST = 8192
"""So many characters of one attribute."""


def input_messages(messages: Json) -> str:
    """Messages of AG-UI's, or of chat completions."""
    listed = messages if isinstance(messages, list) else []
    return _written([_message(each) for each in listed if isinstance(each, dict)])


def output_message(text: str, finish: str = "") -> str:
    """The one answer that there is."""
    parts: list[Json] = [{"type": "text", "content": text}]
    return _written([{"role": "assistant", "parts": parts, "finish_reason": finish or "stop"}])


def records(found: Json) -> str:
    """Entries of a memory."""
    return _written(found if isinstance(found, list) else [])


def text(value: str) -> str:
    """Arguments or results, as they are."""
    return _cut(value)


def _message(message: Mapping[str, Json]) -> JsonObject:
    return {"role": message.get("role", "user"), "parts": list(_parts(message))}


def _parts(message: Mapping[str, Json]) -> Iterator[Json]:
    content = message.get("content")
    if message.get("role") == "tool":
        id_ = message.get("tool_call_id") or message.get("toolCallId")
        yield {"type": "tool_call_response", "id": id_, "response": content}
        return
    if isinstance(content, str):
        yield {"type": "text", "content": content}
    for part in content if isinstance(content, list) else ():
        if isinstance(part, dict) and isinstance(part.get("text"), str):
            yield {"type": "text", "content": part["text"]}
        elif isinstance(part, dict):
            yield {"type": part.get("type", "file")}  # what is attached can be large
    calls = message.get("tool_calls") or message.get("toolCalls")
    for call in calls if isinstance(calls, list) else ():
        if isinstance(call, dict) and isinstance(function := call.get("function"), dict):
            yield {"type": "tool_call", "id": call.get("id"), **function}


def _written(value: Json) -> str:
    return _cut(orjson.dumps(jsontext.plain(value)).decode())


def _cut(value: str) -> str:
    return redact(value, LONGEST)
