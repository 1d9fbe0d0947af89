"""A socket that takes nothing for a while: what the server holds for it, and what it gets then."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

from ag_ui.core import RunAgentInput

from agui_runtime import CopilotRuntime, WebSocketWire, create_app
from agui_runtime.core.events import ANONYMOUS, Event
from tests.runtime.worlds import Scripted
from tests.wires.websocket.serving import Json, events_of, run_input

NOTES = [{"type": "CUSTOM", "name": "note", "value": number} for number in range(500)]


class Noting(Scripted):
    """Says when it has said all."""

    def __init__(self, *events: Event) -> None:
        super().__init__(*events)
        self.done = asyncio.Semaphore(0)

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        async for event in super().run(request):
            yield event
        self.done.release()


class Slow:
    """The server's side of a socket whose client takes nothing until it is `awake`."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
        self.awake = asyncio.Event()
        self.frames: list[Json] = []
        self.waiting = self.most_waiting = 0
        self.ended = asyncio.Event()

    async def send(self, message: Mapping[str, Any]) -> None:
        if message["type"] != "websocket.send":
            return
        self.waiting += 1
        self.most_waiting = max(self.most_waiting, self.waiting)
        await self.awake.wait()
        self.waiting -= 1
        self.frames.append(json.loads(message["text"]))
        if sum(each["type"] == "stream_end" for each in self.frames) == 2:
            self.ended.set()

    def says(self, **frame: object) -> None:
        self.heard.put_nowait({"type": "websocket.receive", "text": json.dumps(frame)})


@asynccontextmanager
async def slow_socket(runtime: CopilotRuntime) -> AsyncIterator[Slow]:
    app, slow = create_app(runtime, wires=[WebSocketWire()]), Slow()
    scope = {
        "type": "websocket",
        "path": "/copilotkit/socket",
        "headers": [(b"host", b"127.0.0.1")],
        "query_string": b"",
        "subprotocols": ["agui-mux.1"],
        "server": ("127.0.0.1", 80),
    }
    slow.heard.put_nowait({"type": "websocket.connect"})
    async with runtime.lifespan():
        serving = asyncio.create_task(app(scope, slow.heard.get, slow.send))
        yield slow
        slow.awake.set()
        slow.heard.put_nowait({"type": "websocket.disconnect", "code": 1000})
        await serving


async def test_one_frame_is_under_way_runs_end_and_nothing_is_lost() -> None:
    agent = Noting(*NOTES)
    runtime = CopilotRuntime({"default": agent})
    async with slow_socket(runtime) as slow:
        for name in ("a", "b"):
            slow.says(type="request", request_id=name, thread_id=name, input=run_input())
        for name in ("a", "b"):
            await agent.done.acquire()
            await runtime.store.log.wait_idle(name)
        assert (slow.waiting, slow.frames) == (1, [])
        slow.awake.set()
        await slow.ended.wait()
        assert slow.most_waiting == 1
        for name in ("a", "b"):
            known = [each.event for each in await runtime.threads.read(name, ANONYMOUS)]
            assert events_of([it for it in slow.frames if it["request_id"] == name]) == known
