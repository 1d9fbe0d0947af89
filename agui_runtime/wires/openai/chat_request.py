"""What a client of chat completions requests. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from agui_runtime.core.events import Message
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.wires.openai.errors import BadRequest
from agui_runtime.wires.openai.messages import check_results, messages_of
from agui_runtime.wires.openai.tools import choice_of, offered, tools_of
from agui_runtime.wires.shared.bodies import BodyLimits

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """`messages` have no ids yet, `tools` are the client's to carry out, `props` is what agents get
    of the rest. `thread_id` is the thread that the request's metadata names, if any.
    """

    model: str
    messages: Sequence[Message]
    tools: Sequence[JsonObject]
    props: JsonObject
    stream: bool = False
    include_usage: bool = False
    thread_id: str | None = None


def chat_request(body: JsonObject, limits: BodyLimits) -> ChatRequest:
    """Raises BadRequest and TooLarge. Keys that are not known here are ignored, as OpenAI adds
    some every month; what cannot be obeyed is refused.
    """
    limits.check_messages(body.get("messages"))
    _refuse(body)
    choice = choice_of(body.get("tool_choice"))
    options = typed_in(body, "stream_options", dict) or {}
    thread = (typed_in(body, "metadata", dict) or {}).get("thread_id")
    if not isinstance(thread, str | None) or thread == "":
        where = "metadata.thread_id"
        raise BadRequest(f"{where}: the id of a thread, a text", where, "invalid_type")
    messages = messages_of(body.get("messages"))
    check_results(messages, "messages")
    return ChatRequest(
        model=model_of(body),
        messages=messages,
        tools=offered(tools_of(body.get("tools")), choice),
        props=props_of(body, choice),
        stream=bool(typed_in(body, "stream", bool)),
        include_usage=bool(options.get("include_usage")),
        thread_id=thread,
    )


def model_of(body: JsonObject) -> str:
    """The agent's name; raises BadRequest."""
    model = typed_in(body, "model", str)
    if not model:
        message = "model: the name of an agent; GET /models lists them"
        raise BadRequest(message, "model", "missing_required_parameter")
    return model


def props_of(body: JsonObject, choice: Json) -> JsonObject:
    """What agents get as `forwardedProps`: how to sample, as CopilotKit's front ends call it.

    Raises BadRequest for what no model could obey.
    """
    for key, kinds in _SAMPLING.items():
        _check_sampling(body, key, kinds)
    props = {PROPS[key]: value for key, value in body.items() if key in PROPS and value is not None}
    if isinstance(props.get("stop"), str):
        props["stop"] = [props["stop"]]
    return props if choice is None else props | {"toolChoice": choice}


def _check_sampling(body: JsonObject, key: str, kinds: type | tuple[type, ...]) -> None:
    value = body.get(key)
    fits = isinstance(value, kinds) and isinstance(value, bool) == (kinds is bool)
    if value is not None and not fits:
        raise BadRequest(f"{key}: {_WORDS[kinds]}", key, "invalid_type")


def _refuse(body: JsonObject) -> None:
    if body.get("n") not in (None, 1):
        raise BadRequest("n: this server gives one choice", "n", "unsupported_value")
    if body.get("modalities") not in (None, [], ["text"]):
        raise BadRequest("modalities: text only", "modalities", "unsupported_value")
    for key, other in _FORMER.items():
        if body.get(key) is not None:
            raise BadRequest(f"{key}: send `{other}` in its place", key, "unsupported_parameter")


def typed_in(body: JsonObject, key: str, kind: type[T]) -> T | None:
    value = body.get(key)
    if value is None or isinstance(value, kind):
        return value
    raise BadRequest(f"{key}: {_WORDS[kind]}", key, "invalid_type")


_NUMBER = (int, float)

_WORDS: Mapping[type | tuple[type, ...], str] = {
    bool: "true or false",
    dict: "an object",
    int: "a whole number",
    str: "a text",
    _NUMBER: "a number",
}

_SAMPLING: Mapping[str, type | tuple[type, ...]] = {
    "frequency_penalty": _NUMBER,
    "max_completion_tokens": int,
    "max_output_tokens": int,
    "max_tokens": int,
    "parallel_tool_calls": bool,
    "presence_penalty": _NUMBER,
    "seed": int,
    "temperature": _NUMBER,
    "top_p": _NUMBER,
    "user": str,
}

_FORMER = {"functions": "tools", "function_call": "tool_choice"}

PROPS = {
    "frequency_penalty": "frequencyPenalty",
    "max_completion_tokens": "maxTokens",
    "max_output_tokens": "maxTokens",
    "max_tokens": "maxTokens",
    "metadata": "metadata",
    "parallel_tool_calls": "parallelToolCalls",
    "presence_penalty": "presencePenalty",
    "reasoning": "reasoning",
    "reasoning_effort": "reasoningEffort",
    "response_format": "responseFormat",
    "seed": "seed",
    "stop": "stop",
    "temperature": "temperature",
    "text": "text",
    "top_p": "topP",
    "user": "user",
}
