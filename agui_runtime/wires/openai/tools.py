"""The tools that a client carries out, and which of them the model is to call. Pure.

In chat completions a function's fields stand in an object of their own, in responses beside `type`.
"""

from __future__ import annotations

from collections.abc import Sequence

from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.wires.openai.errors import BadRequest

_CHOICES = ("none", "auto", "required")


def tools_of(given: Json) -> list[JsonObject]:
    """AG-UI's tools; raises BadRequest for what is no function."""
    if given is None:
        return []
    if not isinstance(given, list):
        raise BadRequest("tools: a list of functions", "tools", "invalid_type")
    return [_tool(each, f"tools.{index}") for index, each in enumerate(given)]


def choice_of(given: Json) -> Json:
    """What the choice is called in `forwardedProps`; raises BadRequest."""
    if given is None or given in _CHOICES:
        return given
    name = _name_of(given)
    if name is None:
        message = f"tool_choice: {', '.join(_CHOICES)}, or a function"
        raise BadRequest(message, "tool_choice", "invalid_value")
    return {"type": "function", "function": {"name": name}}


def offered(tools: Sequence[JsonObject], choice: Json) -> Sequence[JsonObject]:
    """Those that may be called: none, where the client chose so."""
    return () if choice == "none" else tools


def _tool(given: Json, where: str) -> JsonObject:
    kind = given.get("type") if isinstance(given, dict) else None
    if kind != "function":
        message = f"{where}.type: this server knows tools of the type 'function'; what it offers by"
        raise BadRequest(f"{message} itself needs no entry", f"{where}.type", "invalid_value")
    function = given.get("function", given)
    name = _text(function, "name")
    if not name:
        raise BadRequest(f"{where}.name: a text", f"{where}.name", "invalid_type")
    parameters = function.get("parameters")
    if not isinstance(parameters, dict | None):
        raise BadRequest(f"{where}.parameters: a schema", f"{where}.parameters", "invalid_type")
    described = {"name": name, "description": _text(function, "description") or ""}
    return described | {"parameters": parameters or {"type": "object", "properties": {}}}


def _name_of(choice: Json) -> str | None:
    if not isinstance(choice, dict) or choice.get("type") != "function":
        return None
    return _text(choice.get("function", choice), "name")


def _text(holder: Json, key: str) -> str | None:
    found = holder.get(key) if isinstance(holder, dict) else None
    return found if isinstance(found, str) and found else None
