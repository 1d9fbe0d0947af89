"""What agents, tools, models and users wrote, as a terminal may be given it. Pure."""

from __future__ import annotations

import re

_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def safe(text: str) -> str:
    """The text with nothing that moves the cursor, sets a title, or hides what it says."""
    return _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))


def shortened(text: str, longest: int) -> str:
    """The text, or its beginning and how much follows."""
    rest = len(text) - longest
    return text if rest <= 0 else f"{text[:longest]}... ({rest} more characters)"
