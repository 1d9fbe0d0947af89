"""Streams reach the page as they come, also through what compresses and collects answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.app import create_app
from agui_runtime.core.events import Event
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.clients.between import next_js, nginx
from tests.support import served
from tests.wires.agui.serving import run_body
from tests.wires.graphql.serving import ACCEPT, chat


class Halting:
    """Says one word, and the next when it is told to go on."""

    name = "halting"
    description = "Halts after its first word"

    def __init__(self) -> None:
        self.go = asyncio.Event()

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        yield {"type": "TEXT_MESSAGE_START", "messageId": "m1", "role": "assistant"}
        yield {"type": "TEXT_MESSAGE_CONTENT", "messageId": "m1", "delta": "first"}
        await self.go.wait()
        yield {"type": "TEXT_MESSAGE_CONTENT", "messageId": "m1", "delta": "second"}


STREAMS: dict[str, tuple[str, dict[str, Any], str]] = {
    "today": ("/agent/default/run", run_body(), "text/event-stream"),
    "1.10": ("", chat(), ACCEPT),
    "graphql events": ("", chat(), "text/event-stream"),
}
"""A path below the runtimeUrl, a body, and what the client accepts."""


@pytest.mark.parametrize("between", ["nginx", "Next.js"])
async def test_a_stream_is_not_held_back_until_its_end(between: str, tmp_path: Path) -> None:
    agent = Halting()
    app = create_app(CopilotRuntime(agents={"default": agent}))
    async with served(app) as origin:
        proxy: AbstractAsyncContextManager[str] = (
            nginx(origin, tmp_path) if between == "nginx" else next_js(origin)
        )
        async with proxy as url, httpx.AsyncClient(timeout=20) as client:
            for path, body, accept in STREAMS.values():
                agent.go.clear()
                headers = {"accept": accept, "accept-encoding": "gzip, deflate, br"}
                sent = client.stream("POST", url + path, json=body, headers=headers)
                await read(sent, agent)


async def read(sent: AbstractAsyncContextManager[httpx.Response], agent: Halting) -> None:
    """Read to the end; the agent goes on only when its first word has come."""
    seen = ""
    async with sent as response:
        async for text in response.aiter_text():
            seen += text
            if "first" in seen:
                agent.go.set()
    assert "second" in seen
