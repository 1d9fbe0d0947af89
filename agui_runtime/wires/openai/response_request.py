"""What a client of responses requests. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from agui_runtime.core.events import Message
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.wires.openai.chat_request import model_of, props_of, typed_in
from agui_runtime.wires.openai.errors import BadRequest
from agui_runtime.wires.openai.messages import tool_call
from agui_runtime.wires.openai.parts import user_content, words
from agui_runtime.wires.openai.tools import choice_of, offered, tools_of
from agui_runtime.wires.shared.bodies import BodyLimits

APPROVAL = "mcp_approval_response"

REFERENCE = "item_reference"
"""The role of what stands for an item until it is looked up: a message with nothing but its id."""


class Approval(NamedTuple):
    """The answer to a question whether a call may be carried out; `id` is the question's."""

    id: str
    approve: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ResponseRequest:
    """`messages` have no ids yet, but for references to items; `echo` is what the response repeats
    of the request; `previous` is the id of the response that it goes on from, `conversation` that
    of a thread. It `goes_on` where something follows the last of its approvals.
    """

    model: str
    messages: Sequence[Message]
    tools: Sequence[JsonObject]
    props: JsonObject
    echo: JsonObject
    stream: bool
    store: bool
    background: bool
    previous: str | None
    conversation: str | None
    approvals: Sequence[Approval] = ()
    goes_on: bool = False


def response_request(body: JsonObject, limits: BodyLimits) -> ResponseRequest:
    """Raises BadRequest and TooLarge."""
    limits.check_messages(body.get("input"))
    _refuse(body)
    choice = choice_of(body.get("tool_choice"))
    store = typed_in(body, "store", bool) is not False
    background = bool(typed_in(body, "background", bool))
    if background and not store:
        raise BadRequest("background: needs `store`", "background", "invalid_value")
    previous = typed_in(body, "previous_response_id", str) or None
    conversation = _conversation(body.get("conversation"))
    if previous and conversation:
        message = "conversation: not together with previous_response_id"
        raise BadRequest(message, "conversation", "invalid_value")
    return ResponseRequest(
        model=model_of(body),
        messages=[*_instructions(body), *_messages(body.get("input"))],
        tools=offered(tools_of(body.get("tools")), choice),
        props=props_of(body, choice),
        echo=_echo(body, conversation),
        stream=bool(typed_in(body, "stream", bool)),
        store=store,
        background=background,
        previous=previous,
        conversation=conversation,
        approvals=_approvals(body.get("input"), store=store),
        goes_on=_goes_on(body.get("input")),
    )


def _echo(body: JsonObject, conversation: str | None) -> JsonObject:
    echo = {key: body[key] for key in ECHOED if body.get(key) is not None}
    return echo | ({"conversation": {"id": conversation}} if conversation else {})


def _refuse(body: JsonObject) -> None:
    if body.get("prompt") is not None:
        message = "prompt: this server stores none; send `instructions` and `input`"
        raise BadRequest(message, "prompt", "unsupported_parameter")
    for key in ("metadata", "reasoning", "text"):
        typed_in(body, key, dict)


def _conversation(given: Json) -> str | None:
    if given is None:
        return None
    id_ = given.get("id") if isinstance(given, dict) else given
    if isinstance(id_, str) and id_:
        return id_
    raise BadRequest("conversation: the id of a thread", "conversation", "invalid_type")


def _instructions(body: JsonObject) -> list[Message]:
    text = typed_in(body, "instructions", str)
    return [{"role": "system", "content": text}] if text else []


def _messages(given: Json) -> list[Message]:
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    if not isinstance(given, list) or not given:
        raise BadRequest("input: a text, or a list of items", "input", "invalid_type")
    found = [item_messages(each, f"input.{index}") for index, each in enumerate(given)]
    return [message for messages in found for message in messages]


def item_messages(given: Json, where: str) -> list[Message]:
    """What an item is of the conversation; raises BadRequest."""
    kind = given.get("type") if isinstance(given, dict) else ""
    kind = _untyped(given) if kind is None else kind
    if not isinstance(kind, str) or kind not in _ITEMS:
        known = ", ".join(_ITEMS)
        raise BadRequest(f"{where}.type: one of {known}", f"{where}.type", "invalid_value")
    return _ITEMS[kind](given, where)


def _untyped(given: JsonObject) -> str:
    """Clients may leave out the type of messages, and of references."""
    return REFERENCE if given.keys() == {"id"} else "message"


def _approvals(given: Json, *, store: bool) -> list[Approval]:
    items = enumerate(given if isinstance(given, list) else ())
    found = [(f"input.{i}", each) for i, each in items if each.get("type") == APPROVAL]
    made = [_approval(each, where) for where, each in found]
    if made and not store:
        message = "input: a question is answered in its thread; leave out `store: false`"
        raise BadRequest(message, "input", "invalid_value")
    if len({each.id for each in made}) < len(made):
        raise BadRequest("input: one answer to each approval request", "input", "invalid_value")
    return made


def _goes_on(given: Json) -> bool:
    return isinstance(given, list) and given[-1].get("type") != APPROVAL


def _approval(given: JsonObject, where: str) -> Approval:
    approve, reason = given.get("approve"), given.get("reason")
    if not isinstance(approve, bool):
        message = f"{where}.approve: true or false"
        raise BadRequest(message, f"{where}.approve", "invalid_type")
    if not isinstance(reason, str | None):
        raise BadRequest(f"{where}.reason: a text", f"{where}.reason", "invalid_type")
    return Approval(_text(given, "approval_request_id", where), approve, reason)


def _reference(given: JsonObject, where: str) -> list[Message]:
    return [{"role": REFERENCE, "id": _text(given, "id", where)}]


def _message(given: JsonObject, where: str) -> list[Message]:
    role, content = given.get("role"), given.get("content")
    if role == "user":
        return [{"role": role, "content": user_content(content, f"{where}.content")}]
    if role in ("assistant", "system", "developer"):
        return [{"role": role, "content": words(content, f"{where}.content")}]
    message = f"{where}.role: one of user, assistant, system, developer"
    raise BadRequest(message, f"{where}.role", "invalid_value")


def _call(given: JsonObject, where: str) -> list[Message]:
    call = tool_call(*(_text(given, key, where) for key in ("call_id", "name", "arguments")))
    return [{"role": "assistant", "content": "", "toolCalls": [call]}]


def _result(given: JsonObject, where: str) -> list[Message]:
    content = words(given.get("output"), f"{where}.output")
    return [{"role": "tool", "toolCallId": _text(given, "call_id", where), "content": content}]


def _server_call(given: JsonObject, where: str) -> list[Message]:
    """What the server carried out before, as it gave it to the client."""
    id_, name, arguments = (_text(given, key, where) for key in ("id", "name", "arguments"))
    key = "error" if given.get("error") else "output"
    content = words(given.get(key), f"{where}.{key}")
    result = {"role": "tool", "toolCallId": id_, "content": content}
    if key == "error" or given.get("status") == "failed":
        result["error"] = content or "it failed"
    call = {"role": "assistant", "content": "", "toolCalls": [tool_call(id_, name, arguments)]}
    return [call, result]


def _nothing(given: JsonObject, where: str) -> list[Message]:
    """What was thought is the agent's to know, what it asked the thread's: neither comes back from
    a client. Answers to what it asked are read by themselves.
    """
    return []


def _text(given: JsonObject, key: str, where: str) -> str:
    value = given.get(key)
    if not isinstance(value, str) or not (value or key == "arguments"):
        raise BadRequest(f"{where}.{key}: a text", f"{where}.{key}", "invalid_type")
    return value


_ITEMS: Mapping[str, Callable[[JsonObject, str], list[Message]]] = {
    "message": _message,
    "function_call": _call,
    "function_call_output": _result,
    "mcp_call": _server_call,
    "mcp_approval_request": _nothing,
    APPROVAL: _nothing,
    REFERENCE: _reference,
    "reasoning": _nothing,
}

ECHOED = (
    *("instructions", "max_output_tokens", "max_tool_calls", "metadata", "parallel_tool_calls"),
    *("previous_response_id", "prompt_cache_key", "reasoning", "safety_identifier", "temperature"),
    *("text", "tool_choice", "top_logprobs", "top_p", "truncation", "background", "store"),
    *("presence_penalty", "frequency_penalty", "tools", "user"),
)
"""What a response repeats."""
