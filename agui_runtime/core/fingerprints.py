"""Whether two requests ask for the very same thing, by a few bytes of each. Pure."""

from __future__ import annotations

from hashlib import blake2b

from agui_runtime.core import jsontext


def fingerprint(value: object) -> str:
    """32 hexadecimal digits, the same for the same JSON; stored with runs, so they never change."""
    return blake2b(jsontext.dumps(value), digest_size=16).hexdigest()
