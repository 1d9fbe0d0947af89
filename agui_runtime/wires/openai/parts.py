"""The parts of a user's message, of both of OpenAI's protocols, as AG-UI has them. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.core.message_parts import MEDIA, UNKNOWN_TYPE
from agui_runtime.wires.openai.errors import BadRequest

_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+)?(?:;[\w.+-]+=[^;,]*)*;base64,", re.ASCII)
_WEB = ("http://", "https://")
_AUDIO = {"mp3": "audio/mpeg", "wav": "audio/wav"}


def user_content(content: Json, where: str) -> str | list[JsonObject]:
    """A text, or parts with attachments; raises BadRequest, whose `param` begins with `where`."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list) or not content:
        raise BadRequest(f"{where}: a text, or a list of parts", where, "invalid_type")
    return [_part(part, f"{where}.{index}") for index, part in enumerate(content)]


def shown_part(part: JsonObject) -> JsonObject:
    """A part of AG-UI's as responses have it."""
    if part["type"] == "text":
        return {"type": "input_text", "text": part["text"]}
    source = part["source"]
    address = source["value"]
    if source["type"] == "data":
        address = f"data:{source.get('mimeType') or UNKNOWN_TYPE};base64,{address}"
    if part["type"] == "image":
        return {"type": "input_image", "image_url": address, "detail": "auto"}
    name = (part.get("metadata") or {}).get("filename")
    key = "file_url" if source["type"] == "url" else "file_data"
    return {"type": "input_file", key: address, **({"filename": name} if name else {})}


def words(content: Json, where: str) -> str:
    """The text of a message that can have no other parts, "" for None; raises BadRequest."""
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, list):
        raise BadRequest(f"{where}: a text, or a list of parts", where, "invalid_type")
    return "".join(_words(part, f"{where}.{index}") for index, part in enumerate(content))


def _words(part: Json, where: str) -> str:
    kind = _kind(part)
    if kind not in _TEXT_KEYS:
        raise BadRequest(f"{where}: a part with text", where, "invalid_value")
    return _text_of(part, _TEXT_KEYS[kind], where)


def _part(part: Json, where: str) -> JsonObject:
    kind = _kind(part)
    if kind in _TEXT_KEYS:
        return {"type": "text", "text": _text_of(part, _TEXT_KEYS[kind], where)}
    if kind not in _PARTS:
        known = ", ".join((*_TEXT_KEYS, *_PARTS))
        raise BadRequest(f"{where}.type: one of {known}", f"{where}.type", "invalid_value")
    return _PARTS[kind](part, where)


def _kind(part: Json) -> str:
    kind = part.get("type") if isinstance(part, dict) else None
    return kind if isinstance(kind, str) else ""


def _image(part: JsonObject, where: str) -> JsonObject:
    """`image_url` is an object in chat completions, and the address itself in responses."""
    address = part.get("image_url")
    if isinstance(address, dict):
        address = address.get("url")
    return {"type": "image", "source": _source(address, f"{where}.image_url", "image/png")}


def _audio(part: JsonObject, where: str) -> JsonObject:
    given = part.get("input_audio")
    given = given if isinstance(given, dict) else {}
    mime = _AUDIO.get(str(given.get("format")))
    if mime is None or not isinstance(given.get("data"), str):
        message = f"{where}.input_audio: `data` in base64, and `format` {' or '.join(_AUDIO)}"
        raise BadRequest(message, f"{where}.input_audio", "invalid_value")
    return {"type": "audio", "source": {"type": "data", "value": given["data"], "mimeType": mime}}


def _file(part: JsonObject, where: str) -> JsonObject:
    """Its fields stand in an object `file` in chat completions, and beside `type` in responses."""
    given = part.get("file") if part["type"] == "file" else part
    given = given if isinstance(given, dict) else {}
    address = given.get("file_data") or given.get("file_url")
    source = _source(address, f"{where}.file_data", UNKNOWN_TYPE)
    kind = source.get("mimeType", "").partition("/")[0]
    name = given.get("filename")
    named = {"metadata": {"filename": name}} if isinstance(name, str) and name else {}
    return {"type": kind if kind in MEDIA else "document", "source": source, **named}


def _source(address: Json, where: str, usual: str) -> JsonObject:
    if not isinstance(address, str):
        message = f"{where}: an address or a data URL; this server stores no files to name by id"
        raise BadRequest(message, where, "invalid_value")
    if found := _DATA_URL.match(address):
        mime = found[1] or usual
        return {"type": "data", "value": address[found.end() :], "mimeType": mime}
    if not address.startswith(_WEB):
        message = f"{where}: an address that begins with http, or `data:...;base64,...`"
        raise BadRequest(message, where, "invalid_value")
    return {"type": "url", "value": address}


def _text_of(part: JsonObject, key: str, where: str) -> str:
    text = part.get(key)
    if not isinstance(text, str):
        raise BadRequest(f"{where}.{key}: a text", f"{where}.{key}", "invalid_type")
    return text


_TEXT_KEYS = {"text": "text", "input_text": "text", "output_text": "text", "refusal": "refusal"}
"""Parts that are text, and where it stands in them."""

_PARTS: Mapping[str, Callable[[JsonObject, str], JsonObject]] = {
    "image_url": _image,
    "input_image": _image,
    "input_audio": _audio,
    "file": _file,
    "input_file": _file,
}
