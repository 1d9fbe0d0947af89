"""One operation through a published JavaScript client: a Python face of `graphql/client.mjs`."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import orjson

from tests.clients.browser import node

FOLDER = Path(__file__).parent / "graphql"


async def told(client: str, url: str, query: str, **job: Any) -> AsyncGenerator[Any, None]:  # noqa: ANN401  # JSON
    """What the client tells, line by line, until it ends; close it (`aclosing`) to end it before.

    `client` is one of those that `client.mjs` lists; `job` may have `variables`, `take`, `headers`,
    `payload`, `pinged`, `persisted`, `retries`, `resume`.
    """
    asked = orjson.dumps({"client": client, "url": url, "query": query, **job}).decode()
    process = await asyncio.create_subprocess_exec(
        node(), "client.mjs", asked, cwd=FOLDER, stdout=subprocess.PIPE
    )
    assert process.stdout
    try:
        async for line in process.stdout:
            yield orjson.loads(line)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def everything(client: str, url: str, query: str, **job: Any) -> list[Any]:  # noqa: ANN401  # JSON
    """All that the client tells until it ends by itself."""
    return [line async for line in told(client, url, query, **job)]
