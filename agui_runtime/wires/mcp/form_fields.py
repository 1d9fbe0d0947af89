"""JSON Schemas as the fields that MCP's forms have: primitives, and choices. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from agui_runtime.core import jsontext
from agui_runtime.core.jsontext import Json, JsonObject

_EVERY = ("type", "title", "description", "default")
_NUMBER = (*_EVERY, "minimum", "maximum")
_KEYS: Mapping[str, Iterable[str]] = {
    "string": (*_EVERY, "enum", "enumNames", "minLength", "maxLength"),
    "number": _NUMBER,
    "integer": _NUMBER,
    "boolean": _EVERY,
    "array": (*_EVERY, "minItems", "maxItems"),
}
"""What there is of each type in a form (2026-07-28, PrimitiveSchemaDefinition)."""

_FORMATS = frozenset({"date", "date-time", "email", "uri"})


def field_of(schema: Json, *, has_choices: bool) -> JsonObject | None:
    """The field; None where a form has none for it. Without `has_choices`, the forms are those
    before 2025-11-25, in which one chooses one value, whose title is in another list.
    """
    kind = schema.get("type") if isinstance(schema, dict) else None
    if not isinstance(kind, str) or kind not in _KEYS:
        return None
    found = {key: schema[key] for key in _KEYS[kind] if key in schema}
    if kind == "array":
        items = _several(schema.get("items")) if has_choices else None
        return None if items is None else {**found, "items": items}
    if kind == "string":
        return found | _chosen(schema, has_choices=has_choices)
    return found


def text_field(schema: Json) -> JsonObject:
    """A text that is read as JSON, for what no other field can be of."""
    given = schema if isinstance(schema, dict) else {}
    about = jsontext.dumps(given).decode() if given else ""
    return {"type": "string", "description": f"JSON: {about}" if about else "Your answer"}


def _chosen(schema: JsonObject, *, has_choices: bool) -> JsonObject:
    format_ = schema.get("format")
    found: JsonObject = {"format": format_} if format_ in _FORMATS else {}
    titled = _titled(schema.get("oneOf") or schema.get("anyOf"))
    if titled is None:
        return found
    if has_choices:
        return {**found, "oneOf": titled}
    names = [each["title"] for each in titled]
    return {**found, "enum": [each["const"] for each in titled], "enumNames": names}


def _several(items: Json) -> JsonObject | None:
    """What several values are chosen of."""
    if not isinstance(items, dict):
        return None
    titled = _titled(items.get("anyOf") or items.get("oneOf"))
    if titled is not None:
        return {"anyOf": titled}
    values = items.get("enum")
    if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
        return None
    return {"type": "string", "enum": values}


def _titled(choices: Json) -> list[JsonObject] | None:
    if not isinstance(choices, list) or not choices:
        return None
    if not all(isinstance(it, dict) and isinstance(it.get("const"), str) for it in choices):
        return None
    return [{"const": it["const"], "title": str(it.get("title", it["const"]))} for it in choices]
