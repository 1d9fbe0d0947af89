"""Ids that come from outside: which of them may name a thread or a run. Pure."""

from __future__ import annotations

import unicodedata

from agui_runtime.core.errors import InvalidInput

MAX_ID = 1000
"""Bytes of UTF-8, for which any store's index has room. Front ends send UUIDs; applications send
what names their things."""

_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode's categories of control characters, halves of characters, and breaks of lines."""


def check_id(value: str, field: str) -> None:
    """Raises InvalidInput for what cannot be an id."""
    fault = fault_of(value)
    if fault is not None:
        raise InvalidInput(f"{field}: {fault}")


def fault_of(value: str) -> str | None:
    """Why the text cannot be an id; None if it can.

    Any text can, since the reference takes it; but what breaks lines would forge a log's, and half
    a character cannot be stored.
    """
    if len(value) > MAX_ID:
        return f"{len(value)} characters; an id has at most {MAX_ID}"
    if value.isascii() and value.isprintable():
        return None
    if (size := len(value.encode(errors="replace"))) > MAX_ID:
        return f"{size} bytes of UTF-8; an id has at most {MAX_ID}"
    bad = (each for each in value if unicodedata.category(each) in _UNPRINTABLE)
    found = next(bad, None)
    return found and f"holds U+{ord(found):04X}; an id has no control characters or breaks"
