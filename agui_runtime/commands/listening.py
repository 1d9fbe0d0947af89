"""The sockets that a server listens on, made before it says that it is there."""

from __future__ import annotations

import argparse
import asyncio
import errno
import socket

from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.hosts import is_unspecified

HIGHEST = 65_535


def port_of(text: str) -> int:
    """A port as the command line gives it; raises ArgumentTypeError."""
    if not (text.isascii() and text.isdigit() and int(text) <= HIGHEST):
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to {HIGHEST}, not {text!r}")
    return int(text)


def bound(host: str, port: int) -> list[socket.socket]:
    """Sockets bound to every address of the host, on which nobody listens yet; raises
    Misconfigured, with what to do.
    """
    try:
        return asyncio.run(_bound(host, port))
    except OSError as error:
        raise Misconfigured(f"cannot listen on {host}:{port}: {_reason(error)}") from None


def check_apart(metrics: tuple[str, int] | None, listeners: list[socket.socket]) -> None:
    """Raises Misconfigured where figures would be shown where agents are served: the system lets
    two sockets have one address until the first of them listens.
    """
    if metrics is None:
        return
    host, port = metrics
    names = {each.getsockname()[0] for each in listeners if each.getsockname()[1] == port}
    if names and (is_unspecified(host) or any(map(is_unspecified, names)) or _meets(host, names)):
        raise Misconfigured(
            f"AGUI_METRICS={host}:{port} is where the server itself listens; name another port"
        )


def origin_of(host: str, listeners: list[socket.socket]) -> str:
    """Where the server is, with the port that it has got."""
    port = listeners[0].getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _meets(host: str, names: set[str]) -> bool:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except socket.gaierror:  # which is reported where it is opened
        return False
    return not names.isdisjoint(str(each[4][0]) for each in found)


async def _bound(host: str, port: int) -> list[socket.socket]:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(asyncio.Protocol, host, port, start_serving=False)
    try:
        return [each.dup() for each in server.sockets]
    finally:
        server.close()


def _reason(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return "no such host; set --host to a name or an address of this machine"
    code = error.errno or 0
    return _REASONS.get(code) or error.strerror or str(error)


_REASONS = {
    errno.EADDRINUSE: "the port is in use; stop what uses it, or choose another one with --port",
    errno.EACCES: "this user may not use that port; choose one above 1023 with --port",
    errno.EADDRNOTAVAIL: "this machine has no such address; set --host to one that it has",
}
