"""Parts of A2A's messages and artifacts as AG-UI has them, and back. Pure."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence

from a2a.types.a2a_pb2 import Part
from a2a.utils.errors import InvalidParamsError
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from google.protobuf.struct_pb2 import Struct, Value

from agui_runtime.core import jsontext
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.core.message_parts import MEDIA, UNKNOWN_TYPE

_WEB = ("http://", "https://")


def content_of(parts: Sequence[Part]) -> str | list[JsonObject]:
    """A user's content: a text, or parts with attachments; raises InvalidParamsError. What is data
    comes as its JSON.
    """
    made = [_part(each, index) for index, each in enumerate(parts)]
    if all(each["type"] == "text" for each in made):
        return "\n".join(each["text"] for each in made)
    return made


def parts_of(content: Json) -> list[Part]:
    """The parts of a message's content, or of what a tool returned."""
    if isinstance(content, str):
        return [Part(text=content)]
    return [_sent(each) for each in content or ()]


def data_part(value: Json) -> Part:
    """The value as data; as text where the protocol's library cannot hold it: it is nested deeper
    than that allows, or has a number that is too large for a float.
    """
    try:
        return Part(data=ParseDict(value, Value()))
    except (ParseError, OverflowError):
        return Part(text=jsontext.dumps(value).decode(), media_type="application/json")


def data_in(part: Part) -> Json:
    """The JSON of a part with data, in which whole numbers are such again."""
    return _whole(MessageToDict(part.data))


def texts_in(parts: Iterable[Part]) -> list[str]:
    """Those of parts that are text."""
    return [each.text for each in parts if each.WhichOneof("content") == "text"]


def object_in(metadata: Struct) -> JsonObject:
    """The JSON of what stands beside a message."""
    made: JsonObject = _whole(MessageToDict(metadata))
    return made


def _part(part: Part, index: int) -> JsonObject:
    kind = part.WhichOneof("content")
    if kind == "text":
        return {"type": "text", "text": part.text}
    if kind == "data":
        return {"type": "text", "text": jsontext.dumps(data_in(part)).decode()}
    if kind == "raw":
        value = b64encode(part.raw).decode()
        mime = part.media_type or UNKNOWN_TYPE
        return _attached(part, {"type": "data", "value": value, "mimeType": mime})
    if kind == "url" and part.url.startswith(_WEB):
        typed = {"mimeType": part.media_type} if part.media_type else {}
        return _attached(part, {"type": "url", "value": part.url, **typed})
    where = f"message.parts[{index}]"
    if kind == "url":
        raise InvalidParamsError(f"{where}.url: an address that begins with http")
    raise InvalidParamsError(f"{where}: one of text, raw, url and data")


def _attached(part: Part, source: JsonObject) -> JsonObject:
    family = str(source.get("mimeType", "")).partition("/")[0]
    named = {"metadata": {"filename": part.filename}} if part.filename else {}
    return {"type": family if family in MEDIA else "document", "source": source, **named}


def _sent(part: JsonObject) -> Part:
    source = part.get("source")
    if source is None:
        return Part(text=str(part.get("text") or ""))
    mime = source.get("mimeType") or ""
    name = (part.get("metadata") or {}).get("filename") or ""
    if source["type"] != "data":
        return Part(url=source["value"], media_type=mime, filename=name)
    try:
        return Part(raw=b64decode(source["value"]), media_type=mime, filename=name)
    except ValueError:  # an agent's own
        return Part(text=source["value"], media_type=mime, filename=name)


def _whole(value: Json) -> Json:
    """The value with 1 for 1.0: the protocol's library knows no other numbers than doubles."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, dict):
        return {key: _whole(each) for key, each in value.items()}
    return [_whole(each) for each in value] if isinstance(value, list) else value
