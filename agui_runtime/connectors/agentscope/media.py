"""Pictures and sounds of AgentScope's replies, piece by piece, as activities that pages show. Pure.

An assistant's message of AG-UI is a text, so that what is none has a place of its own beside it.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from agentscope.event import DataBlockDeltaEvent, DataBlockEndEvent, DataBlockStartEvent
from agentscope.message import DataBlock, TextBlock, URLSource

from agui_runtime.core.events import Event
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.core.message_parts import MEDIA, UNKNOWN_TYPE, USUAL_TYPES

ACTIVITY = "agentscope.media"
"""Its content is a part of AG-UI: `{"type": "image", "source": {...}}`."""


@dataclass(slots=True)
class _Block:
    media_type: str
    name: str | None = None
    url: str | None = None
    pieces: list[str] = field(default_factory=list)


class MediaBlocks:
    """Those of one run that have begun."""

    def __init__(self) -> None:
        self._open: dict[str, _Block] = {}

    def start(self, event: DataBlockStartEvent) -> None:
        self._open[event.block_id] = _Block(event.media_type, event.name)

    def add(self, event: DataBlockDeltaEvent) -> None:
        block = self._open.setdefault(event.block_id, _Block(event.media_type))
        if event.url is not None:
            block.url = event.url
        elif event.data:
            block.pieces.append(event.data)

    def end(self, event: DataBlockEndEvent) -> list[Event]:
        """The activity that the block is; nothing for one without content."""
        block = self._open.pop(event.block_id, None)
        if block is None or not (block.url or block.pieces):
            return []
        ids = {"messageId": f"media-{event.block_id}", "activityType": ACTIVITY}
        content = part(block.media_type, joined(block.pieces), block.url)
        if block.name:
            content["metadata"] = {"filename": block.name}
        return [{"type": "ACTIVITY_SNAPSHOT", **ids, "content": content}]


def activity(id_: str, content: Mapping[str, Json]) -> list[Event]:
    """What agentscope-runtime has as a content of a message: `{"type": "image", "image_url"}`, or
    `{"type": "audio", "data", "format"}`; nothing where it is neither.
    """
    kind = str(content.get("type"))
    url, data = content.get(f"{kind}_url"), content.get("data")
    if isinstance(url, str) and url:
        found = _by_url(kind, url)
    elif isinstance(data, str) and data:
        found = part(f"{kind}/{content.get('format') or '*'}", data, None)
    else:
        return []
    ids = {"messageId": f"media-{id_}", "activityType": ACTIVITY}
    return [{"type": "ACTIVITY_SNAPSHOT", **ids, "content": found}]


def _by_url(kind: str, url: str) -> JsonObject:
    head, comma, data = url.partition(",")
    if head.startswith("data:") and head.endswith(";base64") and comma:
        return part(head.removeprefix("data:").removesuffix(";base64"), data, None)
    return part(USUAL_TYPES.get(kind, UNKNOWN_TYPE), None, url)


def joined(pieces: Sequence[str]) -> str:
    """The base64 of all pieces: of one text that was cut, or of pieces that are each a whole."""
    if not any(piece.endswith("=") for piece in pieces[:-1]):
        return "".join(pieces)
    try:
        return b64encode(b"".join(b64decode(piece, validate=True) for piece in pieces)).decode()
    except Error:
        return "".join(pieces)


def block_part(block: TextBlock | DataBlock) -> JsonObject:
    """The part of AG-UI for a block of a message."""
    if isinstance(block, TextBlock):
        return {"type": "text", "text": block.text}
    source = block.source
    if isinstance(source, URLSource):
        return part(source.media_type, None, str(source.url))
    return part(source.media_type, source.data, None)


def part(media_type: str, data: str | None, url: str | None) -> JsonObject:
    """Of a message or of a tool's result."""
    kind = media_type.partition("/")[0]
    source = {"type": "data", "value": data} if url is None else {"type": "url", "value": url}
    return {
        "type": kind if kind in MEDIA else "document",
        "source": {**source, "mimeType": media_type},
    }
