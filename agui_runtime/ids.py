"""Ids that come from outside: which of them may name a thread or a run. Pure."""

from __future__ import annotations

import unicodedata

from agui_runtime.errors import InvalidInput

MAX_ID = 1000
"""Characters. Front ends send UUIDs; applications send what names their things."""

_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode's categories of control characters, halves of characters, and breaks of lines."""


def check_id(value: str, field: str) -> None:
    """Raises InvalidInput for what cannot be an id.

    Any text can, since the reference takes it; but what breaks lines would forge a log's, and
    half a character cannot be stored.
    """
    if len(value) > MAX_ID:
        raise InvalidInput(f"{field}: {len(value)} characters; an id has at most {MAX_ID}")
    if value.isascii() and value.isprintable():
        return
    for character in value:
        if unicodedata.category(character) in _UNPRINTABLE:
            code = f"U+{ord(character):04X}"
            raise InvalidInput(f"{field}: holds {code}; an id has no control characters or breaks")
