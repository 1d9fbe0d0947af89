"""What a tool's result says, as text or as AG-UI's parts: base64 never stands in a text. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from agui_runtime.agents.agent import ResultParts
from agui_runtime.core.errors import RemoteFailure
from agui_runtime.core.jsontext import Json, JsonObject, dumps
from agui_runtime.core.message_parts import MEDIA, UNKNOWN_TYPE

McpResult: TypeAlias = Mapping[str, Json]
"""MCP's own JSON of a result: `{"content": [...], "structuredContent"?, "isError"}` of a call,
`{"contents": [...]}` of a resource.
"""

Part: TypeAlias = JsonObject

LARGEST = 4 * 1024 * 1024
"""Bytes of JSON in one answer of a server."""


def content_of(result: McpResult) -> str | ResultParts:
    """What a call gave: its text; its parts in their order where there is more than text; what is
    structured where there is no text.
    """
    parts = [_part(each) for each in result.get("content") or () if isinstance(each, Mapping)]
    structured = result.get("structuredContent")
    if structured is not None and not any(part["type"] == "text" for part in parts):
        parts.insert(0, _text(dumps(structured).decode()))
    if all(part["type"] == "text" for part in parts):
        return "\n".join(part["text"] for part in parts)
    return ResultParts(parts)


def succeeded(result: McpResult) -> str | ResultParts:
    """The same; raises RemoteFailure where the tool says that it failed."""
    content = content_of(result)
    if result.get("isError"):
        raise RemoteFailure("REFUSED", content if isinstance(content, str) else content.words)
    return content


def bounded(result: McpResult, label: str) -> McpResult:
    """The same result; raises RemoteFailure if it is larger than `LARGEST`."""
    if len(dumps(result)) > LARGEST:
        limit = LARGEST // 1024**2
        raise RemoteFailure("TOO_LARGE", f"{label} answered with over {limit} MiB")
    return result


def _part(content: Mapping[str, Json]) -> Part:
    read = _READ.get(str(content.get("type")), _unknown)
    return read(content)


def _plain_text(content: Mapping[str, Json]) -> Part:
    return _text(str(content.get("text", "")))


def _media(content: Mapping[str, Json]) -> Part:
    kind = str(content.get("type"))
    return _data(kind, content.get("data"), content.get("mimeType") or f"{kind}/*")


def _resource(content: Mapping[str, Json]) -> Part:
    """A resource that is there as a whole."""
    resource = content.get("resource")
    if not isinstance(resource, Mapping):
        return _unknown(content)
    if isinstance(resource.get("text"), str):
        return _text(resource["text"])
    mime = str(resource.get("mimeType") or UNKNOWN_TYPE)
    kind = mime.partition("/")[0]
    part = _data(kind if kind in MEDIA else "document", resource.get("blob"), mime)
    name = str(resource.get("uri", "")).rpartition("/")[2]
    return part | ({"metadata": {"filename": name}} if name and "source" in part else {})


def _link(content: Mapping[str, Json]) -> Part:
    about = [content.get("title") or content.get("name"), content.get("description")]
    words = ": ".join(str(each) for each in about if each)
    return _text(f"[resource {content.get('uri')}{f' ({words})' if words else ''}]")


def _unknown(content: Mapping[str, Json]) -> Part:
    """Of a kind that MCP has not yet: its words, and no data."""
    texts = [str(value) for key, value in content.items() if key in {"text", "uri", "name"}]
    return _text(" ".join([f"[{content.get('type')}]", *texts]))


def _data(kind: str, data: object, mime: object) -> Part:
    if not isinstance(data, str):
        return _text(f"[{kind}: {mime}]")
    return {"type": kind, "source": {"type": "data", "value": data, "mimeType": str(mime)}}


def _text(text: str) -> Part:
    return {"type": "text", "text": text}


_READ: Mapping[str, Callable[[Mapping[str, Json]], Part]] = {
    "text": _plain_text,
    "image": _media,
    "audio": _media,
    "resource": _resource,
    "resource_link": _link,
}
