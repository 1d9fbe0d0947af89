"""Makes chat-completions requests out of AG-UI input; sends nothing.

What the protocol or the server has no form for is written out or named in words, so that one odd
attachment does not end a conversation for good.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ag_ui.core import RunAgentInput, Tool

from agui_runtime.connectors.shared.chat.attachments import attachment_of
from agui_runtime.connectors.shared.chat.media import Media, chat_part, media_of
from agui_runtime.connectors.shared.chat.senses import known_senses, with_shown
from agui_runtime.connectors.shared.chat.thoughts import with_thoughts
from agui_runtime.core.demands import FIELDS, FLAG, NAME, TEXTS, a, check_fields, optional
from agui_runtime.core.events import Message
from agui_runtime.core.history_repair import repair
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.core.keyword_arguments import explains_arguments
from agui_runtime.core.message_parts import in_words
from agui_runtime.core.requests import request_messages, request_props

_CHOICES = ("auto", "none", "required")
_MODEL = re.compile(r"[\w.:@/+-]{1,200}", re.ASCII)


_DEMANDS = {
    **dict.fromkeys(("keep_system_role", "include_context"), optional(FLAG)),
    **dict.fromkeys(("include_usage", "return_reasoning", "thinks_first"), FLAG),
    **dict.fromkeys(("models", "senses"), optional(TEXTS)),
    "max_tokens_field": NAME,
    "media": optional(a(Media)),
    "extra": FIELDS,
}


@explains_arguments
@dataclass(frozen=True, slots=True)
class ChatOptions:
    """What differs between servers and deployments.

    - `keep_system_role`: send the role `system` as it is. False: as `developer`, which is OpenAI's
      newer name for it and unknown to most other servers. None: False for OpenAI itself only.
    - `include_context`: put the run's `context` entries into the prompt. None: unless the page has
      sent a system message, as those of CopilotKit 1.10 do, whose own has the entries already.
    - `models`: the models that a front end may ask for with `forwardedProps.model`. None: any of
      the same provider, which is what stands before the first slash; whoever opens the page may
      then choose the most expensive one. `()`: no other than the agent's.
    - `max_tokens_field`: older servers call it `max_tokens`.
    - `include_usage`: ask for token counts; some older servers refuse `stream_options`.
    - `return_reasoning`: send a thinking model's reasoning and signatures back with the calls and
      messages that they belong to, as it sent them. False: for servers that refuse what they sent.
    - `senses`: what of tools' results the model is given as it is, `("image", "audio")` or less;
      the rest is named in words. None: what models of its name are known to take.
    - `thinks_first`: answers begin within their reasoning, whose first `<think>` the server leaves
      out; they end it with `</think>`.
    - `media`: which attachments are sent as they are; others are written out, if they are text, or
      named in words. None: what OpenAI, most other servers and each provider of LiteLLM take.
    - `extra`: further fields of every request, for example `{"reasoning_effort": "low"}`; what a
      front end asks for (temperature, most tokens, stop words, tool choice) wins over them.

    Raises Misconfigured for a value of another kind.
    """

    keep_system_role: bool | None = None
    include_context: bool | None = None
    models: tuple[str, ...] | None = None
    max_tokens_field: str = "max_completion_tokens"
    include_usage: bool = True
    return_reasoning: bool = True
    senses: tuple[str, ...] | None = None
    thinks_first: bool = False
    media: Media | None = None
    extra: Mapping[str, Json] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_fields(self, _DEMANDS)


def chat_request(
    model: str,
    request: RunAgentInput,
    options: ChatOptions,
    instructions: str | None = None,
    origin: str = "",
) -> JsonObject:
    """The JSON body of a streaming request; the history is repaired on the way.

    What the provider of that `origin` wants back with its calls and messages goes with them.
    """
    origin = origin if options.return_reasoning else ""
    props = request_props(request)
    role = "developer" if options.keep_system_role is False else "system"
    chosen = _model(model, props.get("model"), options.models)
    senses = known_senses(chosen) if options.senses is None else frozenset(options.senses)
    media = options.media or media_of(model)
    body: JsonObject = {
        "model": chosen,
        "messages": [
            *({"role": role, "content": text} for text in _prompts(request, options, instructions)),
            *with_shown(
                _messages(request, role, origin, media, senses),
                senses,
                partial(chat_part, media=media),
            ),
        ],
        "stream": True,
        **({"stream_options": {"include_usage": True}} if options.include_usage else {}),
        **options.extra,
        **_sampling(props, options.max_tokens_field),
    }
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
        body.update(_tool_choice(props))
    return body


def _model(own: str, wanted: object, allowed: tuple[str, ...] | None) -> str:
    if not isinstance(wanted, str) or not _MODEL.fullmatch(wanted):
        return own
    if allowed is None:
        return wanted if _provider(wanted) == _provider(own) else own
    return wanted if wanted in allowed else own


def _provider(model: str) -> str:
    before, slash, _ = model.partition("/")
    return before if slash else ""


def _prompts(
    request: RunAgentInput, options: ChatOptions, instructions: str | None
) -> Iterator[str]:
    if instructions:
        yield instructions
    if request.context and _includes_context(request, options):
        entries = (f"- {entry.description}: {entry.value}" for entry in request.context)
        yield "\n".join(["What the application tells about itself:", *entries])


def _includes_context(request: RunAgentInput, options: ChatOptions) -> bool:
    if options.include_context is not None:
        return options.include_context
    return not any(message.role in {"system", "developer"} for message in request.messages)


def _messages(
    request: RunAgentInput, system_role: str, origin: str, media: Media, senses: frozenset[str]
) -> Iterator[tuple[Message, Message]]:
    """The history, each message with what is written for it."""
    for message in repair(request_messages(request)):
        if message["role"] in {"system", "developer"}:
            yield message, {"role": system_role, "content": message["content"]}
        elif message["role"] == "user":
            yield message, _user(message, media)
        else:
            is_result = message["role"] == "tool"
            written = _tool_result(message, senses) if is_result else _assistant(message)
            yield message, with_thoughts(written, message, origin) if origin else written


def _user(message: Message, media: Media) -> Message:
    content = message["content"]
    if not isinstance(content, str):
        content = [chat_part(part, media) for part in content]
    return {"role": "user", "content": content}


def _assistant(message: Message) -> Message:
    written: Message = {"role": "assistant", "content": message.get("content") or None}
    if calls := message.get("toolCalls"):
        written["tool_calls"] = [_call(call) for call in calls]
    return written


def _call(call: Mapping[str, Json]) -> JsonObject:
    function = {key: call["function"][key] for key in ("name", "arguments")}
    return {"id": call["id"], "type": "function", "function": function}


def _tool_result(message: Message, senses: frozenset[str]) -> Message:
    """Text only: what the model takes of the rest follows in another message."""
    content = message["content"]
    if not isinstance(content, str):
        content = "\n".join(
            in_words([part])
            if part["type"] in {"text", *senses}
            else attachment_of(part).in_words()
            for part in content
        )
    return {"role": "tool", "tool_call_id": message["toolCallId"], "content": content}


def _tool(tool: Tool) -> JsonObject:
    parameters = tool.parameters or {"type": "object", "properties": {}}
    function = {"name": tool.name, "description": tool.description, "parameters": parameters}
    return {"type": "function", "function": function}


def _tool_choice(props: Mapping[str, Json]) -> JsonObject:
    """CopilotKit 1.10 names a function beside the choice, today's has it inside, as OpenAI does."""
    choice, name = props.get("toolChoice"), props.get("toolChoiceFunctionName")
    if isinstance(choice, dict):
        function = choice.get("function")
        name = function.get("name") if isinstance(function, dict) else None
        choice = choice.get("type")
    if choice == "function" and isinstance(name, str) and name:
        return {"tool_choice": {"type": "function", "function": {"name": name}}}
    return {"tool_choice": choice} if choice in _CHOICES else {}


def _sampling(props: Mapping[str, Json], max_tokens_field: str) -> JsonObject:
    """Zero is a temperature like any other; null is none."""
    checks: tuple[tuple[str, str, Callable[[Any], bool]], ...] = (
        ("temperature", "temperature", _is_number),
        ("maxTokens", max_tokens_field, _is_number),
        ("stop", "stop", lambda stop: isinstance(stop, list) and bool(stop)),
    )
    return {field: props[key] for key, field, fits in checks if fits(props.get(key))}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
