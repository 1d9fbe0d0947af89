"""The endpoint of these sockets: the handshake, who opens one, and how it is closed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.types import Receive, Scope, Send

from agui_runtime.core import jsontext
from agui_runtime.core.errors import AguiError, InvalidInput, Unauthenticated
from agui_runtime.core.log_lines import logger_of
from agui_runtime.core.observation import note_refusal
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.shared.exchange import JSON_TYPE
from agui_runtime.wires.shared.http import reply
from agui_runtime.wires.shared.options import ServerOptions
from agui_runtime.wires.shared.request_ids import identified
from agui_runtime.wires.shared.sockets import (
    TRY_AGAIN,
    WRONG_DATA,
    Seats,
    Socket,
    SocketClosing,
    SocketLimits,
    TooManyConnections,
    Visitor,
    closing,
)
from agui_runtime.wires.websocket.connection import PROTOCOL, Connection
from agui_runtime.wires.websocket.errors import Subject
from agui_runtime.wires.websocket.schema import shipped_schema
from agui_runtime.wires.websocket.session import Session

logger = logger_of(__name__)

WRONG_PROTOCOL, UNKNOWN, FAILED = 4406, 4403, 4500
"""Codes of closing, the same as those of graphql-transport-ws: a subprotocol that is not spoken
here, credentials that do not count, and a fault of ours.
"""


class SocketEndpoint:
    """An ASGI app for WebSockets."""

    def __init__(
        self, runtime: CopilotRuntime, server: ServerOptions, limits: SocketLimits
    ) -> None:
        self._runtime = runtime
        self._server = server
        self._seats = Seats(limits)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        send = identified(scope, send)
        await receive()  # the handshake
        if PROTOCOL not in scope.get("subprotocols", ()):
            await send({"type": "websocket.accept"})
            await send(closing(WRONG_PROTOCOL, f"offer the subprotocol {PROTOCOL}"))
            return
        await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
        try:
            with self._seats.taken():
                await self._serve(scope, receive, send)
        except TooManyConnections as full:
            note_refusal(full)
            await send(closing(TRY_AGAIN, full.message))

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        limits = self._seats.limits
        socket = Socket(receive, send, limits.message, self._server.body)
        visitor = Visitor(scope, self._runtime.authenticate)

        async def introduce(hello: Mapping[str, Any]) -> Session:
            return Session(self._runtime, self._server, await visitor.introduced(hello))

        connection = Connection(socket, limits, introduce)
        try:
            await connection.serve()
        except SocketClosing as close:
            await socket.close(close)
        except AguiError as error:  # of `authenticate`, or its caller is known no longer
            await self._turn_away(connection, socket, error)
        except Exception:  # a wire's edge
            logger.exception("a WebSocket connection failed")
            await socket.close(SocketClosing(FAILED, "the server failed; see its log"))

    async def _turn_away(self, connection: Connection, socket: Socket, error: AguiError) -> None:
        """Say why, and close the socket."""
        try:
            await connection.refuse(error, Subject())
        except OSError:
            return
        await socket.close(SocketClosing(_code(error), error.message))


class SchemaEndpoint:
    """An ASGI app for what is no WebSocket: the schema of the frames, but not in production."""

    def __init__(self, server: ServerOptions) -> None:
        self._server = server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await reply(send, 405, [(b"allow", b"GET"), JSON_TYPE], _only("a GET"))
        elif self._server.production:
            needs = [(b"upgrade", b"websocket"), (b"connection", b"upgrade"), JSON_TYPE]
            await reply(send, 426, needs, _only(f"a WebSocket that offers {PROTOCOL}"))
        else:
            kind = (b"content-type", b"application/schema+json")
            await reply(send, 200, [kind], shipped_schema())


def _only(what: str) -> bytes:
    return jsontext.dumps({"code": "NOT_A_SOCKET", "message": f"this path takes {what}"})


def _code(error: AguiError) -> int:
    for kind, code in _CODES.items():
        if isinstance(error, kind):
            return code
    return FAILED


_CODES: Mapping[type[AguiError], int] = {
    Unauthenticated: UNKNOWN,
    InvalidInput: WRONG_DATA,
}
