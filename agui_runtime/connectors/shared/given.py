"""Addresses and keys of other servers, as users give them, refused where they cannot be meant."""

from __future__ import annotations

import httpx

from agui_runtime.core.errors import Misconfigured

_LARGEST_PORT = 65_535
_ENDPOINT = "/chat/completions"


def checked_url(url: object, name: str) -> str:
    """The URL as it is; raises Misconfigured, which names it `name`, without repeating it: it may
    hold a password.
    """
    try:
        parsed = httpx.URL(url) if isinstance(url, str) else httpx.URL()
    except httpx.InvalidURL:
        parsed = httpx.URL()
    if not (isinstance(url, str) and parsed.scheme in {"http", "https"} and parsed.host):
        raise Misconfigured(f"{name} must be a URL that begins with http:// or https://")
    if parsed.port is not None and not 0 < parsed.port <= _LARGEST_PORT:
        raise Misconfigured(f"{name}: there is no port {parsed.port}")
    return url


def checked_base_url(url: object, name: str) -> str:
    """The URL below which a model server's endpoints are, without a slash at its end; raises
    Misconfigured.
    """
    base = checked_url(url, name).rstrip("/")
    if base.endswith(_ENDPOINT):
        raise Misconfigured(f"{name}: leave out {_ENDPOINT} at its end, which is added")
    if "?" in base or "#" in base:
        raise Misconfigured(f"{name}: it ends with a path, such as /v1, and has no ? or #")
    return base


def checked_key(key: object, name: str) -> str:
    """The key without spaces around it; raises Misconfigured, which does not repeat it."""
    text = key.strip() if isinstance(key, str) else ""
    if not isinstance(key, str) or not (text.isascii() and text.isprintable()):
        raise Misconfigured(f"{name} has characters that no key has")
    if text.lower().startswith("bearer "):
        raise Misconfigured(f"{name}: leave out the word {text.split()[0]}, which is added")
    if " " in text or text[:1] in _QUOTES:
        raise Misconfigured(f"{name} has spaces or quotes, which no key has")
    return text


_QUOTES = ("'", '"', "`")
