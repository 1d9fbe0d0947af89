"""The server of one process: on a signal it starts nothing new and lets runs end, then stops."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Coroutine, Sequence
from socket import socket
from types import FrameType
from typing import Any

import uvicorn

from agui_runtime.authentication.requests import opened
from agui_runtime.commands.hosting import Hosted
from agui_runtime.commands.log_output import (
    hide_cancelled_requests,
    server_logging,
    write_lines,
)
from agui_runtime.connections import (
    ConnectionLimits,
    TimedProtocol,
    known_peers,
    timed_protocol,
)
from agui_runtime.runtime.runtime import CopilotRuntime

GRACE = 5
"""Seconds that open connections have to finish after the runs have ended."""

logger = logging.getLogger(__name__)


def open_schemes(runtimes: Sequence[CopilotRuntime]) -> None:
    """Read what the schemes of the runtimes need to know callers; raises Misconfigured."""

    async def open_all() -> None:
        for runtime in runtimes:
            await opened(runtime.authenticate)

    asyncio.run(open_all())


class DrainingServer(uvicorn.Server):
    """uvicorn's server, which on the first SIGTERM or Ctrl-C drains the runtimes for at most
    `limit` seconds.

    While it drains, new runs are refused with 503 and `/readyz` says so; readers are served. A
    second signal ends the runs at once, each with its terminal event; a third one waits for nobody.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        runtimes: Sequence[CopilotRuntime],
        limit: float,
        origin: str,
    ) -> None:
        super().__init__(config)
        self.signals: list[int] = []
        self._runtimes = runtimes
        self._limit = limit
        self._origin = origin
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_stopping = False

    async def startup(self, sockets: list[socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        # uvicorn puts what X-Forwarded-For says into the place of the address.
        self.config.loaded_app = known_peers(self.config.loaded_app)
        await super().startup(sockets)
        self.on_started()

    def on_started(self) -> None:
        """Called when it accepts connections."""
        logger.info(
            "running on %s; Ctrl-C lets live runs end, a second one ends them", self._origin
        )

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        hide_cancelled_requests()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Called by the signal handler, between any two instructions of the main thread."""
        self.signals.append(sig)
        if self._loop is None:
            self.should_exit = True
        else:
            self._loop.call_soon_threadsafe(self._escalate)

    def drain(self) -> None:
        """Start nothing new, let the runs end, and stop; the first call counts."""
        self._stop_after(self._drained(self._limit))

    def retire(self) -> None:
        """Leave new connections to other processes on the same sockets, answer one more request on
        each that is open, and then drain. Both may take as long as runs have to end.
        """
        self._stop_after(self._retired())

    def make_way(self) -> None:
        """Leave every further request to another process, and let the live runs end."""
        for each in self._clients():
            each.leave_now()
        self._stop_after(self._retired())

    def cut(self) -> None:
        """End the live runs now, each with its terminal event, and stop."""
        self._is_stopping = True
        self._begin(self._drained(0))

    def _escalate(self) -> None:
        """Each signal asks for more haste than the one before."""
        number = min(len(self.signals), 3)
        if number == 1:
            self.drain()
        elif number == 2:
            self.cut()
        else:
            self.should_exit = self.force_exit = True

    def _stop_after(self, work: Coroutine[Any, Any, None]) -> None:
        if self._is_stopping:
            work.close()
            return
        self._is_stopping = True
        self._begin(work)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drained(self, limit: float) -> None:
        try:
            await asyncio.gather(*(each.drain(limit) for each in self._runtimes))
        finally:
            self.should_exit = True

    def stop_listening(self) -> None:
        """Take no more connections."""
        for server in self.servers:
            server.close()

    async def _retired(self) -> None:
        self.stop_listening()
        for each in self._clients():
            each.leave()
        # They go after an answer that says so, or some seconds of silence: to close one whose next
        # request may be on its way would lose that.
        deadline = self._loop_of().time() + self._limit
        while self._clients() and self._loop_of().time() < deadline:  # noqa: ASYNC110  # as uvicorn
            await asyncio.sleep(0.05)
        await self._drained(self._limit)

    def _loop_of(self) -> asyncio.AbstractEventLoop:
        assert self._loop is not None
        return self._loop

    def _clients(self) -> list[TimedProtocol]:
        connections = self.server_state.connections
        return [each for each in connections if isinstance(each, TimedProtocol)]


def config_of(found: Hosted, *, of_several: bool = False) -> uvicorn.Config:
    """How uvicorn is to serve what was found; from now on log lines are written."""
    settings = found.settings

    def refused(code: str) -> None:
        """A connection is no runtime's; all of them have the same meters."""
        for runtime in found.runtimes[:1]:
            runtime.count_refusal("", code)

    config = uvicorn.Config(
        found.app,
        http=timed_protocol(ConnectionLimits(seconds=settings.header_seconds), refused),
        log_config=server_logging(settings, of_several=of_several),
        timeout_graceful_shutdown=GRACE,
    )
    write_lines(settings, of_several=of_several)
    return config


def exit_code_of(server: DrainingServer) -> int:
    """130 after Ctrl-C, as shells expect it; a server that never came up has said why."""
    if signal.SIGINT in server.signals:
        return 128 + signal.SIGINT
    return 0 if server.started else 1
