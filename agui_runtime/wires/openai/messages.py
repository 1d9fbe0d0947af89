"""Messages of chat completions as AG-UI has them, but for ids, of which OpenAI has none. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from agui_runtime.core.events import Message
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.wires.openai.errors import BadRequest
from agui_runtime.wires.openai.parts import user_content, words


def messages_of(given: Json) -> list[Message]:
    """Raises BadRequest, which names the first that is wrong."""
    if not isinstance(given, list) or not given:
        raise BadRequest("messages: a list with at least one", "messages", "invalid_type")
    return [_message(each, f"messages.{index}") for index, each in enumerate(given)]


def numbered(messages: Sequence[Message], prefix: str) -> list[Message]:
    """The messages with ids."""
    return [{"id": f"{prefix}-{index}", **each} for index, each in enumerate(messages)]


def call_of(given: Json, where: str) -> JsonObject:
    """A call of a function, as a client sends it back; raises BadRequest."""
    call = given if isinstance(given, dict) else {}
    function = found if isinstance(found := call.get("function"), dict) else {}
    id_, name, arguments = call.get("id"), function.get("name"), function.get("arguments")
    if not (isinstance(id_, str) and isinstance(name, str) and isinstance(arguments, str) and id_):
        message = f"{where}: a call with an `id`, and `function` with `name` and `arguments`"
        raise BadRequest(message, where, "invalid_value")
    return tool_call(id_, name, arguments)


def tool_call(id_: str, name: str, arguments: str) -> JsonObject:
    """AG-UI's form of a call."""
    function = {"name": name, "arguments": arguments}
    return {"id": id_, "type": "function", "function": function}


def called_by(messages: Sequence[Message]) -> dict[str, JsonObject]:
    """The calls of the messages, by their ids."""
    return {call["id"]: call for each in messages for call in each.get("toolCalls") or ()}


def check_results(messages: Sequence[Message], where: str) -> None:
    """Raises BadRequest for a result of a call that nobody made, or that has another one."""
    calls = called_by(messages).keys()
    answered: set[str] = set()
    for id_ in (each["toolCallId"] for each in messages if each["role"] == "tool"):
        if id_ not in calls:
            message = f"{where}: No tool call found for the output with call id {id_[:200]}"
            raise BadRequest(message, where, "invalid_value")
        if id_ in answered:
            message = f"{where}: the call {id_[:200]} has an output already"
            raise BadRequest(message, where, "duplicate_output")
        answered.add(id_)


def _message(given: Json, where: str) -> Message:
    role = given.get("role") if isinstance(given, dict) else None
    if not isinstance(role, str) or role not in _ROLES:
        known = ", ".join(_ROLES)
        raise BadRequest(f"{where}.role: one of {known}", f"{where}.role", "invalid_value")
    name = given.get("name")
    named = {"name": name} if isinstance(name, str) and name and role != "tool" else {}
    return {"role": role, **_ROLES[role](given, where), **named}


def _prompt(given: JsonObject, where: str) -> Message:
    return {"content": words(given.get("content"), f"{where}.content")}


def _user(given: JsonObject, where: str) -> Message:
    return {"content": user_content(given.get("content"), f"{where}.content")}


def _assistant(given: JsonObject, where: str) -> Message:
    """What was thought is the agent's to know: it does not come back from a client."""
    calls = given.get("tool_calls") or []
    if not isinstance(calls, list):
        raise BadRequest(f"{where}.tool_calls: a list", f"{where}.tool_calls", "invalid_type")
    made = [call_of(each, f"{where}.tool_calls.{index}") for index, each in enumerate(calls)]
    text = words(given.get("content"), f"{where}.content") or given.get("refusal") or ""
    return {"content": str(text), **({"toolCalls": made} if made else {})}


def _result(given: JsonObject, where: str) -> Message:
    call = given.get("tool_call_id")
    if not isinstance(call, str) or not call:
        place = f"{where}.tool_call_id"
        raise BadRequest(f"{place}: the id of the call", place, "invalid_type")
    return {"toolCallId": call, "content": words(given.get("content"), f"{where}.content")}


_ROLES: Mapping[str, Callable[[JsonObject, str], Message]] = {
    "system": _prompt,
    "developer": _prompt,
    "user": _user,
    "assistant": _assistant,
    "tool": _result,
}
