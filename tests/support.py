"""What many tests need: a real uvicorn on a free loopback port, in the test's own event loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import uvicorn
from starlette.types import ASGIApp

GRACE = 2  # seconds for what is under way when a server ends


@asynccontextmanager
async def served(
    app: ASGIApp,
    port: int = 0,
    http: type[asyncio.Protocol] | str = "auto",
    root_path: str = "",
) -> AsyncIterator[str]:
    """Serve the app while the block runs; yields its origin, for example `http://127.0.0.1:41234`.

    A port that was served before comes back as the same server, restarted.
    """
    listener = _listener(port)
    server = _Server(
        uvicorn.Config(app, http=http, root_path=root_path, log_level="warning", lifespan="on")
    )
    started = asyncio.Event()
    serving = asyncio.create_task(_serve(server, listener, started))
    await started.wait()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.ending.set()
        await serving
        listener.close()


def _listener(port: int) -> socket.socket:
    """A listening socket that says it is TCP: else asyncio leaves Nagle's algorithm on, with which
    an answer in two writes waits 40 ms for the client's acknowledgement.
    """
    made = socket.create_server(("127.0.0.1", port))
    kinds = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    return socket.socket(*kinds, fileno=made.detach())


@asynccontextmanager
async def client_of(app: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the app, which is served while the block runs."""
    async with served(app) as origin, httpx.AsyncClient(base_url=origin) as client:
        yield client


async def stop_accepting(server: asyncio.Server) -> None:
    """Close a server, but not before the connections that it has accepted are with their protocol:
    asyncio forgets to close those that it is accepting meanwhile.
    """
    for listener in server.sockets:
        asyncio.get_running_loop().remove_reader(listener)
    for _ in range(4):
        await asyncio.sleep(0)
    server.close()


async def _serve(server: _Server, listener: socket.socket, started: asyncio.Event) -> None:
    config = server.config
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listener])
    await server.on_tick(0)
    started.set()
    await server.ending.wait()
    await server.shutdown(sockets=[listener])


class _Server(uvicorn.Server):
    """uvicorn's, which ends in the same order, but without its pauses of 0.1 s: nearly every test
    serves something.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ending = asyncio.Event()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            await stop_accepting(server)
        for listener in sockets or []:
            listener.close()
        try:
            async with asyncio.timeout(GRACE):
                await self._idle()
        except TimeoutError:
            await self._cut()
        await self.lifespan.shutdown()

    async def _idle(self) -> None:
        """Until every connection has gone: uvicorn says nothing when one has."""
        for connection in list(self.server_state.connections):
            connection.shutdown()
        while self.server_state.connections or self.server_state.tasks:  # noqa: ASYNC110  # see above
            await asyncio.sleep(0.002)
        for server in self.servers:
            await server.wait_closed()

    async def _cut(self) -> None:
        """End what took longer: no test leaves an open socket for another one to be blamed for."""
        if tasks := list(self.server_state.tasks):
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=GRACE)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)
