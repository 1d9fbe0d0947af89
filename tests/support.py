"""What many tests need: a real uvicorn on a free loopback port, in the test's own event loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import uvicorn
from starlette.types import ASGIApp


@asynccontextmanager
async def served(
    app: ASGIApp, port: int = 0, http: type[asyncio.Protocol] | str = "auto"
) -> AsyncIterator[str]:
    """Serve the app while the block runs; yields its origin, for example `http://127.0.0.1:41234`.

    A port that was served before comes back as the same server, restarted.
    """
    listener = _listener(port)
    server = uvicorn.Server(
        uvicorn.Config(
            app, http=http, log_level="warning", timeout_graceful_shutdown=2, lifespan="on"
        )
    )
    started = asyncio.Event()
    serving = asyncio.create_task(_serve(server, listener, started))
    await started.wait()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
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


async def _serve(server: uvicorn.Server, listener: socket.socket, started: asyncio.Event) -> None:
    config = server.config
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listener])
    started.set()
    await server.main_loop()
    await server.shutdown(sockets=[listener])
