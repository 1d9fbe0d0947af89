"""Which headers of a front end's request go on, by their names and by patterns. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from agui_runtime.core.demands import check_texts
from agui_runtime.core.errors import Misconfigured

_CONNECTIONS_OWN = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers that belong to one connection alone."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
"""How names are written (RFC 9110, 5.1), in lower case."""

_SESSIONS_OWN = frozenset({"cookie", "set-cookie", "forwarded", "host", "proxy-authorization"})
"""Headers that are about the connection or the session, never for an agent."""

_UNMEANT = _CONNECTIONS_OWN | _SESSIONS_OWN

_ON_THE_WAY = (
    "x-amz-",
    "x-amzn-",
    "x-azure-",
    "x-cache",
    "x-cloud-trace-context",
    "x-copilotcloud-",
    "x-fastly-",
    "x-forwarded-",
    "x-middleware-",
    "x-real-ip",
    "x-request-id",
    "x-served-by",
    "x-vercel-",
)
"""What proxies and platforms add on the way; no pattern means them, only their whole names do."""


class HeaderNames:
    """Names, and patterns that end in `*`, such as `x-*`; in any case.

    A pattern means no header of a connection or a session, and none that a proxy or a platform
    adds. Raises Misconfigured for names that are among `never`.
    """

    def __init__(self, names: Iterable[str], never: frozenset[str], reason: str) -> None:
        listed = {name.strip().lower() for name in names}
        if odd := sorted(name for name in listed if not _TOKEN.fullmatch(name)):
            raise Misconfigured(f"forward_headers: no header is named {odd[0]!r}")
        self._names = frozenset(name for name in listed if "*" not in name)
        self._starts = tuple(sorted(name[:-1] for name in listed - self._names))
        if wrong := [name for name in listed if "*" in name[:-1]]:
            raise Misconfigured(f"forward_headers: a `*` stands at the end, not as in {wrong[0]!r}")
        if refused := sorted(name for name in self._names if name in never):
            raise Misconfigured(f"forward_headers: {refused} {reason}")

    def pick(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Of these headers, whose names are in lower case, those that go on."""
        if not self._starts:
            return {name: headers[name] for name in self._names if name in headers}
        return {name: value for name, value in headers.items() if self._means(name)}

    def never_in(self, seen: HeaderNames) -> list[str]:
        """Which of these names and patterns mean no header that `seen` lets through; `*` means
        whatever that is.
        """
        names = [name for name in self._names if not seen._means(name)]
        starts = [start for start in self._starts if start and not seen._lets_some(start)]
        return sorted([*names, *(f"{start}*" for start in starts)])

    def _lets_some(self, start: str) -> bool:
        """Whether some header that begins so gets through both a pattern and these."""
        if start.startswith(_ON_THE_WAY):
            return False
        named = (name for name in self._names if name.startswith(start))
        ours = (each for each in self._starts if each.startswith(start) or start.startswith(each))
        return any(ours) or any(not _is_unmeant(name) for name in named)

    def _means(self, name: str) -> bool:
        if name in self._names:
            return True
        by_pattern = bool(self._starts) and name.startswith(self._starts)
        return by_pattern and not _is_unmeant(name)


def _is_unmeant(name: str) -> bool:
    return name in _UNMEANT or name.startswith(_ON_THE_WAY)


def for_agents(names: Iterable[str]) -> HeaderNames:
    """Which headers agents may see. Raises Misconfigured."""
    check_texts("forward_headers", names)
    listed = [name.strip().lower() for name in names]
    for name in listed:
        if name == "*":
            raise Misconfigured("forward_headers: `*` would show agents all; name them, or `x-*`")
        if name.startswith("x-forwarded-"):
            raise Misconfigured(f"forward_headers: {name!r} is never given to agents")
    return HeaderNames(listed, _SESSIONS_OWN, "are never given to agents")


def for_servers(names: Iterable[str]) -> HeaderNames:
    """Which of the headers that an agent sees go on to its server; `*` is all of them. Raises
    Misconfigured.
    """
    listed = [names] if isinstance(names, str) else names
    check_texts("forward_headers", listed)
    return HeaderNames(listed, _CONNECTIONS_OWN, "belong to one connection alone")
