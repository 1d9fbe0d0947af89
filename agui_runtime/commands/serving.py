"""The server process: on SIGTERM it starts nothing new and lets runs end before it stops."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from types import FrameType

import uvicorn

from agui_runtime.authentication.requests import opened
from agui_runtime.connections import known_peers
from agui_runtime.runtime.runtime import CopilotRuntime


def open_schemes(runtimes: Sequence[CopilotRuntime]) -> None:
    """Read what the schemes of the runtimes need to know callers; raises Misconfigured."""

    async def open_all() -> None:
        for runtime in runtimes:
            await opened(runtime.authenticate)

    asyncio.run(open_all())


class DrainingServer(uvicorn.Server):
    """uvicorn's server, which on the first SIGTERM drains the runtimes for at most `limit` seconds.

    While it drains, new runs are refused with 503 and `/readyz` says so; readers are served. A
    second SIGTERM, or Ctrl-C at any time, stops it at once.
    """

    def __init__(
        self, config: uvicorn.Config, runtimes: Sequence[CopilotRuntime], limit: float
    ) -> None:
        super().__init__(config)
        self._runtimes = runtimes
        self._limit = limit
        self._loop: asyncio.AbstractEventLoop | None = None
        self._draining: asyncio.Task[None] | None = None
        self._is_stopping = False

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]  # of uvicorn's untyped sockets
        self._loop = asyncio.get_running_loop()
        # uvicorn puts what X-Forwarded-For says into the place of the address.
        self.config.loaded_app = known_peers(self.config.loaded_app)
        await super().startup(sockets)  # type: ignore[arg-type]  # the same

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Called by the signal handler, between any two instructions of the main thread."""
        if sig != signal.SIGTERM or self._is_stopping or self._loop is None:
            super().handle_exit(sig, frame)
            return
        self._is_stopping = True
        self._loop.call_soon_threadsafe(self._drain, sig, frame)

    def _drain(self, sig: int, frame: FrameType | None) -> None:
        self._draining = self._loop_of().create_task(self._drained())
        stop = super().handle_exit
        self._draining.add_done_callback(lambda _: stop(sig, frame))

    async def _drained(self) -> None:
        await asyncio.gather(*(each.drain(self._limit) for each in self._runtimes))

    def _loop_of(self) -> asyncio.AbstractEventLoop:
        assert self._loop is not None
        return self._loop
