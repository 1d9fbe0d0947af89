"""What agents, tools, models and users wrote, as a terminal may be given it. Pure."""

from __future__ import annotations

import re

_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_BREAKS = re.compile("\r\n|[\t\n-\r\x1c-\x1e\x85\u2028\u2029]")


def safe(text: str) -> str:
    """The text with nothing that moves the cursor, sets a title, or hides what it says."""
    return _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))


def safe_json(text: str) -> str:
    """The same for JSON, which stays what it is: what is unsafe is escaped in its strings."""
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def in_one_line(text: str) -> str:
    """The text with spaces for tabs and whatever breaks lines."""
    return _BREAKS.sub(" ", text)


def shortened(text: str, longest: int) -> str:
    """The text, or its beginning and how much follows."""
    rest = len(text) - longest
    return text if rest <= 0 else f"{text[:longest]}... ({rest} more characters)"
