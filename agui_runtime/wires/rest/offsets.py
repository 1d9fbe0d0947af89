"""Places in a thread as clients give them back: cursors, and offsets of Durable Streams. Pure."""

from __future__ import annotations

from agui_runtime.core.errors import InvalidInput
from agui_runtime.core.events import Cursor
from agui_runtime.wires.shared.cursors import within

START, TAIL = "-1", "now"

_DIGITS = 16
"""Offsets of one log sort as their texts do."""


def offset_of(cursor: Cursor) -> str:
    return f"{cursor.epoch}_{cursor.seq:0{_DIGITS}}"


def place_at(offset: str | None, end: Cursor) -> Cursor:
    """Where to go on in the log that has this end; raises InvalidInput and Gone."""
    if offset == TAIL:
        return end
    if offset in (None, "", START):
        return Cursor(end.epoch, 0)
    epoch, _, digits = (offset or "").rpartition("_")
    if not (epoch and len(digits) == _DIGITS and digits.isascii() and digits.isdigit()):
        raise InvalidInput("offset: give one of this stream, as it was given")
    return within(Cursor(epoch, int(digits)), end)
