"""A proxy in front of the server that has authenticated the user, and names them in a header."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TypeAlias

from agui_runtime.authentication.requests import PEER, IncomingRequest, only_header
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.events import Caller
from agui_runtime.core.hosts import address_of
from agui_runtime.core.keyword_arguments import explains_arguments
from agui_runtime.core.log_lines import logger_of

logger = logger_of(__name__)

Network: TypeAlias = IPv4Network | IPv6Network


@explains_arguments
class TrustedProxy:
    """Believes the `header` of requests that come from one of the `addresses`, and of no others.

    `addresses` are those of the proxies, as addresses or networks (`10.0.0.0/8`). The proxy must
    replace the header in every request that it passes on. What counts is where the connection came
    from: `agui-runtime serve` knows it in any case, other servers must not have put the address
    that `X-Forwarded-For` names in its place (`uvicorn --no-proxy-headers`). Raises Misconfigured.
    """

    def __init__(self, header: str, addresses: Iterable[str]) -> None:
        self._header = header.lower()
        if not _is_header(self._header) or self._header in _NOBODYS:
            raise Misconfigured(f"{header!r} is no header in which a proxy names its user")
        if isinstance(addresses, str):
            raise Misconfigured(f"addresses: give a list, [{addresses!r}]")
        self._networks: Sequence[Network] = [_network(each) for each in addresses]
        if not self._networks:
            raise Misconfigured("addresses: give at least one, that of the proxy")

    @property
    def ambient_headers(self) -> frozenset[bytes]:
        """What is added to the requests of any page that a user opens, as cookies are; so it must
        not count in those of foreign pages.
        """
        return frozenset({self._header.encode()})

    def __call__(self, request: IncomingRequest) -> Caller | None:
        owner = only_header(request, self._header)
        if owner is None:
            logger.info("the request does not have %s exactly once", self._header)
            return None
        peer = _peer(request)
        if peer is None or not self._is_trusted(peer):
            where = peer or "an address that the server does not know"
            logger.warning("%s in a request from %s was not believed", self._header, where)
            return None
        return Caller(owner)

    def _is_trusted(self, peer: str) -> bool:
        address = address_of(peer)
        return address is not None and any(address in each for each in self._networks)


def _peer(request: IncomingRequest) -> str | None:
    """Where the connection came from; None where that is not known, as the server may have put
    there what the client says (it has no port, or is in `X-Forwarded-For`).
    """
    if PEER in request.scope:
        known = request.scope[PEER]
        return known[0] if known else None
    client = request.scope.get("client")
    if not client or not client[1]:
        return None
    host = str(client[0])
    lines = request.headers.getlist("x-forwarded-for")
    named = (_host(entry.strip()) for line in lines for entry in line.split(","))
    return None if any(_are_same(host, each) for each in named) else host


def _are_same(one: str, other: str) -> bool:
    return one == other or (address_of(one) is not None and address_of(one) == address_of(other))


def _host(entry: str) -> str:
    """That of `host`, `host:port`, `[host]` or `[host]:port`."""
    if entry.startswith("["):
        return entry[1:].partition("]")[0]
    return entry.partition(":")[0] if entry.count(":") == 1 else entry


def _network(text: str) -> Network:
    try:
        return ip_network(text.strip())
    except ValueError as error:
        raise Misconfigured(f"{text!r} is no address or network: {error}") from None


def _is_header(name: str) -> bool:
    return bool(name) and all(it.isascii() and (it.isalnum() or it == "-") for it in name)


_NOBODYS = frozenset({"authorization", "cookie", "host", "origin", "content-type"})
"""Headers that clients send themselves."""
