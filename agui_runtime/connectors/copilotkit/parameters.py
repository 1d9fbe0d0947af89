"""Between CopilotKit's parameter lists and JSON Schema, in both directions. Pure.

A parameter is `{name, type, description?, required?, enum?, attributes?}`; its type is `string`,
`number`, `boolean`, `object`, or one of them with `[]`. It is required unless it says no.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agui_runtime.core.jsontext import Json, JsonObject

Schema = JsonObject

_TYPES = frozenset({"string", "number", "boolean", "object"})
_OF_SCHEMA = {"integer": "number"} | {name: name for name in _TYPES}


def to_schema(parameters: Sequence[Mapping[str, Json]]) -> Schema:
    """The JSON Schema of an object with these parameters."""
    return {
        "type": "object",
        "properties": {each["name"]: _property(each) for each in parameters},
        "required": [each["name"] for each in parameters if each.get("required", True)],
    }


def to_parameters(schema: Mapping[str, Json] | None) -> list[JsonObject]:
    """The parameter list of an object's schema; what the list cannot say becomes a string."""
    schema = schema or {}
    definitions = schema.get("$defs", {})
    required = schema.get("required", ())
    return [
        {"name": name, "required": name in required} | _described(value, definitions)
        for name, value in schema.get("properties", {}).items()
    ]


def _property(parameter: Mapping[str, Json]) -> Schema:
    kind = parameter.get("type") or "string"
    described = {"description": parameter["description"]} if parameter.get("description") else {}
    if kind.endswith("[]"):
        return {"type": "array", "items": _value(kind[:-2], parameter)} | described
    return _value(kind, parameter) | described


def _value(kind: str, parameter: Mapping[str, Json]) -> Schema:
    if kind == "object":
        attributes = parameter.get("attributes")
        return to_schema(attributes) if attributes else {"type": "object"}
    schema: Schema = {"type": kind if kind in _TYPES else "string"}
    if kind == "string" and parameter.get("enum"):
        schema["enum"] = list(parameter["enum"])
    return schema


def _described(schema: Mapping[str, Json], definitions: Mapping[str, Json]) -> JsonObject:
    about = schema.get("description")
    plain = _resolved(schema, definitions)
    parameter = _typed(plain, definitions)
    about = about or plain.get("description")
    return parameter | ({"description": about} if about else {})


def _typed(schema: Mapping[str, Json], definitions: Mapping[str, Json]) -> JsonObject:
    kind = schema.get("type")
    if kind == "array":
        item = _typed(_resolved(schema.get("items", {}), definitions), definitions)
        # There is no list of lists.
        return item | {"type": f"{item['type'].removesuffix('[]')}[]"}
    if kind == "object":
        nested = {**schema, "$defs": definitions}
        return {"type": "object", "attributes": to_parameters(nested)}
    parameter: JsonObject = {"type": _OF_SCHEMA.get(str(kind), "string")}
    if parameter["type"] == "string" and "enum" in schema:
        parameter["enum"] = [str(value) for value in schema["enum"]]
    return parameter


def _resolved(schema: Mapping[str, Json], definitions: Mapping[str, Json]) -> Mapping[str, Json]:
    """The schema behind a reference, or the one that an optional value has when it is there."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rsplit("/", 1)[-1]
        # A type may hold itself: below its first level it is any object.
        rest = {key: value for key, value in definitions.items() if key != name}
        return _resolved({**definitions.get(name, {}), "$defs": rest}, rest)
    options = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    return _resolved(options[0], definitions) if options else schema
