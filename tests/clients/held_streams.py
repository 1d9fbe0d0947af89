"""Streams that go on only when their reader has seen what came before: one that anything between
them holds back never ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
from ag_ui.core import RunAgentInput

from agui_runtime.core.events import Event
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


async def read_all(client: httpx.AsyncClient, url: str, agent: Halting) -> None:
    """Read one of each kind at the runtimeUrl, by a client that may be sent anything compressed."""
    for path, body, accept in STREAMS.values():
        agent.go.clear()
        headers = {"accept": accept, "accept-encoding": "gzip, deflate, br"}
        await _read(client.stream("POST", url + path, json=body, headers=headers), agent)


async def _read(sent: AbstractAsyncContextManager[httpx.Response], agent: Halting) -> None:
    """Read to the end; the agent goes on only when its first word has come."""
    seen = ""
    async with sent as response:
        async for text in response.aiter_text():
            seen += text
            if "first" in seen:
                agent.go.set()
    assert "second" in seen
