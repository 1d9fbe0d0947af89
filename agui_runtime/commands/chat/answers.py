"""What a line that somebody types means by the JSON schema of an answer. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import orjson

from agui_runtime.core import jsontext
from agui_runtime.core.errors import InvalidInput
from agui_runtime.core.jsontext import Json, JsonObject

CANCEL = "/cancel"
"""What somebody types who does not want to answer."""

Schema = Mapping[str, Json]

_YES = frozenset({"y", "yes", "approve", "approved", "ok", "true", "allow", "accept"})
_NO = frozenset({"n", "no", "reject", "rejected", "false", "deny", "denied"})
_ALWAYS = frozenset({"a", "always"})


def payload(schema: Schema, line: str) -> Json:
    """What a line means by the schema. Raises InvalidInput, which says what to write."""
    schema = plain(schema, schema)
    if _is_approval(schema):
        return _approval(schema, line)
    if "enum" in schema:
        return _one_of(schema["enum"], line.strip())
    if "const" in schema:
        return _one_of([schema["const"]], line.strip())
    if schema.get("type") == "object":
        return _object(schema, line)
    if schema.get("type") == "array":
        return _list(schema, line.strip())
    return _SCALARS.get(schema.get("type", ""), _text)(line.strip())


def hint(schema: Schema) -> str:
    """What may be written; empty where anything may."""
    schema = plain(schema, schema)
    if _is_approval(schema):
        return "[y]es, [n]o or [a]lways" if _is_flag(schema, "always") else "[y]es or [n]o"
    if "enum" in schema:
        return " ".join(f"{number}) {value}" for number, value in enumerate(schema["enum"], 1))
    if schema.get("type") == "object":
        names = ", ".join(fields(schema))
        return f"JSON with {names}" if names else "a JSON object"
    return _HINTS.get(schema.get("type", ""), "")


def fields(schema: Schema) -> Mapping[str, Schema]:
    """Those of an object that can be asked for one by one; none of anything else."""
    schema = plain(schema, schema)
    found = schema.get("properties")
    if schema.get("type") != "object" or not isinstance(found, dict) or _is_approval(schema):
        return {}
    return {name: plain(about, schema) for name, about in found.items()}


def required(schema: Schema) -> Sequence[str]:
    """The fields that an object must have."""
    found = plain(schema, schema).get("required")
    return [str(name) for name in found] if isinstance(found, list) else []


def plain(schema: Json, root: Schema, steps: int = 8) -> Schema:
    """The schema that is meant: the one that it refers to, in so many `steps` as schemas that are
    meant to be read need, and of something that may be null the other choice. It has the
    definitions of its root, and no keyword with a value that it cannot have.
    """
    found = _sound(schema)
    definitions = _sound(root).get("$defs") or {}
    name = str(found.get("$ref", "")).removeprefix("#/$defs/")
    if isinstance(target := definitions.get(name), dict):
        found = {**_sound(target), **{key: found[key] for key in found if key != "$ref"}}
    choices = found.get("anyOf") or found.get("oneOf") or ()
    real = [each for each in choices if isinstance(each, dict) and each.get("type") != "null"]
    if len(real) == 1 and "type" not in found and steps:
        rest = {key: found[key] for key in found if key not in {"anyOf", "oneOf"}}
        return plain({**real[0], **rest}, root, steps - 1)
    if isinstance(kinds := found.get("type"), list):
        known = (each for each in kinds if isinstance(each, str) and each != "null")
        found = {**found, "type": next(known, "null")}
    return {**found, "$defs": definitions} if definitions else found


def _sound(schema: Json) -> JsonObject:
    given = schema if isinstance(schema, dict) else {}
    return {key: it for key, it in given.items() if isinstance(it, _KINDS.get(key, object))}


def _is_approval(schema: Schema) -> bool:
    return _is_flag(schema, "approved")


def _is_flag(schema: Schema, name: str) -> bool:
    about = (schema.get("properties") or {}).get(name)
    return plain(about, schema).get("type") == "boolean"


def _approval(schema: Schema, line: str) -> JsonObject:
    if line.strip().startswith("{"):
        return _object(schema, line)
    if _is_flag(schema, "always") and line.strip().lower() in _ALWAYS:
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


def _object(schema: Schema, line: str) -> JsonObject:
    found = _json(line)
    if not isinstance(found, dict):
        raise InvalidInput(f"this takes a JSON object, {{...}}, or {CANCEL}")
    if missing := [name for name in required(schema) if name not in found]:
        raise InvalidInput(f"the object lacks {', '.join(missing)}; write it anew, or {CANCEL}")
    return found


def _list(schema: Schema, line: str) -> Json:
    items = plain(schema.get("items"), schema)
    if not (line.startswith("[") or items.get("type") == "array"):
        return [payload(items, each) for each in line.split(",") if each.strip()]
    return _json(line)


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


def _integer(line: str) -> Json:
    found = _number(line)
    if not isinstance(found, int):
        raise InvalidInput(f"this takes a whole number, or {CANCEL}")
    return found


def _text(line: str) -> str:
    if not line:
        raise InvalidInput(f"write an answer, or {CANCEL}")
    return line


_KINDS: Mapping[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("properties", "$defs"), dict),
    **dict.fromkeys(("enum", "anyOf", "oneOf", "required"), list),
    **dict.fromkeys(("$ref", "description"), str),
    "type": (str, list),
}
"""What the values of keywords are; agents write schemas, and other things in their place."""

_SCALARS: Mapping[str, Callable[[str], Json]] = {
    "boolean": _yes_or_no,
    "integer": _integer,
    "number": _number,
}

_HINTS: Mapping[str, str] = {
    "boolean": "[y]es or [n]o",
    "integer": "a whole number",
    "number": "a number",
    "array": "with commas, or a JSON list",
}
