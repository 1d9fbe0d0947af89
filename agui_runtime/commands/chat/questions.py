"""How an interrupt is put to whoever sits at a terminal, and what is made of the words. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import orjson

from agui_runtime.core import jsontext
from agui_runtime.core.errors import InvalidInput
from agui_runtime.core.jsontext import Json, JsonObject

Read: TypeAlias = Callable[[str], str]
"""Shows a prompt and returns a line; raises EOFError where there is none."""

CANCEL = "/cancel"
"""What somebody types who does not want to answer."""

_YES = frozenset({"y", "yes", "approve", "approved", "ok", "true", "allow", "accept"})
_NO = frozenset({"n", "no", "reject", "rejected", "false", "deny", "denied"})
_ALWAYS = frozenset({"a", "always"})


def wording(interrupt: Mapping[str, Json]) -> str:
    """The question, in words."""
    return interrupt.get("message") or f"the agent waits: {interrupt.get('reason', 'no reason')}"


def answered(interrupt: Mapping[str, Json], read: Read, note: Callable[[str], None]) -> Json:
    """The payload that the lines amount to; None where they cancel. What cannot be meant is put
    again, with a note.
    """
    schema = interrupt.get("responseSchema") or {}
    while True:
        line = read(f"{_hint(schema)} ")
        if line.strip() == CANCEL:
            return None
        try:
            return payload(schema, line, read)
        except InvalidInput as error:
            note(error.message)


def payload(schema: Mapping[str, Json], line: str, read: Read | None = None) -> Json:
    """What a line means by the schema; `read` gets the values of an object one by one. Raises
    InvalidInput, which says what to write.
    """
    if _is_approval(schema):
        return _approval(schema, line)
    if "enum" in schema:
        return _one_of(schema["enum"], line.strip())
    if schema.get("type") == "object":
        return _object(schema, line, read)
    return _SCALARS.get(schema.get("type", ""), _text)(line.strip())


def _is_approval(schema: Mapping[str, Json]) -> bool:
    return _is_flag(schema, "approved")


def _is_flag(schema: Mapping[str, Json], name: str) -> bool:
    about = (schema.get("properties") or {}).get(name)
    return isinstance(about, dict) and about.get("type") == "boolean"


def _hint(schema: Mapping[str, Json]) -> str:
    if _is_approval(schema):
        return "[y]es, [n]o or [a]lways?" if _has_always(schema) else "[y]es or [n]o?"
    if "enum" in schema:
        return " ".join(f"{number}) {value}" for number, value in enumerate(schema["enum"], 1))
    if schema.get("type") == "boolean":
        return "[y]es or [n]o?"
    if schema.get("type") == "object":
        return f"JSON, or Enter for one by one ({', '.join(schema.get('properties') or ())})?"
    return "your answer?"


def _has_always(schema: Mapping[str, Json]) -> bool:
    return _is_flag(schema, "always")


def _approval(schema: Mapping[str, Json], line: str) -> JsonObject:
    if line.strip().startswith("{"):
        return _checked_object(line)
    if _has_always(schema) and line.strip().lower() in _ALWAYS:
        return {"approved": True, "always": True}
    return {"approved": _yes_or_no(line)}


def _yes_or_no(line: str) -> bool:
    word = line.strip().lower()
    if word not in _YES | _NO:
        raise InvalidInput(f"say yes or no, or {CANCEL}")
    return word in _YES


def _one_of(values: Sequence[Json], line: str) -> Json:
    if line.isascii() and line.isdigit() and 0 < int(line) <= len(values):
        return values[int(line) - 1]
    for value in values:
        if str(value) == line:
            return value
    raise InvalidInput(f"choose one of {', '.join(map(str, values))}, or {CANCEL}")


def _object(schema: Mapping[str, Json], line: str, read: Read | None) -> JsonObject:
    if line.strip() or read is None:
        return _checked_object(line)
    made: JsonObject = {}
    required = schema.get("required") or ()
    for name, about in (schema.get("properties") or {}).items():
        about = about if isinstance(about, dict) else {}
        value = read(f"{name}{'' if name in required else ' (Enter for none)'}: ")
        if value.strip() or name in required:
            made[name] = payload(about, value, None)
    return made


def _checked_object(line: str) -> JsonObject:
    found = _json(line)
    if not isinstance(found, dict):
        raise InvalidInput(f"this takes a JSON object, {{...}}, or {CANCEL}")
    return found


def _json(line: str) -> Json:
    try:
        return jsontext.loads(line)
    except orjson.JSONDecodeError:
        raise InvalidInput(f"that is no JSON; write it so, or {CANCEL}") from None


def _number(line: str) -> Json:
    found = _json(line)
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise InvalidInput(f"this takes a number, or {CANCEL}")
    return found


def _text(line: str) -> str:
    if not line:
        raise InvalidInput(f"write an answer, or {CANCEL}")
    return line


_SCALARS: Mapping[str, Callable[[str], Json]] = {
    "boolean": _yes_or_no,
    "integer": _number,
    "number": _number,
    "array": _json,
}
