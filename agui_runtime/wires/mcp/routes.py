"""The HTTP side: from a message to its handler, whose errors become those of JSON-RPC."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from starlette.types import Receive, Scope, Send

from agui_runtime.core.jsontext import Json
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.mcp.calls import Calls
from agui_runtime.wires.mcp.errors import METHOD_NOT_FOUND, ForeignPage, NoEnd, RpcError
from agui_runtime.wires.mcp.exchange import McpExchange
from agui_runtime.wires.mcp.generations import begun, discovered
from agui_runtime.wires.mcp.options import McpOptions
from agui_runtime.wires.mcp.protected_resource import ProtectedResource
from agui_runtime.wires.mcp.protocol import UNNAMED, VERSION, Message, is_stateless
from agui_runtime.wires.shared.admission import listed
from agui_runtime.wires.shared.origins import PageKind, page_of, parse_host, parse_origin
from agui_runtime.wires.shared.table import WrongMethod

Handler: TypeAlias = Callable[[McpExchange, Message], Awaitable[None]]

LAST_EVENT = "last-event-id"


class McpEndpoint:
    """This wire over one runtime: an ASGI app for its path."""

    def __init__(self, runtime: CopilotRuntime, options: McpOptions) -> None:
        self._runtime = runtime
        self._options = options
        self._origins = listed(options.server.cors_origins)
        self._calls = Calls(runtime, options)
        tools = {"tools/list": self._calls.list, "tools/call": self._calls.call}
        self._sessions: Mapping[str, Handler] = {"initialize": _initialize, "ping": _ping, **tools}
        self._stateless: Mapping[str, Handler] = {"server/discover": _discover, **tools}

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        exchange = McpExchange(scope, receive, send)
        if self._options.resource is not None:
            exchange.challenge = self._options.resource.challenge(scope)
        return exchange.guard(self._answer(exchange))

    async def _answer(self, exchange: McpExchange) -> None:
        self._check_origin(exchange)
        resumes = exchange.method == "GET" and LAST_EVENT in exchange.headers
        if exchange.method == "DELETE" and not is_stateless(exchange.headers):
            raise NoEnd
        if exchange.method != "POST" and (not resumes or is_stateless(exchange.headers)):
            raise WrongMethod(["POST"])  # nothing is ever said unasked
        caller = await exchange.identify(self._runtime.authenticate)
        with self._options.server.places.place(caller.owner):
            if resumes:
                version = exchange.headers.get(VERSION, UNNAMED)
                await self._calls.resume(exchange, exchange.headers[LAST_EVENT], version)
            else:
                exchange.check_accepts()
                await self._handle(exchange, await exchange.message(self._options.server.body))

    async def _handle(self, exchange: McpExchange, message: Message) -> None:
        if message.kind == "request":
            table = self._stateless if message.is_stateless else self._sessions
            handler = table.get(message.method)
            if handler is None:
                status = 404 if message.is_stateless else 200
                raise RpcError(
                    METHOD_NOT_FOUND, f"Method not found: {message.method[:100]}", status
                )
            await handler(exchange, message)
            return
        if message.kind == "response":
            await self._calls.answered(exchange, message)
        elif message.method == "notifications/cancelled" and not message.is_stateless:
            await self._calls.cancelled(exchange, message)
        await exchange.answer(None, 202)

    def _check_origin(self, exchange: McpExchange) -> None:
        """Whatever is malformed was refused before."""
        headers = exchange.headers
        if "origin" not in headers or self._options.foreign_pages:
            return
        page = page_of(
            parse_origin(headers["origin"]),
            parse_host(headers["host"]) if "host" in headers else None,
            secure=exchange.scope.get("scheme") == "https",
            site=headers.get("sec-fetch-site"),
            listed=self._origins,
        )
        if page is PageKind.FOREIGN:
            raise ForeignPage


class MetadataEndpoint:
    """What clients are to know of the resource, whoever they are."""

    def __init__(self, resource: ProtectedResource) -> None:
        self._resource = resource

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        exchange = McpExchange(scope, receive, send)
        return exchange.guard(self._answer(exchange))

    async def _answer(self, exchange: McpExchange) -> None:
        if exchange.method not in ("GET", "HEAD"):
            raise WrongMethod(["GET", "HEAD"])
        await exchange.answer(self._resource.metadata(exchange.scope))


async def _initialize(exchange: McpExchange, message: Message) -> None:
    session, result = begun(message.params)
    await exchange.result(result, [(b"mcp-session-id", str(session).encode())])


async def _ping(exchange: McpExchange, message: Message) -> None:
    nothing: Json = {}
    await exchange.result(nothing)


async def _discover(exchange: McpExchange, message: Message) -> None:
    await exchange.result(discovered())
