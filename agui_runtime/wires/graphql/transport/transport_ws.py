"""The graphql-transport-ws protocol: the messages of one WebSocket, from its init to its close.

The rules are those of graphql-ws' PROTOCOL.md. Strawberry has a handler for them too; it parses and
executes by itself, past the limits, the cache and the masked errors of `Engine`, and it bounds
neither messages nor connections.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from itertools import count
from typing import Any, NoReturn, TypeAlias

from starlette.types import Message, Receive, Send

from agui_runtime.core import jsontext
from agui_runtime.core.errors import InvalidInput, TooLarge, Unauthenticated
from agui_runtime.core.log_lines import logger_of, write_about
from agui_runtime.wires.graphql.engine.engine import Engine, Identity
from agui_runtime.wires.graphql.engine.operations import Refused
from agui_runtime.wires.graphql.nouns.operation_request import GraphQLRequest
from agui_runtime.wires.graphql.transport.http import (
    BadRequest,
    NotPersisted,
    from_body,
)
from agui_runtime.wires.shared.bodies import loaded

logger = logger_of(__name__)

PROTOCOL = "graphql-transport-ws"


@dataclass(frozen=True, slots=True)
class SocketLimits:
    """What subscribers may use.

    `connections` counts WebSockets and event streams in all, `operations` those open at a time on
    one WebSocket; `message` is in bytes. In seconds: `init` until `connection_init` must have come,
    and `keep_alive`, a silence after which an event stream gets a comment and a client of a
    WebSocket is pinged; after another such silence the client is given up.
    """

    connections: int = 1000
    operations: int = 100
    message: int = 4_000_000
    init: float = 10.0
    keep_alive: float = 15.0


Identify: TypeAlias = Callable[[Mapping[str, Any]], Awaitable[Identity]]
"""From the payload of `connection_init` to who is asking; raises Unauthenticated."""


class Connection:
    """One WebSocket, already accepted. Operations run side by side, each in a task of its own."""

    def __init__(self, engine: Engine, limits: SocketLimits, receive: Receive, send: Send) -> None:
        self._engine = engine
        self._limits = limits
        self._receive = receive
        self._send = send
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
            with suppress(OSError):  # the client was faster
                await self._send(closing(close.code, close.reason))

    async def _talk(self, identify: Identify) -> _Close | None:
        try:
            self._identity = await self._introduced(identify)
            await self._send_message({"type": "connection_ack"})
            while True:
                message = await self._next()
                _HANDLERS.get(message["type"], Connection._misunderstood)(self, message)
        except _Close as close:
            return close
        except (_Gone, OSError):
            return None
        except Exception:  # a wire's edge
            logger.exception("a WebSocket connection failed")
            return _Close(4500, "Internal server error")

    async def _introduced(self, identify: Identify) -> Identity:
        try:
            async with asyncio.timeout(self._limits.init):
                message = await self._next()
        except TimeoutError:
            raise _Close(4408, "Connection initialisation timeout") from None
        if message["type"] == "subscribe":
            raise _Close(4401, "Unauthorized")
        if message["type"] != "connection_init":
            self._misunderstood(message)
        payload = message.get("payload")
        if not isinstance(payload, dict | None):
            raise _Close(4400, "The payload of connection_init must be an object")
        try:
            return await identify(payload or {})
        except Unauthenticated:
            raise _Close(4403, "Forbidden") from None

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
        try:
            async with asyncio.timeout(self._limits.keep_alive):
                event = await self._receive()
            return await self._parsed(event)
        except TimeoutError:
            await self._send_message({"type": "ping"})
        try:
            async with asyncio.timeout(self._limits.keep_alive):
                event = await self._receive()
        except TimeoutError:
            raise _Close(4499, "Terminated: a ping was not answered") from None
        return await self._parsed(event)

    async def _parsed(self, event: Message) -> dict[str, Any]:
        if event["type"] == "websocket.disconnect":
            raise _Gone
        text = event.get("text")
        if text is None:
            raise _Close(4400, "Messages must be text")
        encoded = text.encode(errors="replace")
        if len(encoded) > self._limits.message:
            raise _Close(1009, f"A message may have at most {self._limits.message} bytes")
        try:
            message = await loaded(encoded, self._engine.limits.body)
        except TooLarge as error:
            raise _Close(1009, error.message) from None
        except InvalidInput:
            raise _Close(4400, "Messages must be JSON") from None
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            raise _Close(4400, "Messages must be objects with a type")
        return message

    def _initialised_again(self, message: Mapping[str, Any]) -> NoReturn:
        raise _Close(4429, "Too many initialisation requests")

    def _misunderstood(self, message: Mapping[str, Any]) -> NoReturn:
        raise _Close(4400, f"Unknown message type {message['type'][:40]!r}")

    def _subscribed(self, message: Mapping[str, Any]) -> None:
        key = _key(message)
        if key in self._open:
            raise _Close(4409, "Subscriber already exists")  # a reason has at most 123 bytes
        task = asyncio.create_task(self._work(key, message.get("payload")))
        self._open[key] = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _work(self, key: str, payload: object) -> Coroutine[Any, Any, None]:
        """What answers a subscribe message; raises _Close for one that is no GraphQL request."""
        if len(self._open) >= self._limits.operations:
            return self._refuse(key, _too_many(self._limits.operations))
        try:
            return self._answer(key, from_body(payload), next(self._numbers))
        except NotPersisted as unknown:
            return self._refuse(key, unknown.errors)
        except BadRequest as bad:
            raise _Close(4400, f"subscribe: {bad}") from None

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
                    await self._write(head + result + b"}")
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
        await self._write(jsontext.dumps(message))

    async def _write(self, message: bytes) -> None:
        await self._send({"type": "websocket.send", "text": message.decode()})


_HANDLERS: Mapping[str, Callable[[Connection, Mapping[str, Any]], None]] = {
    "connection_init": Connection._initialised_again,
    "subscribe": Connection._subscribed,
    "complete": Connection._completed,
}


class _Close(Exception):
    """The server closes the connection."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class _Gone(Exception):
    """The client closed the connection."""


def closing(code: int, reason: str) -> Message:
    """The ASGI message that closes a WebSocket; of the reason, RFC 6455 5.5 allows 123 bytes."""
    short = reason.encode("utf-8", "replace")[:123].decode("utf-8", "ignore")
    return {"type": "websocket.close", "code": code, "reason": short}


def _too_many(most: int) -> Sequence[Mapping[str, Any]]:
    message = f"{most} operations are open on this connection, the most allowed; complete one"
    return [{"message": message, "extensions": {"code": "TOO_MANY_OPERATIONS"}}]


def _key(message: Mapping[str, Any]) -> str:
    key = message.get("id")
    if not isinstance(key, str) or not key:
        raise _Close(4400, f"{message['type']} needs an id")
    return key
