"""MCP servers may say half an emoji, as JavaScript writes it: the tool's result is there.

What cannot be read at all ends the call, and does not let it wait.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator

import pytest
from starlette.types import Receive, Scope, Send

from agui_runtime.connectors.mcp import McpServer
from tests.connectors.test_mcp import error_of, world
from tests.fakes import mcp_lines
from tests.support import served

TOOL = {"name": "odd", "inputSchema": {"type": "object", "properties": {}}}
ABOUT = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}}
ANSWERS = {
    "initialize": ABOUT | {"serverInfo": {"name": "x", "version": "1"}},
    "tools/list": {"tools": [TOOL]},
    "tools/call": {"content": [{"type": "text", "text": "TEXT"}]},
}


class Server:
    """Speaks MCP byte by byte: it says `text`, in blocks of `size` bytes."""

    def __init__(self, text: str, kind: str, size: int) -> None:
        self._text = text
        self._kind = kind
        self._size = size

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": message["type"] + ".complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        request = json.loads((await receive())["body"] or b"{}")
        if scope["method"] != "POST" or "id" not in request:
            status = 202 if scope["method"] == "POST" else 405
            await send({"type": "http.response.start", "status": status, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        head = [(b"content-type", self._kind.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        for block in self._blocks(request):
            await send({"type": "http.response.body", "body": block, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    def _blocks(self, request: dict[str, object]) -> Iterator[bytes]:
        result = ANSWERS[str(request["method"])]
        answer = json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result})
        text = answer.replace("TEXT", self._text).encode()
        if self._kind == "text/event-stream":
            text = b"event: message\ndata: " + text + b"\n\n"
        for start in range(0, len(text), self._size):
            yield text[start : start + self._size]


HALVES = [
    (r"cut \ud83d", "cut \ufffd"),
    (r"\ude00 cut \u00e4", "\ufffd cut \xe4"),
    (r"\ud83d\ude00 \ud83d!", "\U0001f600 \ufffd!"),
    (r"a backslash \\ud83d \\", "a backslash \\ud83d \\"),
]


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize("kind", ["application/json", "text/event-stream"])
@pytest.mark.parametrize(("sent", "received"), HALVES)
async def test_half_an_emoji_of_a_server_is_replaced(
    sent: str, received: str, kind: str, size: int
) -> None:
    async with served(Server(sent, kind, size)) as origin:
        server = McpServer(url=f"{origin}/mcp", connect_timeout=5, timeout=5)
        async with world(server) as it:
            assert await it.call("odd") == received


def process(line: bytes) -> McpServer:
    """A server in a process that answers a call with the line; nobody waits for its timeout."""
    return McpServer(command=(sys.executable, mcp_lines.__file__, os.fsdecode(line)), timeout=600)


RESULT = '{"jsonrpc":"2.0","id":ID,"result":{"content":[{"type":"text","text":"TEXT"}]}}'


@pytest.mark.parametrize(
    ("sent", "received"), [*HALVES, ("\udced\udca0\udcbd!", "\ufffd\ufffd\ufffd!")]
)
async def test_half_an_emoji_of_a_process_is_replaced(sent: str, received: str) -> None:
    line = RESULT.replace("TEXT", sent).encode("utf-8", "surrogateescape")
    async with world(process(line)) as it:
        assert await it.call("odd") == received


@pytest.mark.parametrize(
    "line",
    [
        RESULT[:40],
        '{"result":{"content":[oh],"jsonrpc":"2.0","id":ID}',
        '{"result":oh,"jsonrpc":"2.0","id":ID}',
        '{"id":ID,"jsonrpc":"2.0","result":oh}',
        '{"jsonrpc":"2.0","id":ID}',
        RESULT.replace("TEXT", r"\ud83d \x"),
    ],
)
async def test_a_process_whose_answer_cannot_be_read_fails_the_call_at_once(line: str) -> None:
    async with world(process(line.encode())) as it:
        error = error_of(await it.call("odd"))
    assert error["message"].endswith(": what it answered is no JSON-RPC")


async def test_a_server_whose_answer_cannot_be_read_fails_the_call_at_once() -> None:
    class Broken(Server):
        def _blocks(self, request: dict[str, object]) -> Iterator[bytes]:
            whole = b"".join(super()._blocks(request))
            yield whole[:50] if request["method"] == "tools/call" else whole

    async with (
        served(Broken("hi", "application/json", 99)) as origin,
        world(McpServer(url=f"{origin}/mcp", timeout=600)) as it,
    ):
        error = error_of(await it.call("odd"))
    assert error["message"].endswith(": what it answered is no JSON-RPC")
