"""A runtime behind a real server, and the requests of a front end of today."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Any, cast

import httpx
from fastapi import FastAPI

from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.agui.wire import AguiWire
from agui_runtime.wires.shared.options import ServerOptions
from tests.support import served

PATH = "/api/copilotkit"
Event = dict[str, Any]


@asynccontextmanager
async def serving(
    runtime: CopilotRuntime, wire: AguiWire | None = None, options: ServerOptions | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """A client whose base URL is the runtime's."""
    app = FastAPI()
    below = replace(options or ServerOptions(), path=PATH)
    app.router.routes.extend((wire or AguiWire()).routes(runtime, below))
    await runtime.open()
    try:
        async with (
            served(app) as origin,
            httpx.AsyncClient(base_url=origin + PATH) as client,
        ):
            yield client
    finally:
        await runtime.close()


class Reader:
    """A stream that is read line by line, as far as a test needs it."""

    def __init__(self, lines: AsyncGenerator[str, None]) -> None:
        self._lines = lines
        self.seen = ""

    async def until(self, words: str) -> None:
        """Read up to and with the line that holds the words."""
        async for line in self._lines:
            self.seen += line + "\n"
            if words in line:
                return
        raise AssertionError(f"{words!r} never came")


@asynccontextmanager
async def reading(
    client: httpx.AsyncClient, path: str, body: Mapping[str, Any] | None = None
) -> AsyncIterator[Reader]:
    """A stream while it comes; leaving the block closes the connection."""
    method = "GET" if body is None else "POST"
    async with client.stream(method, path, json=body) as response:
        assert response.status_code == 200
        lines = cast(AsyncGenerator[str, None], response.aiter_lines())  # typed as an iterator
        async with aclosing(lines):
            yield Reader(lines)


def run_body(text: str = "hi", thread: str = "t1", run: str = "r1", **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """A RunAgentInput with one user message, completed or replaced by `more`."""
    message = {"id": f"u-{run}", "role": "user", "content": text}
    lists: dict[str, Any] = {"messages": [message], "tools": [], "context": []}
    return {"threadId": thread, "runId": run, "state": {}, "forwardedProps": {}, **lists} | more


def events(body: str) -> list[Event]:
    """The events of a stream, as the published clients split it."""
    return [event for _, event in frames(body)]


def frames(body: str) -> list[tuple[str | None, Event]]:
    """The id and the event of each frame; comments are left out."""
    assert "\r" not in body
    found = []
    for block in body.split("\n\n"):
        lines = [line for line in block.split("\n") if line and not line.startswith(":")]
        fields = dict(line.split(": ", 1) for line in lines)
        if "data" in fields:
            found.append((fields.get("id"), json.loads(fields["data"])))
    return found


def types(found: Sequence[Mapping[str, Any]]) -> list[str]:
    return [event["type"] for event in found]


def text(found: Sequence[Mapping[str, Any]]) -> str:
    """All that was said."""
    deltas = [event["delta"] for event in found if event["type"] == "TEXT_MESSAGE_CONTENT"]
    return "".join(deltas)
