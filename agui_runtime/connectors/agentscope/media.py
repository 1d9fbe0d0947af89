"""Pictures and sounds of AgentScope's replies, piece by piece, as activities that pages show. Pure.

An assistant's message of AG-UI is a text, so that what is none has a place of its own beside it.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Sequence
from dataclasses import dataclass, field

from agentscope.event import DataBlockDeltaEvent, DataBlockEndEvent, DataBlockStartEvent

from agui_runtime.core.events import Event
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.core.message_parts import MEDIA

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


def joined(pieces: Sequence[str]) -> str:
    """The base64 of all pieces: of one text that was cut, or of pieces that are each a whole."""
    if not any(piece.endswith("=") for piece in pieces[:-1]):
        return "".join(pieces)
    try:
        return b64encode(b"".join(b64decode(piece, validate=True) for piece in pieces)).decode()
    except Error:
        return "".join(pieces)


def part(media_type: str, data: str | None, url: str | None) -> JsonObject:
    """Of a message or of a tool's result."""
    kind = media_type.partition("/")[0]
    source = {"type": "data", "value": data} if url is None else {"type": "url", "value": url}
    return {
        "type": kind if kind in MEDIA else "document",
        "source": {**source, "mimeType": media_type},
    }
