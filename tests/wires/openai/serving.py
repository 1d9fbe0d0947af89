"""A runtime that speaks OpenAI's protocols and AG-UI, and OpenAI's own client of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import httpx2 as httpx2  # openai looks for it while a thread of the server may be importing it
import orjson
from ag_ui.core import RunAgentInput
from openai import AsyncOpenAI

from agui_runtime import CopilotRuntime, OpenAIWire, ServerOptions
from agui_runtime.core.events import Event
from tests.runtime.worlds import call, text
from tests.wires.beside_agui import beside_agui

TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
"""One that the client carries out."""

USAGE = {
    "provider": "fake",
    "model": "m",
    "inputTokens": 11,
    "outputTokens": 7,
    "cachedInputTokens": 3,
    "reasoningTokens": 2,
}


def user(words: str) -> dict[str, str]:
    return {"role": "user", "content": words}


serving = beside_agui(OpenAIWire)
"""Yields the origin of a server that speaks OpenAI's protocols and AG-UI."""


@asynccontextmanager
async def client_of(
    runtime: CopilotRuntime,
    wire: OpenAIWire | None = None,
    headers: Mapping[str, str] | None = None,
) -> AsyncIterator[Any]:
    """OpenAI's client of the runtime, which repeats nothing. Its types name every key of every
    message; what tests send are plain objects.
    """
    async with (
        serving(runtime, wire) as origin,
        AsyncOpenAI(
            base_url=f"{origin}/v1", api_key="ann", max_retries=0, default_headers=headers
        ) as client,
    ):
        yield client


@asynccontextmanager
async def plain_client_of(
    runtime: CopilotRuntime, options: ServerOptions | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """A client that sends whatever a test wants it to."""
    async with (
        serving(runtime, options=options) as origin,
        httpx.AsyncClient(base_url=origin) as client,
    ):
        yield client


def chunks_in(stream: str) -> list[Any]:
    """The JSON of a stream's frames."""
    frames = [line.removeprefix("data: ") for line in stream.splitlines() if line[:5] == "data:"]
    return [frame if frame == "[DONE]" else orjson.loads(frame) for frame in frames]


class Recorder:
    """Plays events, and notes with what it was run."""

    name = "recorder"
    description = "Plays events"

    def __init__(self, *events: Event, end: Mapping[str, Any] | None = None) -> None:
        self.requests: list[RunAgentInput] = []
        self._events = events or tuple(text("m1", "Hello ", "world"))
        self._end = end

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        self.requests.append(request)
        for event in self._events:
            yield {
                key: f"{value}-{request.run_id}" if key in {"messageId", "toolCallId"} else value
                for key, value in event.items()
            }
        if self._end is not None:
            ids = {"threadId": request.thread_id, "runId": request.run_id}
            yield {"type": "RUN_FINISHED", **ids, **self._end}

    @property
    def messages(self) -> list[tuple[str, object]]:
        """Roles and contents of what it was given last."""
        return [(each.role, each.content) for each in self.requests[-1].messages]


class Held:
    """Says a word, and then nothing until it is stopped."""

    name = "held"
    description = "Waits"

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.closed = asyncio.Event()

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        try:
            yield {"type": "TEXT_MESSAGE_CHUNK", "messageId": "m1", "delta": "Well"}
            self.reached.set()
            await asyncio.Event().wait()
        finally:
            self.closed.set()


def thought(*deltas: str) -> list[Event]:
    """A whole thought."""
    ids = {"messageId": "r1"}
    contents = [{"type": "REASONING_MESSAGE_CONTENT", **ids, "delta": each} for each in deltas]
    return [
        {"type": "REASONING_START", **ids},
        {"type": "REASONING_MESSAGE_START", **ids, "role": "reasoning"},
        *contents,
        {"type": "REASONING_MESSAGE_END", **ids},
        {"type": "REASONING_END", **ids},
    ]


def two_calls() -> list[Event]:
    """Calls of the client's tool, for Rome and for Oslo."""
    rome, oslo = (call(f"c-{city}", "get_weather", f'{{"city":"{city}"}}') for city in CITIES)
    return [*rome, *oslo]


CITIES = ("Rome", "Oslo")
