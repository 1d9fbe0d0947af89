"""Runs the MCP server of `mcp_server.py` as a process."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

PROGRAM = Path(__file__).with_name("mcp_server.py")
STDIO = (sys.executable, str(PROGRAM), "stdio")


@asynccontextmanager
async def listening(transport: str = "http", port: int = 0) -> AsyncIterator[int]:
    """The port of a server, which is killed at the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(PROGRAM), transport, str(port), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield int(await process.stdout.readline())
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()
