"""A few bytes for what is long: whether two requests ask for the very same thing, and whose it is.
Pure.
"""

from __future__ import annotations

from hashlib import blake2b, sha256

from agui_runtime.core import jsontext


def fingerprint(value: object) -> str:
    """32 hexadecimal digits, the same for the same JSON; stored with runs, so they never change."""
    return blake2b(jsontext.dumps(value), digest_size=16).hexdigest()


def owner_digest(owner: str) -> str:
    """Who owns what is counted, as keys of the store name it: fixed length, whatever the name."""
    return sha256(owner.encode("utf-8", "replace")).hexdigest()[:32]
