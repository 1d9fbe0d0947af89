"""TypeScript from the JSON Schema of the socket's frames: a type for each definition."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tasks.processes import ROOT

SCHEMA = ROOT / "agui_runtime" / "wires" / "websocket" / "frames.schema.json"
TYPES = ROOT / "examples" / "socket" / "src" / "frames.ts"

HEAD = """// The frames of agui-mux.1. Made from their JSON Schema by `python3 scripts.py frames`;
// the server has it at GET /copilotkit/socket.

export type JsonObject = { [key: string]: JsonValue };
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;
"""

NAMES = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean"}


def typescript(schema: Mapping[str, Any]) -> str:
    """A module of types."""
    known = {name: it for name, it in schema["$defs"].items() if name != "JsonValue"}
    return HEAD + "".join(_definition(name, it) for name, it in sorted(known.items()))


def write(file: Path = TYPES) -> None:
    file.write_text(typescript(json.loads(SCHEMA.read_text())))


def _definition(name: str, schema: Mapping[str, Any]) -> str:
    text = " ".join(schema.get("description", "").split())
    comment = f"/** {text} */\n" if text else ""
    return f"\n{comment}export type {name} = {_type(schema)};\n"


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(map(json.dumps, schema["enum"]))
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " | ".join(dict.fromkeys(map(_type, schema[key])))
    return _simple(schema)


def _simple(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type")
    if kind == "array":
        return f"Array<{_type(schema.get('items', {}))}>"
    if kind == "object":
        return _object(schema)
    return "null" if kind == "null" else NAMES.get(str(kind), "JsonValue")


def _object(schema: Mapping[str, Any]) -> str:
    fields = schema.get("properties")
    if not fields:
        return "JsonObject"
    required = set(schema.get("required", ()))
    lines = [
        f"  {_key(name)}{'' if name in required else '?'}: {_type(it)};\n"
        for name, it in fields.items()
    ]
    more = " & JsonObject" if schema.get("additionalProperties") is True else ""
    return "{\n" + "".join(lines) + "}" + more


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_$][\w$]*", name) else json.dumps(name)
