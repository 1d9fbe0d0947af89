"""Event streams, framed as the HTML standard (9.2.6) has it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from agui_runtime.core import jsontext
from agui_runtime.core.events import Event, Record
from agui_runtime.wires.shared.http import AS_IT_COMES
from agui_runtime.wires.shared.streaming import Framing

Profile: TypeAlias = Callable[[Event], "Event | None"]
"""An event as a client may have it; None if it may not have it at all."""


def current(event: Event) -> Event | None:
    """For clients of AG-UI 1.0."""
    return event


def frame(data: object, event_id: str | None = None) -> bytes:
    """One frame with the JSON of `data`. LF only: AG-UI clients split at two of them and at
    nothing else.
    """
    encoded = jsontext.dumps(data)
    if event_id is None:
        return b"data: %b\n\n" % encoded
    return b"id: %b\ndata: %b\n\n" % (event_id.encode(), encoded)


def frames(records: Iterable[Record], epoch: str, profile: Profile) -> bytes:
    """A frame for each record, as far as the client may have it; the ids are cursors."""
    start = b"id: %b." % epoch.encode()
    return b"".join(
        [
            b"%b%d\ndata: %b\n\n" % (start, record.seq, jsontext.dumps(event))
            for record in records
            if (event := profile(record.event)) is not None
        ]
    )


def named_frame(name: str, encoded: bytes) -> bytes:
    """One frame of an event of that name, with JSON that is encoded already."""
    return b"event: %b\ndata: %b\n\n" % (name.encode(), encoded)


def comment(text: str) -> bytes:
    """A frame that no reader sees, but who looks at the bytes."""
    return b": %b\n\n" % text.encode()


EVENT_STREAM = Framing(
    headers=((b"content-type", b"text/event-stream"), *AS_IT_COMES), idle=comment("keep-alive")
)
"""For payloads that are frames already."""
