"""What developers' tools request: metadata, of which there is none, and events as they happen."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from typing import Any

from ag_ui.core import RunAgentInput

from agui_runtime.core.access import Resource, Undecided
from agui_runtime.core.events import Caller, Event, RunContext, RunInfo
from agui_runtime.core.log_lines import logger_of
from agui_runtime.hooks.hook import Hook
from agui_runtime.runtime.permissions import Permissions
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.agui.egress import older
from agui_runtime.wires.agui.exchange import AguiExchange
from agui_runtime.wires.shared.event_stream_frames import frame
from agui_runtime.wires.shared.http import log_failure
from agui_runtime.wires.shared.streaming import Write

logger = logger_of(__name__)

BACKLOG = 1000
"""So many events a slow reader may be behind; then it loses the oldest."""


async def metadata(exchange: AguiExchange) -> None:
    await exchange.answer(None, 204, [(b"cache-control", b"no-store, private")])


class DebugFeed(Hook):
    """The events of all runs to whoever listens, each caller's own only, as far as they may read
    their threads. For development.
    """

    def __init__(self, runtime: CopilotRuntime, keep_alive: float) -> None:
        self._permissions = runtime.permissions
        self._keep_alive = keep_alive
        self._listeners: set[_Listener] = set()

    async def before_run(self, run: RunInfo, request: RunAgentInput, context: RunContext) -> None:
        ids = {"threadId": run.thread_id, "runId": run.run_id}
        given = request.model_dump(mode="json", by_alias=True, exclude_none=True)
        self.on_event(run, {"type": "RUN_STARTED", **ids, "input": given})

    def on_event(self, run: RunInfo, event: Event) -> None:
        for listener in self._listeners:
            if listener.caller.owner == run.owner:
                listener.collect(run, event)

    async def listen(self, exchange: AguiExchange) -> None:
        """An endless stream; only what happens from now on."""
        listener = _Listener(exchange.caller, self._permissions)
        self._listeners.add(listener)
        try:
            await exchange.stream(listener.write_to, self._keep_alive)
        finally:
            self._listeners.discard(listener)


class _Listener:
    def __init__(self, caller: Caller, permissions: Permissions) -> None:
        self.caller = caller
        self._permissions = permissions
        self._readable: dict[Resource, bool] = {}
        self._due = 0.0
        self._waiting: deque[dict[str, Any]] = deque(maxlen=BACKLOG)
        self._more = asyncio.Event()

    def collect(self, run: RunInfo, event: Event) -> None:
        adapted = older(event)
        if adapted is None:
            return
        where = {"agentId": run.agent, "threadId": run.thread_id, "runId": run.run_id}
        self._waiting.append({"timestamp": int(time.time() * 1000), **where, "event": adapted})
        self._more.set()

    async def write_to(self, write: Write) -> None:
        await write(b": connected\n\n")
        while True:
            await self._more.wait()
            self._more.clear()
            await self._look_again()
            ready, self._waiting = self._waiting, deque(maxlen=BACKLOG)
            await write(b"".join([frame(each) for each in ready if await self._may_read(each)]))

    async def _may_read(self, entry: Mapping[str, Any]) -> bool:
        where = Resource(entry["agentId"], entry["threadId"])
        if where not in self._readable:
            self._readable[where] = await self._permissions.allow(self.caller, "read", where)
        return self._readable[where]

    async def _look_again(self) -> None:
        """Whether what may be read still may be, unless that was looked at lately. Where it cannot
        be decided, it stays as it was, and a line in the log says why.
        """
        now = asyncio.get_running_loop().time()
        if now < self._due:
            return
        self._due = now + self._permissions.every
        for where in self._readable:
            try:
                self._readable[where] = await self._permissions.allow(self.caller, "read", where)
            except Undecided as error:
                log_failure(logger, error)
                return
