"""HTTP clients as the environment wants them: its proxies, its certificates.

The variables are those that every client reads: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY,
SSL_CERT_FILE and SSL_CERT_DIR. This machine itself is always reached directly.
"""

from __future__ import annotations

import importlib.util
import os
import ssl
from collections.abc import Mapping
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path
from typing import NamedTuple
from urllib.request import getproxies

import httpx

from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.hosts import address_of, is_loopback, is_unspecified

UNLIMITED = httpx.Limits(max_connections=None, max_keepalive_connections=20)
"""Each open run holds a connection, so a limit would be one on the whole runtime."""

_DEFAULT_PORTS = {"http": 80, "https": 443}


class Proxies:
    """Through which proxy a URL is reached; made of the variables as they are now."""

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        """`settings` are proxies by scheme, and `no`, as `urllib.request.getproxies` has them."""
        found = getproxies() if settings is None else settings
        self._by_scheme = {
            name: found[name] for name in ("http", "https", "all") if found.get(name)
        }
        self._direct = [each for part in found.get("no", "").split(",") if (each := part.strip())]

    def of(self, url: httpx.URL) -> str | None:
        """The proxy's URL, None for a URL that is reached directly."""
        variable = self.variable(url)
        return None if variable is None else _with_scheme(self._by_scheme[variable])

    def variable(self, url: httpx.URL) -> str | None:
        """The scheme of the variable that names its proxy: `http`, `https` or `all`."""
        if is_this_machine(url.host) or any(_matches(entry, url) for entry in self._direct):
            return None
        return next((name for name in (url.scheme, "all") if name in self._by_scheme), None)


def check(url: str) -> None:
    """Raises Misconfigured, in one line that names the variable, where the environment does not let
    the URL be reached.
    """
    _check_certificates()
    target, proxies = httpx.URL(url), Proxies()
    if variable := proxies.variable(target):
        _check_proxy(f"{variable.upper()}_PROXY", str(proxies.of(target)), target.host)


def client(
    *,
    headers: Mapping[str, str] | None = None,
    timeout: httpx.Timeout | float = 5.0,
    limits: httpx.Limits = UNLIMITED,
    follow_redirects: bool = False,
) -> httpx.AsyncClient:
    """A client that goes by the environment; the caller closes it."""
    return httpx.AsyncClient(
        headers=headers,
        timeout=timeout,
        follow_redirects=follow_redirects,
        transport=_Transport(limits),
        trust_env=False,  # its transport goes by the environment
    )


def spare_loopback(url: str) -> None:
    """Let libraries of others, which only the environment can tell, reach this machine directly."""
    host = httpx.URL(url).host
    if is_this_machine(host):
        for name in ("NO_PROXY", "no_proxy"):
            entries = os.environ.get(name, "").split(",")
            if host not in entries:
                os.environ[name] = ",".join([*filter(None, entries), host])


def is_this_machine(host: str) -> bool:
    """Whether a client reaches its own machine by it."""
    return is_loopback(host) or is_unspecified(host)


class _Transport(httpx.AsyncBaseTransport):
    """One pool of connections for each proxy, and one without."""

    def __init__(self, limits: httpx.Limits) -> None:
        self._limits = limits
        self._proxies = Proxies()
        self._pools: dict[str | None, httpx.AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        proxy = self._proxies.of(request.url)
        if proxy not in self._pools:
            check(str(request.url))
            self._pools[proxy] = httpx.AsyncHTTPTransport(limits=self._limits, proxy=proxy)
        return await self._pools[proxy].handle_async_request(request)

    async def aclose(self) -> None:
        for pool in self._pools.values():
            await pool.aclose()


class _Entry(NamedTuple):
    """One entry of NO_PROXY."""

    scheme: str
    host: str
    port: int | None


def _matches(text: str, url: httpx.URL) -> bool:
    """As curl has it: a name stands for the hosts below it too, an address for itself, and a
    network for its addresses.
    """
    if text == "*":
        return True
    entry = _entry(text)
    port = url.port or _DEFAULT_PORTS.get(url.scheme)
    if (entry.scheme and entry.scheme not in (url.scheme, "all")) or entry.port not in (None, port):
        return False
    host, name = url.host.lower(), entry.host.lower().removeprefix("*").lstrip(".")
    address = address_of(host)
    if address is not None:
        with suppress(ValueError):
            return address in ip_network(name, strict=False)
        return False
    return bool(name) and (host == name or host.endswith(f".{name}"))


def _entry(text: str) -> _Entry:
    scheme, _, rest = text.rpartition("://")
    if rest.startswith("["):
        host, _, port = rest[1:].partition("]")
        port = port.removeprefix(":")
    elif rest.count(":") == 1:
        host, _, port = rest.partition(":")
    else:
        host, port = rest, ""
    return _Entry(scheme, host, int(port) if port.isdecimal() else None)


def _with_scheme(proxy: str) -> str:
    return proxy if "://" in proxy else f"http://{proxy}"


def _check_proxy(variable: str, proxy: str, host: str) -> None:
    try:
        scheme = httpx.Proxy(proxy).url.scheme
    except (ValueError, httpx.InvalidURL):
        raise Misconfigured(
            f"{variable} names no proxy that can be used: it must be a URL that begins with"
            f" http://, https:// or socks5://; correct it, or add {host} to NO_PROXY"
        ) from None
    if scheme.startswith("socks") and importlib.util.find_spec("socksio") is None:
        raise Misconfigured(
            f"{variable} names a SOCKS proxy, which needs: pip install 'httpx[socks]'; install it,"
            f" or add {host} to NO_PROXY"
        )


def _check_certificates() -> None:
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if file:
        try:
            ssl.create_default_context(cafile=file)
        except ssl.SSLError:
            raise Misconfigured(f"SSL_CERT_FILE={file} holds no certificates") from None
        except OSError as error:
            raise Misconfigured(f"SSL_CERT_FILE={file} cannot be read: {error.strerror}") from None
    elif folder and not any(Path(part).is_dir() for part in folder.split(os.pathsep)):
        raise Misconfigured(f"SSL_CERT_DIR={folder} is no folder")
