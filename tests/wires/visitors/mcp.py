"""The official client of MCP, in either generation: everything is a call of the agent's tool."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from mcp import Client
from mcp.types import CallToolResult

from tests.wires.visitors import visitor
from tests.wires.visitors.visitor import Received, Turn

ENDINGS = {
    ("success", False): "finished",
    ("interrupt", False): "asking",
    ("error", True): "failed",
}


class McpClient(visitor.Client):
    """Cancels its call to stop a run; by progress it knows the text so far."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def send(self, turn: Turn) -> AsyncGenerator[Received]:
        notes: asyncio.Queue[Received | None] = asyncio.Queue()

        async def note(progress: float, total: float | None, message: str | None) -> None:
            notes.put_nowait({"text": message})

        asked = self._client.call_tool("default", _arguments(turn), progress_callback=note)
        call = asyncio.create_task(asked)
        call.add_done_callback(lambda _: notes.put_nowait(None))
        try:
            while (received := await notes.get()) is not None:
                yield received
            yield _of_result(call.result())
        finally:
            call.cancel()
            await asyncio.wait((call,))


def _arguments(turn: Turn) -> dict[str, Any]:
    known = {} if turn.earlier is None else {"threadId": turn.earlier["thread"]}
    if turn.answers:
        [answer] = turn.answers
        return {**known, "answer": answer["payload"]}
    return {**known, "message": turn.newest["content"]}


def _of_result(result: CallToolResult) -> Received:
    about: dict[str, Any] = result.structured_content
    if about["text"]:
        assert result.content[0].model_dump()["text"] == about["text"]
    return {
        "thread": about["threadId"],
        "run": about["runId"],
        "text": about["text"],
        "ending": ENDINGS[about["outcome"], result.is_error],
    }
