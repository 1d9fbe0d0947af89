"""The HTTP side: from a path or an envelope to a handler, whose errors become responses."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Sequence

from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from agui_runtime.core.errors import InvalidInput
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.agui.annotate import Annotate
from agui_runtime.wires.agui.envelope import unwrap
from agui_runtime.wires.agui.errors import HttpRefusal, invalid_request, not_allowed
from agui_runtime.wires.agui.exchange import AguiExchange
from agui_runtime.wires.agui.info import Info
from agui_runtime.wires.agui.inspector import DebugFeed, metadata
from agui_runtime.wires.agui.options import AguiOptions
from agui_runtime.wires.agui.runs import Runs
from agui_runtime.wires.agui.threads import ThreadRoutes
from agui_runtime.wires.agui.transcribe import Transcribe
from agui_runtime.wires.agui.usage import UsageRoute
from agui_runtime.wires.shared.admission import is_json
from agui_runtime.wires.shared.nowhere import nowhere
from agui_runtime.wires.shared.paths import segments_of
from agui_runtime.wires.shared.table import Handler, Table, WrongMethod, growing
from agui_runtime.wires.shared.wire import WireRoute


class AguiEndpoint:
    """This wire over one runtime: an ASGI app for whatever is at and below the base path."""

    def __init__(self, runtime: CopilotRuntime, options: AguiOptions) -> None:
        self._runtime = runtime
        self._places = options.server.places
        self._path = options.server.base
        self._depth = self._path.count("/")
        self._limits = options.server.body
        self._table = Table(_entries(runtime, options))

    @property
    def offered(self) -> Sequence[tuple[str, str]]:
        """Every method and path, with ids in braces, that is answered below the base path."""
        return self._table.offered

    def routes(self) -> list[BaseRoute]:
        """Those to put into an app after whatever else lives on the path or below it."""
        return [
            WireRoute(self._path or "/", self, direct=True),
            WireRoute(f"{self._path}/agent/{{rest:path}}", self, direct=True),
            WireRoute(f"{self._path}/info", self, direct=True),
            WireRoute(f"{self._path}/transcribe", self, forms=True),
            Route(f"{self._path}/{{rest:path}}", self),
        ]

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        exchange = AguiExchange(scope, receive, send)
        segments = segments_of(scope)[self._depth :]
        answer = self._handle(exchange, segments) if segments else self._open(exchange)
        return exchange.guard(answer)

    async def _open(self, exchange: AguiExchange) -> None:
        """Answer the base path itself: envelopes only, `{"method", "params"?, "body"?}`."""
        if exchange.method != "POST":
            raise not_allowed("POST")
        if not is_json(exchange.media_type):
            raise invalid_request("Single-route endpoint expects JSON payloads", 415)
        try:
            body = await exchange.payload(self._limits)
        except InvalidInput:
            raise invalid_request("Invalid JSON payload") from None
        await self._unwrap(exchange, body)

    async def _unwrap(self, exchange: AguiExchange, body: object) -> None:
        exchange.enveloped = enveloped = unwrap(body)
        await self._handle(exchange, enveloped.segments)

    async def _handle(self, exchange: AguiExchange, segments: Sequence[str]) -> None:
        try:
            found = self._table.find(exchange.method, segments)
        except WrongMethod as wrong:
            raise not_allowed(wrong.methods) from None
        if found is None:
            raise HttpRefusal(*nowhere(exchange.scope, [self._path]))
        handler, ids = found
        caller = await exchange.identify(self._runtime.authenticate)
        with self._places.place(caller.owner):
            await handler(exchange, **ids)


def _entries(runtime: CopilotRuntime, options: AguiOptions) -> Iterable[tuple[str, str, Handler]]:
    runs, threads, info = (
        Runs(runtime, options),
        ThreadRoutes(runtime, options),
        Info(runtime, options),
    )
    annotate = Annotate(runtime, options.annotations, options.server.body)
    yield "GET", "info", info.info
    yield "POST", "agent/{agent}/run", growing(runs.run, runtime)
    yield "POST", "agent/{agent}/connect", growing(runs.connect, runtime)
    yield "POST", "agent/{agent}/suggest", growing(runs.suggest, runtime)
    yield "POST", "agent/{agent}/stop/{thread}", runs.stop
    yield "GET", "threads", threads.page
    yield "POST", "threads/subscribe", threads.subscribe
    yield "POST", "threads/clear", threads.clear
    yield "PATCH", "threads/{thread}", threads.update
    yield "DELETE", "threads/{thread}", threads.delete
    yield "POST", "threads/{thread}/archive", threads.archive
    yield "GET", "threads/{thread}/runs", threads.runs
    yield "GET", "threads/{thread}/messages", threads.messages
    yield "GET", "threads/{thread}/events", threads.events
    yield "GET", "threads/{thread}/state", threads.state
    yield "GET", "usage", UsageRoute(runtime).usage
    yield "POST", "transcribe", Transcribe(runtime, options).transcribe
    yield "POST", "annotate", annotate.annotate
    yield "GET", "inspector-metadata", metadata
    if options.server.development:
        feed = DebugFeed(runtime, options.keep_alive)
        runtime.add_hook(feed)
        yield "GET", "cpk-debug-events", growing(feed.listen, runtime)
