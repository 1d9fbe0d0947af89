"""How clients that log in with a browser find out where: RFC 9728, as MCP has its servers do it."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.types import Scope

from agui_runtime.core.demands import TEXT, check_list
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.hosts import is_loopback
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.wires.shared.http import Header
from agui_runtime.wires.shared.paths import public_root

_WELL_KNOWN = "/.well-known/oauth-protected-resource"


class ProtectedResource:
    """The wire at this path, to which tokens of these authorization servers give access."""

    def __init__(self, path: str, servers: Sequence[str]) -> None:
        self._resource = path.rstrip("/")
        self._servers = list(servers)
        self.path = f"{_WELL_KNOWN}{self._resource}"

    def challenge(self, scope: Scope) -> Header:
        """Of a 401: where its metadata are."""
        address = f"{public_root(scope)}{self.path}"
        return (b"www-authenticate", f'Bearer resource_metadata="{address}"'.encode())

    def metadata(self, scope: Scope) -> JsonObject:
        """For whoever has called this server by that address."""
        return {
            "resource": f"{public_root(scope)}{self._resource}",
            "authorization_servers": self._servers,
            "bearer_methods_supported": ["header"],
        }


def check_servers(addresses: Sequence[str]) -> None:
    """Raises Misconfigured for what clients would not accept as an authorization server."""
    check_list("authorization_servers", addresses, TEXT)
    for each in addresses:
        if not _is_issuer(each):
            raise Misconfigured(
                f"authorization_servers: {each!r} is no https:// address without a query"
            )


def _is_issuer(address: str) -> bool:
    """RFC 8414 2; on loopback also without TLS, for whoever tries it."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return False
    safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    return safe and host != "" and not parts.query and not parts.fragment
