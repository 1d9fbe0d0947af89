"""Places in a thread as clients give them back. Pure."""

from __future__ import annotations

from agui_runtime.core.errors import Gone, InvalidInput
from agui_runtime.core.events import Cursor


def cursor_in(name: str, text: str | None) -> Cursor | None:
    """One that a client gives back; raises InvalidInput, which calls it `name`."""
    try:
        return Cursor.parse(text) if text else None
    except ValueError:
        raise InvalidInput(f"{name}: give a cursor of this thread, as it was given") from None


def within(cursor: Cursor, end: Cursor) -> Cursor:
    """The cursor, if the log that has this end has that place; raises Gone."""
    if cursor.epoch != end.epoch or cursor.seq > end.seq:
        raise Gone
    return cursor
