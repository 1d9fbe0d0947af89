"""Hosts and origins as headers give them, and whether a page is one of this server's own. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import Enum
from functools import lru_cache
from ipaddress import IPv6Address
from typing import NamedTuple

DEFAULT_PORTS = {"http": 80, "https": 443}

LAST_PORT = 65535

_remembered = lru_cache(maxsize=256)
"""Requests give the same few hosts and origins again and again."""

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^:\[\]]*)(?::([0-9]{0,5}))?")
_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_ORIGIN = re.compile(r"([a-z][a-z0-9+.-]{0,30})://([^\s/?#@]{0,260})")


class MalformedHeader(ValueError):
    """No host, or no origin, is written like this."""


class Host(NamedTuple):
    """A `Host` header in its normal form: a lower-case name, or an address without brackets."""

    name: str
    port: int | None = None


class Origin(NamedTuple):
    """An `Origin` header in its normal form; `name` is empty for one that no two pages share."""

    scheme: str
    name: str = ""
    port: int | None = None

    def __str__(self) -> str:
        if self.port is None:
            return f"{self.scheme}://{self.name}"
        name = f"[{self.name}]" if ":" in self.name else self.name
        port = "" if self.port == DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{name}{port}"


class PageKind(Enum):
    """Whose page makes a request: `OWN` also where no page does."""

    OWN = "own"
    LISTED = "listed"
    FOREIGN = "foreign"


OPAQUE = Origin("null")
"""That of sandboxed frames and of files."""


@_remembered
def parse_host(text: str) -> Host:
    """Raises MalformedHeader."""
    match = _HOST.fullmatch(text.lower())
    if match is None:
        raise MalformedHeader(f"no host is written like {text[:80]!r}")
    name, port = match.groups()
    if int(port or 0) > LAST_PORT:
        raise MalformedHeader(f"there is no port {port}")
    return Host(_normal(name), int(port) if port else None)


@_remembered
def parse_origin(text: str) -> Origin:
    """Raises MalformedHeader."""
    if text == "null":
        return OPAQUE
    match = _ORIGIN.fullmatch(text.lower())
    if match is None:
        raise MalformedHeader(f"no origin is written like {text[:80]!r}")
    scheme, rest = match.groups()
    if not rest:  # `file://`, as some web views send
        return OPAQUE
    if scheme not in DEFAULT_PORTS:  # of an extension or an app, whose names are no hosts
        return Origin(scheme, rest)
    host = parse_host(rest)
    return Origin(scheme, host.name, host.port or DEFAULT_PORTS[scheme])


def page_of(
    origin: Origin | None,
    host: Host | None,
    *,
    secure: bool,
    site: str | None,
    listed: Collection[Origin],
) -> PageKind:
    """Whose page it is that makes a request.

    `site` is `Sec-Fetch-Site`, which pages cannot set: a browser's own judgement, and right where a
    proxy has rewritten `Host`. `secure`: the request itself came by TLS.
    """
    if origin is not None and origin in listed:
        return PageKind.LISTED
    if site in _SITES:
        return _SITES[site]
    if origin is None or _is_at(origin, host, secure=secure):
        return PageKind.OWN
    return PageKind.FOREIGN


_SITES = {
    "same-origin": PageKind.OWN,
    "same-site": PageKind.FOREIGN,
    "cross-site": PageKind.FOREIGN,
}


def _is_at(origin: Origin, host: Host | None, *, secure: bool) -> bool:
    """TLS may end before us, so a page of `https` may reach us by `http`, but not the reverse."""
    if host is None or origin.scheme not in DEFAULT_PORTS:
        return False
    if secure and origin.scheme == "http":
        return False
    port = host.port or DEFAULT_PORTS[origin.scheme]
    return (origin.name, origin.port) == (host.name, port)


def _normal(name: str) -> str:
    if name.startswith("["):
        try:
            return str(IPv6Address(name[1:-1]))
        except ValueError:
            raise MalformedHeader(f"no address is written like {name[:80]!r}") from None
    name = name.removesuffix(".")
    if not _NAME.fullmatch(name):
        raise MalformedHeader(f"no host is named {name[:80]!r}")
    return name
