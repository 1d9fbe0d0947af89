"""WebSockets: how many there may be, and who is asking on one.

What is said on one is `transport_ws`'s; which pages may open one was decided before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from agui_runtime.core.errors import Unauthenticated
from agui_runtime.core.log_lines import write_about
from agui_runtime.wires.graphql.answer.context import CLOUD_KEY
from agui_runtime.wires.graphql.engine.engine import Engine, Identity
from agui_runtime.wires.graphql.transport.http import BadRequest
from agui_runtime.wires.graphql.transport.transport_ws import (
    PROTOCOL,
    Connection,
    SocketLimits,
    closing,
)
from agui_runtime.wires.shared.http import headers_of
from agui_runtime.wires.shared.identity import OwnAnswer, caller_of
from agui_runtime.wires.shared.request_ids import given_id, identified, request_id_of

PAYLOAD_HEADERS = frozenset({"authorization", CLOUD_KEY, "x-request-id", "traceparent"})
"""What `connection_init` may say in place of a header. Not more: others may be a proxy's to set."""


class Seats:
    """How many subscribers there are at a time, and what each may use."""

    def __init__(self, limits: SocketLimits) -> None:
        self.limits = limits
        self._taken = 0

    @contextmanager
    def taken(self) -> Iterator[None]:
        """One seat while the block runs; raises BadRequest when there is none."""
        most = self.limits.connections
        if self._taken >= most:
            told = f"{most} subscribers are connected, the most allowed; try again later"
            raise BadRequest(503, told, code="TOO_MANY_CONNECTIONS")
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1


class SocketEndpoint:
    """An ASGI app for WebSockets that speak graphql-transport-ws."""

    def __init__(self, engine: Engine, seats: Seats) -> None:
        self._engine = engine
        self._seats = seats

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope, send = identified(scope, send)
        await receive()  # the handshake
        if PROTOCOL not in scope.get("subprotocols", ()):
            await send({"type": "websocket.accept"})
            await send(closing(4406, "Subprotocol not acceptable"))
        else:
            await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
            await self._serve(Visitor(self._engine, scope), receive, send)

    async def _serve(self, visitor: Visitor, receive: Receive, send: Send) -> None:
        try:
            with self._seats.taken():
                connection = Connection(self._engine, self._seats.limits, receive, send)
                await connection.serve(visitor.identity)
        except BadRequest as full:
            await send(closing(1013, str(full)))


class Visitor:
    """Who opens a connection: the handshake, and what `connection_init` adds to it."""

    def __init__(self, engine: Engine, scope: Scope) -> None:
        self._authenticate = engine.runtime.authenticate
        self._scope = scope
        self._headers = headers_of(scope)

    async def identity(self, payload: Mapping[str, Any]) -> Identity:
        """Ask `authenticate`; raises what it raises, and Unauthenticated.

        It sees a request with the handshake's headers; where these have none, `authorization` and
        few others are the payload's (or those of `headers` in it). All of the payload is at
        `request.state.connection_init`.
        """
        headers = _said(payload) | self._headers
        request_id = given_id(headers) or request_id_of(self._scope)
        write_about(request_id)
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        state = {**self._scope.get("state", {}), "connection_init": payload}
        scope = {**self._scope, "type": "http", "method": "GET", "headers": raw, "state": state}
        try:
            caller = await caller_of(Request(scope), self._authenticate)
        except OwnAnswer:  # no HTTP answer can be given any more
            raise Unauthenticated("this runtime does not let you in") from None
        return Identity(caller, headers, request_id)


def _said(payload: Mapping[str, Any]) -> dict[str, str]:
    nested = payload.get("headers")
    said = {**(nested if isinstance(nested, dict) else {}), **payload}
    known = ((name.lower(), value) for name, value in said.items())
    return {
        name: value
        for name, value in known
        if name in PAYLOAD_HEADERS and isinstance(value, str) and _HEADER.fullmatch(value)
    }


_HEADER = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
