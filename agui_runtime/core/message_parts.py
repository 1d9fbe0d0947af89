"""Parts of messages: their form of today, the `binary` parts of AG-UI before, and words. Pure.

Clients up to 0.0.47 know no other form than `binary`; those up to 0.0.59 still accept it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import compress, repeat
from operator import eq, or_
from typing import TypeAlias

from agui_runtime.core.columns import are, column, of_type, places
from agui_runtime.core.jsontext import Json, JsonObject, dumps, loads

_Message: TypeAlias = JsonObject

WAS_BINARY = "agui_runtime.binary"
"""True in the metadata of a part that came as `binary`: its sender gets it back as such."""

MEDIA = ("image", "audio", "video")
"""Kinds of parts whose content types begin with them; all others are documents."""

USUAL_TYPES = {"image": "image/png", "audio": "audio/wav", "video": "video/mp4"}
"""What a part of that kind is taken for where nothing names its media type."""

UNKNOWN_TYPE = "application/octet-stream"
"""The media type of a document of which nothing is known."""

_SOURCES = {"data": "data", "url": "url", "id": "file"}
_KEYS = {source: key for key, source in _SOURCES.items()}


def modern(message: object) -> object:
    """The message without `binary` parts, which AG-UI 1.0 no longer knows. What a page's tool
    returned is its content whatever it was: a page that cannot send its results again stays stuck.
    """
    if isinstance(message, dict) and message.get("role") == "tool":
        return {**message, "content": _returned(message.get("content"))}
    if not isinstance(message, dict) or not isinstance(message.get("content"), list):
        return message
    return {**message, "content": _modern_parts(message["content"])}


def all_modern(messages: Sequence[object]) -> list[object]:
    """The same of each message that a JSON text holds. Nearly all are as they should be."""
    made, objects = list(messages), of_type(messages, dict)
    returned = map(eq, column(objects, "role"), repeat("tool"))
    in_parts = are(list, column(objects, "content"))
    for place in compress(places(are(dict, made)), map(or_, returned, in_parts)):
        made[place] = modern(made[place])
    return made


def _returned(content: object) -> object:
    if content is None:
        return ""
    if isinstance(content, str):
        parts = parts_in(content)
        return content if parts is None else parts
    if isinstance(content, list) and content and all(map(_is_known, content)):
        return _modern_parts(content)
    return dumps(content).decode()


def _is_known(part: object) -> bool:
    return isinstance(part, dict) and (part.get("type") == "binary" or _is_part(part))


def in_words(content: object) -> str:
    """A message's content as one text, in which each attachment is a line of words."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list | tuple) else ()
    return "\n".join(_words(part) for part in parts)


def parts_in(text: str) -> list[_Message] | None:
    """The parts with attachments of which the text is the JSON; None where it is none.

    Clients before AG-UI 1.0 know tool results as texts, and send back what they were given.
    """
    if not text.startswith('[{"') or '"source"' not in text:
        return None
    try:
        parts = loads(text)
    except ValueError:
        return None
    fits = all(isinstance(part, dict) and _is_part(part) for part in parts)
    return parts if fits and any("source" in part for part in parts) else None


def with_binary(message: _Message, *, only: bool) -> _Message:
    """The message with `binary` parts for what came as such, and for files that are stored
    elsewhere, which are new in AG-UI 1.0; with `only`, for all attachments.
    """
    if not isinstance(message.get("content"), list):
        return message
    parts = [
        _to_binary(part) if "source" in part and (only or _is_binary(part)) else part
        for part in message["content"]
    ]
    return {**message, "content": parts}


def _words(part: Mapping[str, Json]) -> str:
    if part["type"] == "text":
        return str(part["text"])
    source = part["source"]
    where = source.get("mimeType", "") if source["type"] == "data" else source["value"]
    return f"[{part['type']}: {where}]"


def _is_part(part: Mapping[str, Json]) -> bool:
    source = part.get("source")
    if part.get("type") == "text":
        return isinstance(part.get("text"), str)
    return (
        part.get("type") in (*MEDIA, "document")
        and isinstance(source, dict)
        and source.get("type") in _KEYS
        and isinstance(source.get("value"), str)
    )


def _modern_parts(parts: Sequence[object]) -> list[object]:
    return [
        _from_binary(part) if isinstance(part, dict) and part.get("type") == "binary" else part
        for part in parts
    ]


def _from_binary(part: Mapping[str, Json]) -> Mapping[str, Json]:
    """`{type: binary, mimeType, data | url | id, filename?}` as the part for its kind of media."""
    mime = str(part.get("mimeType") or UNKNOWN_TYPE)
    kind = mime.partition("/")[0]
    value = next((part[key] for key in _SOURCES if part.get(key)), "")
    source_type = next((_SOURCES[key] for key in _SOURCES if part.get(key)), "data")
    filename = {"filename": part["filename"]} if part.get("filename") else {}
    return {
        "type": kind if kind in MEDIA else "document",
        "source": {"type": source_type, "value": value, "mimeType": mime},
        "metadata": {**filename, WAS_BINARY: True},
    }


def _is_binary(part: Mapping[str, Json]) -> bool:
    return part["source"]["type"] == "file" or WAS_BINARY in (part.get("metadata") or {})


def _to_binary(part: Mapping[str, Json]) -> Mapping[str, Json]:
    source, metadata = part["source"], part.get("metadata") or {}
    filename = {"filename": metadata["filename"]} if "filename" in metadata else {}
    value = {_KEYS[source["type"]]: source["value"]}
    return {
        "type": "binary",
        "mimeType": source.get("mimeType") or _any_of(part),
        **value,
        **filename,
    }


def _any_of(part: Mapping[str, Json]) -> str:
    return UNKNOWN_TYPE if part["type"] == "document" else f"{part['type']}/*"
