"""What schemes read of a request. Starlette's requests have it, and WebSockets' first messages are
shown to `authenticate` as such.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, Protocol, runtime_checkable

from agui_runtime.core.log_lines import logger_of

logger = logger_of(__name__)

PEER = "agui_runtime.peer"
"""The key of an ASGI scope that holds the address from which a connection really came, where the
server has put another one, which a header names, into `client`.
"""


class RequestHeaders(Protocol):
    """Headers, of which one may come more than once."""

    def getlist(self, key: str) -> list[str]: ...


class IncomingRequest(Protocol):
    """A request, as far as schemes read it."""

    @property
    def headers(self) -> RequestHeaders: ...

    @property
    def scope(self) -> MutableMapping[str, Any]: ...


@runtime_checkable
class Openable(Protocol):
    """A scheme that reads something before anybody calls."""

    async def open(self) -> None:
        """Raises Misconfigured where that is not possible."""


def ambient_headers(scheme: object) -> frozenset[bytes]:
    """The headers of a scheme that come with the requests of any page which a user opens."""
    found: frozenset[bytes] = getattr(scheme, "ambient_headers", frozenset())
    return found


async def opened(scheme: object) -> None:
    """Open the scheme, if it is of such a kind; raises Misconfigured."""
    if isinstance(scheme, Openable):
        await scheme.open()


def only_header(request: IncomingRequest, name: str) -> str | None:
    """The header's value; None if it is missing, empty, or sent more than once."""
    values = request.headers.getlist(name)
    return (values[0].strip() or None) if len(values) == 1 else None


def bearer_token(request: IncomingRequest) -> str | None:
    """The token of `Authorization: Bearer ...` (RFC 6750, 2.1); None, and a line, without one."""
    scheme, _, token = (only_header(request, "authorization") or "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    logger.info("the request has no bearer token")
    return None
