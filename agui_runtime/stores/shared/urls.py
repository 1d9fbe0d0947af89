"""Whether the URL of a server says what it seems to: in one whose user or password is not
percent-encoded, a part of them is a port, a path, an option or nothing. Pure.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit


def is_legible(url: str) -> bool:
    """False also for one without its `//`, which names no server."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    names = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
    has_path = parts.scheme == "unix"  # of a file, which may be called anything
    return (
        url.partition(":")[2].startswith("//")
        and "#" not in url
        and (has_path or "@" not in parts.path)
        and not any("@" in name for name in names)
        and len(set(names)) == len(names)
    )
