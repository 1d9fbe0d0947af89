"""The graphql-transport-ws protocol: the messages of one WebSocket, from its init to its close.

The rules are those of graphql-ws' PROTOCOL.md. Strawberry has a handler for them too; it parses and
executes by itself, past the limits, the cache and the masked errors of `Engine`, and it bounds
neither messages nor connections.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing
from itertools import count
from typing import Any, NoReturn, TypeAlias

from starlette.types import Receive, Send

from agui_runtime.core import jsontext
from agui_runtime.core.access import Undecided
from agui_runtime.core.errors import InvalidInput, Unauthenticated
from agui_runtime.core.log_lines import logger_of, write_about
from agui_runtime.core.observation import note_refusal
from agui_runtime.wires.graphql.engine.engine import Engine, Identity
from agui_runtime.wires.graphql.engine.operations import Refused
from agui_runtime.wires.graphql.nouns.operation_request import GraphQLRequest
from agui_runtime.wires.graphql.transport.http import (
    BadRequest,
    NotPersisted,
    from_body,
)
from agui_runtime.wires.shared.expiry import CredentialExpired, while_known
from agui_runtime.wires.shared.http import log_failure
from agui_runtime.wires.shared.sockets import (
    WRONG_DATA,
    Socket,
    SocketClosing,
    SocketGone,
    SocketLimits,
)

logger = logger_of(__name__)

PROTOCOL = "graphql-transport-ws"

FAILED = 4500
"""The code of closing for a fault of ours."""

UNKNOWN = 4403
"""That for credentials that do not count; clients may come back with others."""


Identify: TypeAlias = Callable[[Mapping[str, Any]], Awaitable[Identity]]
"""From the payload of `connection_init` to who is asking; raises Unauthenticated."""


class Connection:
    """One WebSocket, already accepted. Operations run side by side, each in a task of its own."""

    def __init__(self, engine: Engine, limits: SocketLimits, receive: Receive, send: Send) -> None:
        self._engine = engine
        self._limits = limits
        self._socket = Socket(receive, send, limits.message, engine.body_limits)
        self._open: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._numbers = count(1)
        self._begun: set[str] = set()

    async def serve(self, identify: Identify) -> None:
        """Talk until either side closes the connection; then no operation is open any more."""
        try:
            close = await self._talk(identify)
        finally:
            await self._hang_up()
        if close is not None:
            await self._socket.close(close)

    async def _talk(self, identify: Identify) -> SocketClosing | None:
        try:
            self._identity = await self._introduced(identify)
            await self._send_message({"type": "connection_ack"})
            async with while_known(self._identity.caller):
                await self._listen()
        except CredentialExpired as expired:
            return SocketClosing(UNKNOWN, expired.message)
        except SocketClosing as close:
            return close
        except (SocketGone, OSError):
            return None
        except Exception:  # a wire's edge
            logger.exception("a WebSocket connection failed")
            return SocketClosing(FAILED, "Internal server error")

    async def _listen(self) -> NoReturn:
        while True:
            message = await self._next()
            _HANDLERS.get(message["type"], Connection._misunderstood)(self, message)

    async def _introduced(self, identify: Identify) -> Identity:
        try:
            async with asyncio.timeout(self._limits.init):
                message = await self._next()
        except TimeoutError:
            raise SocketClosing(4408, "Connection initialisation timeout") from None
        if message["type"] == "subscribe":
            raise SocketClosing(4401, "Unauthorized")
        if message["type"] != "connection_init":
            self._misunderstood(message)
        payload = message.get("payload")
        if not isinstance(payload, dict | None):
            raise SocketClosing(WRONG_DATA, "The payload of connection_init must be an object")
        try:
            return await identify(payload or {})
        except Unauthenticated as unknown:
            note_refusal(unknown)
            raise SocketClosing(UNKNOWN, "Forbidden") from None
        except InvalidInput as error:
            raise SocketClosing(WRONG_DATA, error.message) from None
        except Undecided as error:
            log_failure(logger, error)
            raise SocketClosing(FAILED, error.message) from None

    async def _next(self) -> dict[str, Any]:
        """The client's next message but pings and pongs, which are dealt with here."""
        while True:
            message = await self._read()
            if message["type"] == "ping":
                echo = {"payload": message["payload"]} if "payload" in message else {}
                await self._send_message({"type": "pong", **echo})
            elif message["type"] != "pong":
                return message

    async def _read(self) -> dict[str, Any]:
        seconds = self._limits.keep_alive
        try:
            return _message(await self._socket.read(seconds))
        except TimeoutError:
            await self._send_message({"type": "ping"})
        try:
            return _message(await self._socket.read(seconds))
        except TimeoutError:
            raise SocketClosing(4499, "Terminated: a ping was not answered") from None

    def _initialised_again(self, message: Mapping[str, Any]) -> NoReturn:
        raise SocketClosing(4429, "Too many initialisation requests")

    def _misunderstood(self, message: Mapping[str, Any]) -> NoReturn:
        raise SocketClosing(WRONG_DATA, f"Unknown message type {message['type'][:40]!r}")

    def _subscribed(self, message: Mapping[str, Any]) -> None:
        key = _key(message)
        if key in self._open:
            raise SocketClosing(4409, "Subscriber already exists")  # a reason has at most 123 bytes
        # Never begun at once, as some loops' task factories do: its end takes it out of `_open`.
        task = asyncio.Task(self._work(key, message.get("payload")))
        self._open[key] = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _work(self, key: str, payload: object) -> Coroutine[Any, Any, None]:
        """What answers a subscribe message; raises SocketClosing for what is no request."""
        if len(self._open) >= self._limits.operations:
            full = Refused(_too_many(self._limits.operations))
            note_refusal(full)
            return self._refuse(key, full.errors)
        try:
            return self._answer(key, from_body(payload), next(self._numbers))
        except NotPersisted as unknown:
            return self._refuse(key, unknown.errors)
        except BadRequest as bad:
            raise SocketClosing(WRONG_DATA, f"subscribe: {bad}") from None

    def _completed(self, message: Mapping[str, Any]) -> None:
        task = self._open.pop(_key(message), None)  # unknown: it has just ended by itself
        if task is not None:
            task.cancel()

    async def _answer(self, key: str, request: GraphQLRequest, number: int) -> None:
        request_id = f"{self._identity.request_id}.{number}"
        write_about(request_id)
        identity = self._identity._replace(
            request_id=request_id, operation_id=key, begun=self._begun
        )
        head = b'{"id":%b,"type":"next","payload":' % jsontext.dumps(key)
        try:
            operation = self._engine.prepare(request)
            async with aclosing(self._engine.answers(operation, request, identity)) as results:
                async for result in results:
                    await self._socket.write(head + result + b"}")
            await self._end(key, {"id": key, "type": "complete"})
        except Refused as refused:
            await self._end(key, {"id": key, "type": "error", "payload": refused.errors})
        except OSError:
            return  # the connection is gone; whoever reads it is told

    async def _refuse(self, key: str, errors: Sequence[Mapping[str, Any]]) -> None:
        await self._end(key, {"id": key, "type": "error", "payload": errors})

    async def _end(self, key: str, message: Mapping[str, object]) -> None:
        """The operation's last message; when the client has it, the id is free again."""
        del self._open[key]
        await self._send_message(message)

    async def _hang_up(self) -> None:
        self._open.clear()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _send_message(self, message: Mapping[str, object]) -> None:
        await self._socket.write(jsontext.dumps(message))


_HANDLERS: Mapping[str, Callable[[Connection, Mapping[str, Any]], None]] = {
    "connection_init": Connection._initialised_again,
    "subscribe": Connection._subscribed,
    "complete": Connection._completed,
}


def _too_many(most: int) -> Sequence[Mapping[str, Any]]:
    message = f"{most} operations are open on this connection, the most allowed; complete one"
    return [{"message": message, "extensions": {"code": "TOO_MANY_OPERATIONS"}}]


def _message(value: object) -> dict[str, Any]:
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        raise SocketClosing(WRONG_DATA, "Messages must be objects with a type")
    return value


def _key(message: Mapping[str, Any]) -> str:
    key = message.get("id")
    if not isinstance(key, str) or not key:
        raise SocketClosing(WRONG_DATA, f"{message['type']} needs an id")
    return key
