"""Makes chat-completions requests out of AG-UI input; sends nothing.

What the protocol has no form for (a video's file id, sounds by URL, pictures in tool results) is
named in words, so that one odd attachment does not end a conversation for good.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ag_ui.core import RunAgentInput, Tool

from agui_runtime.events import Message
from agui_runtime.repair import repair

Part: TypeAlias = dict[str, Any]

_CHOICES = ("auto", "none", "required")


@dataclass(frozen=True, slots=True)
class ChatOptions:
    """What differs between servers and deployments.

    - `keep_system_role`: send the role `system` as it is. False: as `developer`, which is OpenAI's
      newer name for it and unknown to most other servers. None: False for OpenAI itself only.
    - `include_context`: put the run's `context` entries into the prompt. A CopilotKit 1.10 page has
      them in its own system message already; newer ones leave that to the agent.
    - `models`: other models that a front end may ask for with `forwardedProps.model`. None by
      default, since whoever opens the page could otherwise choose the most expensive one.
    - `max_tokens_field`: older servers call it `max_tokens`.
    - `include_usage`: ask for token counts; some older servers refuse `stream_options`.
    - `extra`: further fields of every request, for example `{"reasoning_effort": "low"}`; what a
      front end asks for (temperature, most tokens, stop words, tool choice) wins over them.
    """

    keep_system_role: bool | None = None
    include_context: bool = False
    models: tuple[str, ...] = ()
    max_tokens_field: str = "max_completion_tokens"
    include_usage: bool = True
    extra: Mapping[str, Any] = field(default_factory=dict)


def chat_request(
    model: str, request: RunAgentInput, options: ChatOptions, instructions: str | None = None
) -> dict[str, Any]:
    """The JSON body of a streaming request; the history is repaired on the way."""
    asked = request.forwarded_props if isinstance(request.forwarded_props, dict) else {}
    role = "developer" if options.keep_system_role is False else "system"
    body: dict[str, Any] = {
        "model": asked["model"] if asked.get("model") in options.models else model,
        "messages": [
            *({"role": role, "content": text} for text in _prompts(request, options, instructions)),
            *_messages(request, role),
        ],
        "stream": True,
        **({"stream_options": {"include_usage": True}} if options.include_usage else {}),
        **options.extra,
        **_sampling(asked, options.max_tokens_field),
    }
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
        body.update(_tool_choice(asked))
    return body


def _prompts(
    request: RunAgentInput, options: ChatOptions, instructions: str | None
) -> Iterator[str]:
    if instructions:
        yield instructions
    if options.include_context and request.context:
        entries = (f"- {entry.description}: {entry.value}" for entry in request.context)
        yield "\n".join(["What the application tells about itself:", *entries])


def _messages(request: RunAgentInput, system_role: str) -> Iterator[Message]:
    dumped = [message.model_dump(mode="json", by_alias=True) for message in request.messages]
    for message in repair(dumped):
        if message["role"] in {"system", "developer"}:
            yield {"role": system_role, "content": message["content"]}
        else:
            yield _BY_ROLE[message["role"]](message)


def _user(message: Message) -> Message:
    content = message["content"]
    if not isinstance(content, str):
        content = [_part(part) for part in content]
    return {"role": "user", "content": content}


def _assistant(message: Message) -> Message:
    written: Message = {"role": "assistant", "content": message.get("content") or None}
    if calls := message.get("toolCalls"):
        written["tool_calls"] = [_call(call) for call in calls]
    return written


def _call(call: Mapping[str, Any]) -> dict[str, Any]:
    function = {key: call["function"][key] for key in ("name", "arguments")}
    return {"id": call["id"], "type": "function", "function": function}


def _tool_result(message: Message) -> Message:
    content = message["content"]
    if not isinstance(content, str):
        content = "\n".join(_words(part) for part in content)
    return {"role": "tool", "tool_call_id": message["toolCallId"], "content": content}


_BY_ROLE: Mapping[str, Callable[[Message], Message]] = {
    "user": _user,
    "assistant": _assistant,
    "tool": _tool_result,
}


def _part(part: Part) -> Part:
    """A part of a user's message, as the protocol spells it."""
    write = _BY_PART.get((part["type"], part.get("source", {}).get("type", "")))
    return write(part) if write else {"type": "text", "text": _words(part)}


def _image(part: Part) -> Part:
    return {"type": "image_url", "image_url": {"url": _url(part["source"])}}


def _video(part: Part) -> Part:
    return {"type": "video_url", "video_url": {"url": _url(part["source"])}}


def _audio(part: Part) -> Part:
    source = part["source"]
    kind = source["mimeType"].partition("/")[2].removeprefix("x-")
    audio = {"data": source["value"], "format": {"mpeg": "mp3", "wave": "wav"}.get(kind, kind)}
    return {"type": "input_audio", "input_audio": audio}


def _document(part: Part) -> Part:
    name = (part.get("metadata") or {}).get("filename") or "document"
    return {"type": "file", "file": {"filename": name, "file_data": _url(part["source"])}}


def _uploaded(part: Part) -> Part:
    return {"type": "file", "file": {"file_id": part["source"]["value"]}}


_BY_PART: Mapping[tuple[str, str], Callable[[Part], Part]] = {
    ("image", "data"): _image,
    ("image", "url"): _image,
    ("video", "data"): _video,
    ("video", "url"): _video,
    ("audio", "data"): _audio,
    ("document", "data"): _document,
    ("document", "file"): _uploaded,
}


def _url(source: Mapping[str, Any]) -> str:
    if source["type"] == "data":
        return f"data:{source['mimeType']};base64,{source['value']}"
    return str(source["value"])


def _words(part: Part) -> str:
    if part["type"] == "text":
        return str(part["text"])
    source = part["source"]
    where = source.get("mimeType", "") if source["type"] == "data" else source["value"]
    return f"[{part['type']}: {where}]"


def _tool(tool: Tool) -> dict[str, Any]:
    parameters = tool.parameters or {"type": "object", "properties": {}}
    function = {"name": tool.name, "description": tool.description, "parameters": parameters}
    return {"type": "function", "function": function}


def _tool_choice(asked: Mapping[str, Any]) -> dict[str, Any]:
    choice, name = asked.get("toolChoice"), asked.get("toolChoiceFunctionName")
    if choice == "function" and isinstance(name, str) and name:
        return {"tool_choice": {"type": "function", "function": {"name": name}}}
    return {"tool_choice": choice} if choice in _CHOICES else {}


def _sampling(asked: Mapping[str, Any], max_tokens_field: str) -> dict[str, Any]:
    """Zero is a temperature like any other; null is none."""
    checks: tuple[tuple[str, str, Callable[[Any], bool]], ...] = (
        ("temperature", "temperature", _is_number),
        ("maxTokens", max_tokens_field, _is_number),
        ("stop", "stop", lambda stop: isinstance(stop, list) and bool(stop)),
    )
    return {field: asked[key] for key, field, fits in checks if fits(asked.get(key))}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
