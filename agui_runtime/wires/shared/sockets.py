"""WebSockets, whatever is spoken on them: how many there may be, who opens one, what a message is.

Which pages may open one, and without which of their headers, was decided in front of all wires, see
`Gate`. A protocol adds what its messages mean.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from agui_runtime.core.demands import COUNT, SOME_SECONDS, check_fields
from agui_runtime.core.errors import InvalidInput, RequestError, TooLarge, Unauthenticated
from agui_runtime.core.events import Caller
from agui_runtime.core.jsontext import Json
from agui_runtime.core.keyword_arguments import explains_arguments
from agui_runtime.core.log_lines import write_about
from agui_runtime.core.observation import continue_trace
from agui_runtime.runtime.runtime import Authenticate
from agui_runtime.wires.shared.bodies import BodyLimits, loaded
from agui_runtime.wires.shared.http import headers_of
from agui_runtime.wires.shared.identity import OwnAnswer, caller_of
from agui_runtime.wires.shared.request_ids import given_id, request_id_of, trace_of

CREDENTIALS = frozenset({"authorization", "x-request-id", "traceparent"})
"""What a client may say in its first message in place of a header, because pages cannot set headers
of a handshake. Not more: others may be a proxy's to set."""

OF_NOBODY = frozenset({"x-request-id", "traceparent"})
"""Those of them that say nothing of who is asking."""

_CONTRADICTING = "connection_init: %s must be one text, the same as in the handshake's header"

WRONG_DATA, TOO_BIG, TRY_AGAIN = 4400, 1009, 1013
"""Codes of closing: RFC 6455 7.4.1 and its registry; graphql-ws' own for what cannot be read."""


_DEMANDS = {
    **dict.fromkeys(("connections", "operations", "message"), COUNT),
    **dict.fromkeys(("init", "keep_alive"), SOME_SECONDS),
}


@explains_arguments
@dataclass(frozen=True, slots=True)
class SocketLimits:
    """What subscribers may use.

    `connections` counts WebSockets and event streams in all, `operations` those open at a time on
    one WebSocket; `message` is in bytes. In seconds: `init` until the client's first message must
    have come, and `keep_alive`, a silence after which an event stream gets a comment and a client
    of a WebSocket is pinged; after another such silence the client is given up. Raises
    Misconfigured for what is no such number.
    """

    connections: int = 1000
    operations: int = 100
    message: int = 4_000_000
    init: float = 10.0
    keep_alive: float = 15.0

    def __post_init__(self) -> None:
        check_fields(self, _DEMANDS)


class TooManyConnections(RequestError):
    """Every seat is taken."""

    code, status = "TOO_MANY_CONNECTIONS", 503

    def __init__(self, most: int) -> None:
        super().__init__(f"{most} subscribers are connected, the most allowed; try again later")


class SocketClosing(Exception):
    """The server closes the connection, with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class SocketGone(Exception):
    """The client closed the connection."""


class Introduction(NamedTuple):
    """Who opened a connection: with the headers of the handshake and what the client's first
    message adds to them, by lower-case names, and the correlation id.
    """

    caller: Caller
    headers: Mapping[str, str]
    request_id: str


class Seats:
    """How many subscribers there are at a time, and what each may use."""

    def __init__(self, limits: SocketLimits) -> None:
        self.limits = limits
        self._taken = 0

    @contextmanager
    def taken(self) -> Iterator[None]:
        """One seat while the block runs; raises TooManyConnections."""
        if self._taken >= self.limits.connections:
            raise TooManyConnections(self.limits.connections)
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1


class Visitor:
    """Who opens a connection: the handshake, and what the client's first message adds to it.

    `credentials` are the headers that the message may stand in for.
    """

    def __init__(
        self,
        scope: Scope,
        authenticate: Authenticate | None,
        credentials: Collection[str] = CREDENTIALS,
    ) -> None:
        self._scope = scope
        self._authenticate = authenticate
        self._credentials = credentials
        self._headers = headers_of(scope)

    async def introduced(self, payload: Mapping[str, Json]) -> Introduction:
        """Call `authenticate`; raises what it raises, Unauthenticated, and InvalidInput where two
        credentials contradict each other.

        It sees a request with the handshake's headers; where these have none, the credentials are
        the payload's (or those of `headers` in it). All of the payload is at
        `request.state.connection_init`.
        """
        headers = self._with_credentials_of(payload)
        request_id = given_id(headers) or request_id_of(self._scope)
        write_about(request_id)
        continue_trace(trace_of(headers))
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        state = {**self._scope.get("state", {}), "connection_init": payload}
        scope = {**self._scope, "type": "http", "method": "GET", "headers": raw, "state": state}
        try:
            caller = await caller_of(Request(scope), self._authenticate)
        except OwnAnswer:  # no HTTP answer can be given any more
            raise Unauthenticated("this runtime does not let you in") from None
        return Introduction(caller, headers, request_id)

    def _with_credentials_of(self, payload: Mapping[str, Any]) -> dict[str, str]:
        """The headers, with the credentials of the payload that they lack."""
        nested = payload.get("headers")
        given = [*(nested if isinstance(nested, dict) else {}).items(), *payload.items()]
        headers = dict(self._headers)
        for name, value in ((name.lower(), value) for name, value in given):
            if name not in self._credentials or value is None:
                continue
            fits = isinstance(value, str) and _HEADER.fullmatch(value)
            if fits and name not in headers:
                headers[name] = value
            elif name not in OF_NOBODY and (not fits or headers[name] != value):
                raise InvalidInput(_CONTRADICTING % name)
        return headers


class Socket:
    """One WebSocket, already accepted, on which both sides send JSON as text."""

    def __init__(self, receive: Receive, send: Send, message: int, body: BodyLimits) -> None:
        self._receive = receive
        self._send = send
        self._most = message
        self._body = body

    async def read(self, seconds: float) -> Json:
        """The client's next message; raises TimeoutError when none comes within the time,
        SocketGone, and SocketClosing for one that cannot be read.
        """
        text = await self.text(seconds)
        if text is None:
            raise SocketClosing(WRONG_DATA, "Messages must be text")
        return await self.parsed(text)

    async def text(self, seconds: float) -> str | None:
        """The same, unread; None for one that is no text."""
        async with asyncio.timeout(seconds):
            event = await self._receive()
        if event["type"] == "websocket.disconnect":
            raise SocketGone
        text: str | None = event.get("text")
        return text

    async def parsed(self, text: str) -> Json:
        """What the message says; raises SocketClosing."""
        encoded = text.encode(errors="replace")
        if len(encoded) > self._most:
            raise SocketClosing(TOO_BIG, f"A message may have at most {self._most} bytes")
        try:
            return (await loaded(encoded, self._body)).value
        except TooLarge as error:
            raise SocketClosing(TOO_BIG, error.message) from None
        except InvalidInput:
            raise SocketClosing(WRONG_DATA, "Messages must be JSON") from None

    async def write(self, message: bytes) -> None:
        """Send JSON; raises OSError when the client is gone."""
        await self._send({"type": "websocket.send", "text": message.decode()})

    async def close(self, close: SocketClosing) -> None:
        """Close the connection, unless the client was faster."""
        with suppress(OSError):
            await self._send(closing(close.code, close.reason))


def closing(code: int, reason: str) -> Message:
    """The ASGI message that closes a WebSocket; of the reason, RFC 6455 5.5 allows 123 bytes."""
    short = reason.encode("utf-8", "replace")[:123].decode("utf-8", "ignore")
    return {"type": "websocket.close", "code": code, "reason": short}


_HEADER = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
