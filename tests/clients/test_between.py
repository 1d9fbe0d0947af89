"""Streams reach the page as they come, also through what compresses and collects answers."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path

import httpx
import pytest

from agui_runtime.app import create_app
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.clients.between import next_js, nginx
from tests.clients.held_streams import Halting, read_all
from tests.support import served


@pytest.mark.parametrize("between", ["nginx", "Next.js"])
async def test_a_stream_is_not_held_back_until_its_end(between: str, tmp_path: Path) -> None:
    agent = Halting()
    app = create_app(CopilotRuntime(agents={"default": agent}))
    async with served(app) as origin:
        proxy: AbstractAsyncContextManager[str] = (
            nginx(origin, tmp_path) if between == "nginx" else next_js(origin)
        )
        async with proxy as url, httpx.AsyncClient() as client:
            await read_all(client, url, agent)
