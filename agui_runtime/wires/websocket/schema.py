"""The frames as JSON Schema, which ships as `frames.schema.json`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Literal, TypeAlias

import orjson
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from agui_runtime.core import jsontext
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.wires.websocket import client_frames, server_frames

FILE = "frames.schema.json"

_Model: TypeAlias = tuple[type[BaseModel], Literal["validation", "serialization"]]


_ANY: Mapping[str, Collection[type[BaseModel]]] = {
    "ClientFrame": client_frames.ALL,
    "DataRequest": client_frames.KINDS["data_request"].values(),
    "Mutation": client_frames.KINDS["mutation"].values(),
    "ServerFrame": server_frames.ALL,
}
"""The definitions that are any of several."""


def frames_schema() -> JsonObject:
    """All frames: `ClientFrame` is any that clients may send, `ServerFrame` any that they get."""
    sent: list[_Model] = [(model, "validation") for model in client_frames.ALL]
    got: list[_Model] = [(model, "serialization") for model in server_frames.ALL]
    _, schema = models_json_schema([*sent, *got])
    definitions = schema["$defs"]
    for name, models in _ANY.items():
        definitions[name] = {"anyOf": [{"$ref": f"#/$defs/{it.__name__}"} for it in models]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "agui-mux.1",
        "description": "One WebSocket on which a page makes many requests at once.",
        "anyOf": [{"$ref": "#/$defs/ClientFrame"}, {"$ref": "#/$defs/ServerFrame"}],
        "$defs": definitions,
    }


def shipped_schema() -> bytes:
    """The file of this package, which `python3 scripts.py frames` writes."""
    return (files(__package__) / FILE).read_bytes()


def schema_text() -> str:
    """What is to be in it."""
    return jsontext.dumps(frames_schema(), orjson.OPT_INDENT_2).decode() + "\n"


if __name__ == "__main__":
    Path(__file__).with_name(FILE).write_text(schema_text())
