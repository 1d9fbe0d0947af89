"""The HTTP side: from a path to a handler, whose errors become responses."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Mapping, Sequence
from importlib.metadata import version

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from agui_runtime.core.jsontext import JsonObject
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.rest.durable import Streams
from agui_runtime.wires.rest.errors import NothingHere
from agui_runtime.wires.rest.exchange import RestExchange
from agui_runtime.wires.rest.memory import MemoryRoutes
from agui_runtime.wires.rest.openapi import document
from agui_runtime.wires.rest.operations import OPERATIONS
from agui_runtime.wires.rest.options import RestOptions
from agui_runtime.wires.rest.page import HEADERS, page
from agui_runtime.wires.rest.places import PARTS, PREFIX
from agui_runtime.wires.rest.recordings import Recordings
from agui_runtime.wires.rest.runs import RunRoutes
from agui_runtime.wires.rest.schedules import ScheduleRoutes
from agui_runtime.wires.rest.threads import ThreadRoutes
from agui_runtime.wires.shared.paths import segments_of
from agui_runtime.wires.shared.table import Handler, Table, growing
from agui_runtime.wires.shared.wire import WireRoute


class RestEndpoint:
    """This wire over one runtime: an ASGI app for whatever is below its prefix."""

    def __init__(self, runtime: CopilotRuntime, options: RestOptions) -> None:
        self._runtime = runtime
        self._places = options.server.places
        self._is_described = not options.server.production
        self._table = Table(_entries(_handlers(runtime, options)))

    @property
    def offered(self) -> Sequence[tuple[str, str]]:
        """Every method and path, with ids in braces, that is answered below the prefix."""
        return self._table.offered

    def routes(self) -> list[BaseRoute]:
        described = [Route("/openapi.json", describe), Route("/docs", show)]
        return [
            WireRoute(f"{PREFIX}/{{rest:path}}", self, direct=True),
            WireRoute(f"{PREFIX}/transcribe", self, forms=True),
            *(described if self._is_described else []),
        ]

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        exchange = RestExchange(scope, receive, send)
        return exchange.guard(self._handle(exchange, segments_of(scope)[len(PARTS) :]))

    async def _handle(self, exchange: RestExchange, segments: Sequence[str]) -> None:
        found = self._table.find(exchange.method, segments)
        if found is None:
            raise NothingHere
        handler, ids = found
        caller = await exchange.identify(self._runtime.authenticate)
        with self._places.place(caller.owner):
            await handler(exchange, **ids)


async def describe(request: Request) -> Response:
    return JSONResponse(_document(request))


async def show(request: Request) -> Response:
    return HTMLResponse(page(_document(request)), headers=HEADERS)


def _document(request: Request) -> JsonObject:
    root = request.scope.get("root_path", "").rstrip("/")
    return document(root, version("agui-runtime"))


def _handlers(runtime: CopilotRuntime, options: RestOptions) -> Mapping[str, Handler]:
    """By the ids of operations."""
    runs, threads = RunRoutes(runtime, options), ThreadRoutes(runtime, options)
    streams, schedules = Streams(runtime, options), ScheduleRoutes(runtime, options)
    memory = MemoryRoutes(runtime, options)
    return {
        "startRun": runs.start,
        "resumeRun": runs.resume,
        "stopRun": runs.stop,
        "readEvents": growing(threads.events, runtime),
        "readHistory": threads.history,
        "streamThread": growing(streams.thread, runtime),
        "streamRun": growing(streams.run, runtime),
        "createSchedule": schedules.create,
        "listSchedules": schedules.list,
        "readSchedule": schedules.get,
        "deleteSchedule": schedules.delete,
        "pauseSchedule": schedules.pause,
        "resumeSchedule": schedules.resume,
        "listMemory": memory.list,
        "exportMemory": memory.export,
        "remember": memory.remember,
        "correctEntry": memory.correct,
        "deleteEntry": memory.delete,
        "deleteThreadMemory": memory.delete_thread,
        "forget": memory.forget,
        "transcribe": Recordings(runtime, options).transcribe,
    }


def _entries(handlers: Mapping[str, Handler]) -> Iterable[tuple[str, str, Handler]]:
    for each in OPERATIONS:
        yield each.method, each.path.replace("Id}", "}"), handlers[each.id]
