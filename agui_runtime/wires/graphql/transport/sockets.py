"""The endpoint of WebSockets that carry operations; `transport_ws` speaks on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.types import Receive, Scope, Send

from agui_runtime.core.observation import note_refusal
from agui_runtime.wires.graphql.answer.context import CLOUD_KEY
from agui_runtime.wires.graphql.engine.engine import Engine, Identity
from agui_runtime.wires.graphql.transport.transport_ws import PROTOCOL, Connection
from agui_runtime.wires.shared.request_ids import identified
from agui_runtime.wires.shared.sockets import (
    CREDENTIALS,
    TRY_AGAIN,
    Seats,
    TooManyConnections,
    Visitor,
    closing,
)

PAYLOAD_HEADERS = CREDENTIALS | {CLOUD_KEY}
"""What `connection_init` may say in place of a header."""


class SocketEndpoint:
    """An ASGI app for WebSockets that speak graphql-transport-ws."""

    def __init__(self, engine: Engine, seats: Seats) -> None:
        self._engine = engine
        self._seats = seats

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        send = identified(scope, send)
        await receive()  # the handshake
        if PROTOCOL not in scope.get("subprotocols", ()):
            await send({"type": "websocket.accept"})
            await send(closing(4406, "Subprotocol not acceptable"))
        else:
            await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        visitor = Visitor(scope, self._engine.runtime.authenticate, PAYLOAD_HEADERS)

        async def identity(payload: Mapping[str, Any]) -> Identity:
            return Identity(*await visitor.introduced(payload))

        try:
            with self._seats.taken():
                connection = Connection(self._engine, self._seats.limits, receive, send)
                await connection.serve(identity)
        except TooManyConnections as full:
            note_refusal(full)
            await send(closing(TRY_AGAIN, full.message))
