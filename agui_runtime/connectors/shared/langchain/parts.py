"""AG-UI's parts of a message and LangChain's blocks with media, in both directions. Pure.

A block names its kind of media and has it inline, at an address, or as a provider's file, each of
them under one of many names.
"""

from __future__ import annotations

import mimetypes
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias
from urllib.parse import unquote_to_bytes

from agui_runtime.connectors.shared.langchain.blocks import Block
from agui_runtime.core.jsontext import Json, JsonObject, whole
from agui_runtime.core.message_parts import UNKNOWN_TYPE, USUAL_TYPES

Part: TypeAlias = JsonObject

_KINDS = {
    "image": "image",
    "image_url": "image",
    "input_image": "image",
    "audio": "audio",
    "input_audio": "audio",
    "video": "video",
    "file": "document",
    "input_file": "document",
    "document": "document",
    "text-plain": "document",
    "media": "document",
    "binary": "document",
}
"""The kinds of media by the types of blocks; a document's own type may say that it is another."""

_ADDRESSES = ("url", "image_url", "file_url")
_BYTES = ("base64", "data", "file_data", "bytes")
_HANDLES = ("file_id", "file_uri", "fileUri", "id")
_TYPES = ("mime_type", "media_type", "mimeType")
_NAMES = ("filename", "title", "name")


def part_of(block: Block) -> Part | None:
    """The media in a block as a part of a message; None if it holds none."""
    kind = str(block.get("type") or next((key for key in block if key in _KINDS), ""))
    if kind not in _KINDS:
        return None
    fields = _fields(block, kind)
    source = _source(fields, _KINDS[kind])
    if source is None:
        return None
    named = next((fields[key] for key in _NAMES if isinstance(fields.get(key), str)), None)
    metadata = {"metadata": {"filename": named}} if named else {}
    return {"type": _media_kind(_KINDS[kind], source), "source": source, **metadata}


def to_block(part: Mapping[str, Json]) -> JsonObject:
    """The block for a part, in the form that most of LangChain's libraries take."""
    if part["type"] == "text":
        return {"type": "text", "text": part["text"]}
    if part["type"] == "binary":
        part = part_of(part) or {"type": "document", "source": {"type": "data", "value": ""}}
    source, kind = part["source"], part["type"]
    mime = source.get("mimeType") or ""
    if kind == "image" and source["type"] != "file":
        inline = f"data:{mime};base64,{source['value']}"
        url = source["value"] if source["type"] == "url" else inline
        return {"type": "image_url", "image_url": {"url": url}}
    field = {"url": "url", "data": "base64", "file": "file_id"}[source["type"]]
    named = "file" if kind == "document" else kind
    about = {"mime_type": mime, "filename": _filename(part) if kind == "document" else ""}
    return {
        "type": named,
        field: source["value"],
        **{key: value for key, value in about.items() if value},
    }


def _filename(part: Mapping[str, Json]) -> str:
    metadata = part.get("metadata")
    name = metadata.get("filename") if isinstance(metadata, Mapping) else None
    return name if isinstance(name, str) else ""


def _fields(block: Block, kind: str) -> JsonObject:
    """The block's fields, with those of the objects in which providers put some of them."""
    own = _object(block.get(kind))
    source = _object(block.get("source") or own.get("source"))
    fields = {**_object(block.get("extras")), **source, **own, **block}
    fields.setdefault("source_type", source.get("type"))
    if "format" in fields and not _mime(fields):
        fields["mime_type"] = _of_format(str(fields["format"]), _KINDS[kind])
    return fields


def _object(value: object) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}


def _of_format(name: str, kind: str) -> str:
    if kind != "document":
        return f"{kind}/{name}"
    return mimetypes.guess_type(f"a.{name}")[0] or f"application/{name}"


def _source(fields: Mapping[str, Json], kind: str) -> Part | None:
    found = (source for read in _READERS for source in read(fields, kind))
    return next(found, None)


def _as_text(fields: Mapping[str, Json], kind: str) -> Iterator[Part]:
    """Plain text as a document, Anthropic's or LangChain's own."""
    text = fields.get("text", fields.get("data") if fields["source_type"] == "text" else None)
    if kind == "document" and isinstance(text, str):
        yield _inline(b64encode(whole(text).encode()).decode(), _mime(fields) or "text/plain")


def _as_bytes(fields: Mapping[str, Json], kind: str) -> Iterator[Part]:
    value = next((fields[key] for key in _BYTES if isinstance(fields.get(key), str | bytes)), None)
    if isinstance(value, bytes):
        value = b64encode(value).decode()
    if value is not None:
        yield _data_url(value) or _inline(
            value, _mime(fields) or USUAL_TYPES.get(kind, UNKNOWN_TYPE)
        )


def _at_address(fields: Mapping[str, Json], kind: str) -> Iterator[Part]:
    url = next((fields[key] for key in _ADDRESSES if isinstance(fields.get(key), str)), None)
    if url is not None:
        yield _data_url(url) or _typed({"type": "url", "value": url}, fields)


def _as_file(fields: Mapping[str, Json], kind: str) -> Iterator[Part]:
    handle = next((fields[key] for key in _HANDLES if isinstance(fields.get(key), str)), None)
    if handle is not None:
        yield _typed({"type": "file", "value": handle}, fields)


_READERS: tuple[Callable[[Mapping[str, Json], str], Iterator[Part]], ...] = (
    _as_text,
    _as_bytes,
    _at_address,
    _as_file,
)


def _data_url(value: str) -> Part | None:
    """The source in a `data:` URL; None for anything else."""
    if value[:5].lower() != "data:":
        return None
    head, _, body = value[5:].partition(",")
    mime, *about = head.split(";")
    if "base64" in about:
        return _inline(body, mime or "text/plain")
    return _inline(b64encode(unquote_to_bytes(whole(body))).decode(), mime or "text/plain")


def _inline(value: str, mime: str) -> Part:
    return {"type": "data", "value": value, "mimeType": mime}


def _typed(source: Part, fields: Mapping[str, Json]) -> Part:
    mime = _mime(fields)
    return {**source, "mimeType": mime} if mime else source


def _mime(fields: Mapping[str, Json]) -> str:
    return next((fields[key] for key in _TYPES if isinstance(fields.get(key), str)), "")


def _media_kind(kind: str, source: Part) -> str:
    family = str(source.get("mimeType", "")).partition("/")[0]
    return family if kind == "document" and family in USUAL_TYPES else kind
