"""Which addresses a client may have called: those at hosts that the operator names. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

import httpx

from agui_runtime.connectors.shared.network import is_this_machine
from agui_runtime.core.demands import check_texts
from agui_runtime.core.errors import Misconfigured

_LONGEST = 2000
"""Characters of an address."""

_LAST_PORT = 65535

_MORE_THAN_A_HOST = re.compile(r"[\s/\\?#@%*]|:\d*$")


class WebhookHosts:
    """Raises Misconfigured for what is no host's name or address, on its own."""

    def __init__(self, names: Sequence[str]) -> None:
        check_texts("webhooks", names)
        self._names = frozenset(map(_host_of, names))

    @property
    def any(self) -> bool:
        """Whether there is one."""
        return bool(self._names)

    def __or__(self, more: WebhookHosts) -> WebhookHosts:
        """Those of both."""
        both = WebhookHosts(())
        both._names = self._names | more._names
        return both

    def fault_of(self, url: str) -> str | None:
        """Why the address is not called; None if it is. On the way to another machine, what is sent
        there must be encrypted.
        """
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL:
            parsed = httpx.URL()
        if len(url) > _LONGEST or parsed.scheme not in ("http", "https") or not parsed.host:
            return f"an https address of at most {_LONGEST} characters"
        if parsed.port is not None and not 1 <= parsed.port <= _LAST_PORT:
            return f"an address with a port of 1 to {_LAST_PORT}"
        if parsed.userinfo:
            return "an address without a user's name; there is `authentication` for it"
        if _plain(parsed) not in self._names:
            return "this server does not call that host; its operator can name it (webhooks)"
        if parsed.scheme == "http" and not is_this_machine(parsed.host):
            return "an https address"
        return None


def _host_of(name: str) -> str:
    try:
        parsed = httpx.URL(f"https://{name}/")
    except httpx.InvalidURL:
        parsed = httpx.URL()
    if not parsed.host or _MORE_THAN_A_HOST.search(name):
        raise Misconfigured(
            f"webhooks: {name!r} is no host; name each without scheme, port and path:"
            " ['hooks.example.com']"
        )
    return _plain(parsed)


def _plain(url: httpx.URL) -> str:
    return url.raw_host.decode().lower().removesuffix(".")
