"""Which addresses a front end may make this server call. It looks at the text of a URL only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

import httpx

from agui_runtime.core.errors import Misconfigured

_PORTS = {"http": 80, "https": 443}
_LONGEST = 2048
_STAR = "star-0"
_HOST = re.compile(r"[a-z0-9.:-]+")
"""What a name or an address consists of; parsers disagree about all else."""


class AllowedAddresses:
    """Patterns like `https://*.example.com/mcp/*`; without any, no address is allowed.

    Scheme and port are compared as they are; `*` stands for any text within the host, or within
    the path. Raises Misconfigured for a pattern that is no such URL.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = [_pattern(each) for each in patterns]

    def allows(self, address: str) -> bool:
        url = _parsed(address)
        if url is None or url.userinfo or _climbs(url):
            return False
        return any(
            (url.scheme, _port(url)) == (scheme, port)
            and fnmatchcase(url.host, host)
            and fnmatchcase(url.path, path)
            for scheme, host, port, path in self._patterns
        )


def _pattern(text: str) -> tuple[str, str, int, str]:
    # A `*` is no legal character of a host, so it is replaced while the URL is read.
    url = _parsed(text.replace("*", _STAR))
    if url is None or url.userinfo or url.query:
        raise Misconfigured(f"MCP pattern {text!r}: write it like https://*.example.com/mcp/*")
    host, path = (part.replace(_STAR, "*") for part in (url.host, url.path))
    return url.scheme, host, _port(url), path


def _parsed(text: str) -> httpx.URL | None:
    if len(text) > _LONGEST:
        return None
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        return None
    return url if url.scheme in _PORTS and _HOST.fullmatch(url.host) else None


def _port(url: httpx.URL) -> int:
    return url.port or _PORTS[url.scheme]


def _climbs(url: httpx.URL) -> bool:
    """The path could lead elsewhere than it seems to; `path` is decoded."""
    return "\\" in url.path or "%" in url.path or ".." in url.path.split("/")
