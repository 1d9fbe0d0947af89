"""What many tests need: a real uvicorn on a free loopback port, in the test's own event loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp


@asynccontextmanager
async def served(app: ASGIApp, port: int = 0) -> AsyncIterator[str]:
    """Serve the app while the block runs; yields its origin, for example `http://127.0.0.1:41234`.

    A port that was served before comes back as the same server, restarted.
    """
    listener = socket.create_server(("127.0.0.1", port))
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2, lifespan="on")
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


async def _serve(server: uvicorn.Server, listener: socket.socket, started: asyncio.Event) -> None:
    config = server.config
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listener])
    started.set()
    await server.main_loop()
    await server.shutdown(sockets=[listener])
