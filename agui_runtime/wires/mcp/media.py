"""Pictures, sounds and other files of a run as the content of a tool's result. Pure."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Mapping
from urllib.parse import quote

from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.core.message_parts import UNKNOWN_TYPE, USUAL_TYPES, in_words, parts_in

_SINCE = {"audio": "2025-03-26", "resource_link": "2025-06-18"}
"""Kinds of content that the first version of MCP did not have: a client refuses what it does not
know, and the whole result with it.
"""

_INLINE = frozenset({"image", "audio"})


def media_in(content: Json) -> list[JsonObject]:
    """The files in what a tool returned or in an activity, which is a part or has `files`."""
    found = parts_in(content) if isinstance(content, str) else content
    if isinstance(found, dict):
        found = [found] if "source" in found else found.get("files")
    return [_block(each) for each in found if _is_file(each)] if isinstance(found, list) else []


def readable(block: JsonObject, version: str) -> JsonObject:
    """The same for a client of that version: what is new to it becomes words."""
    if version >= _SINCE.get(block["type"], ""):
        return block
    return _text(str(block.get("uri") or f"[{block['type']}: {block['mimeType']}]"))


def _is_file(part: Json) -> bool:
    source = part.get("source") if isinstance(part, dict) else None
    return (
        isinstance(source, dict)
        and isinstance(source.get("value"), str)
        and isinstance(part.get("type"), str)
    )


def _block(part: JsonObject) -> JsonObject:
    kind, source = part["type"], part["source"]
    mime, value = _mime(kind, source.get("mimeType")), source["value"]
    head, comma, data = value.partition(";base64,")
    if source.get("type") == "url" and comma and head.startswith("data:"):
        mime, value = head.removeprefix("data:") or mime, data
    elif source.get("type") == "url":
        return {"type": "resource_link", "uri": value, "name": _name(part), "mimeType": mime}
    elif source.get("type") != "data":
        return _text(in_words([part]))
    if not _is_base64(value):
        return _text(in_words([part]))
    if kind in _INLINE:
        return {"type": kind, "data": value, "mimeType": mime}
    about = {"uri": f"file:///{quote(_name(part), safe='')}", "blob": value, "mimeType": mime}
    return {"type": "resource", "resource": about}


def _mime(kind: str, stated: Json) -> str:
    known = isinstance(stated, str) and stated and not stated.endswith("/*")
    return str(stated) if known else USUAL_TYPES.get(kind, UNKNOWN_TYPE)


def _name(part: Mapping[str, Json]) -> str:
    metadata = part.get("metadata")
    name = metadata.get("filename") if isinstance(metadata, dict) else None
    return name if isinstance(name, str) and name else str(part["type"])


def _is_base64(value: str) -> bool:
    try:
        return bool(b64decode(value, validate=True))
    except (binascii.Error, ValueError):
        return False


def _text(words: str) -> JsonObject:
    return {"type": "text", "text": words}
