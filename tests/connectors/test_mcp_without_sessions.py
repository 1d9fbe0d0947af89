"""Servers of MCP's newest generation, to which `initialize` means nothing."""

from __future__ import annotations

from mcp.server import MCPServer
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from agui_runtime.connectors.mcp import McpServer
from tests.connectors.test_mcp import world
from tests.support import served


async def test_a_server_without_sessions_is_asked_what_it_is() -> None:
    newest = MCPServer("newest")

    @newest.tool()
    def add(a: int, b: int) -> int:
        """Adds."""
        return a + b

    app = newest.streamable_http_app()

    async def without_sessions(scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope.get("headers", ()))
        if scope["type"] != "http" or b"mcp-method" in headers:
            await app(scope, receive, send)
            return
        error = {"code": -32022, "message": "Unsupported", "data": {"supported": ["2026-07-28"]}}
        answer = JSONResponse({"jsonrpc": "2.0", "id": None, "error": error}, 400)
        await answer(scope, receive, send)

    async with (
        served(without_sessions) as origin,
        world(McpServer(url=f"{origin}/mcp")) as it,
    ):
        assert await it.call("add", a=1, b=2) == "3"
