"""The streams to and from an MCP server: a process, or one of the two transports over HTTP.

It imports the `mcp` package: import this when a server is called, not before.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx2
from mcp.client import Transport
from mcp.client.sse import sse_client
from mcp.client.stdio import StdioServerParameters, get_default_environment, stdio_client
from mcp.client.streamable_http import streamable_http_client

from agui_runtime.connectors.mcp import http_client
from agui_runtime.connectors.mcp.requests import LastAnswer
from agui_runtime.connectors.mcp.results import LARGEST

if TYPE_CHECKING:
    from mcp.client._transport import TransportStreams

    from agui_runtime.connectors.mcp.session import McpServer


@asynccontextmanager
async def connected(server: McpServer, http: LastAnswer) -> AsyncIterator[TransportStreams]:
    """Both streams; what was opened for them is closed at the end."""
    if server.command:
        async with _process(server) as streams:
            yield streams
    elif httpx2.URL(server.url).path.endswith("/sse"):
        async with sse_client(server.url, httpx_client_factory=_ClientFactory(server, http)) as it:
            yield it
    else:
        async with (
            _client(server, http) as client,
            streamable_http_client(
                server.url, http_client=client, max_sse_event_size=_LARGEST_EVENT
            ) as it,
        ):
            yield it


def _process(server: McpServer) -> Transport:
    box = server.sandbox
    program, *arguments = box.serving(server.command, server.env) if box else server.command
    env = get_default_environment() | dict(server.env)
    parameters = StdioServerParameters(
        command=program, args=arguments, env=env, encoding_error_handler="replace"
    )
    return stdio_client(parameters)


class _ClientFactory:
    """Gives the SSE transport our client."""

    def __init__(self, server: McpServer, http: LastAnswer) -> None:
        self._server = server
        self._http = http

    def __call__(
        self,
        headers: dict[str, str] | None = None,
        timeout: httpx2.Timeout | None = None,
        auth: httpx2.Auth | None = None,
    ) -> httpx2.AsyncClient:
        return _client(self._server, self._http)


def _client(server: McpServer, http: LastAnswer) -> httpx2.AsyncClient:
    """Without a limit on silence: a server may say something unasked, or never."""
    timeout = httpx2.Timeout(server.timeout, connect=server.connect_timeout, read=None)
    follows = server.follow_redirects
    return http_client.client(
        server.headers, timeout, http, follow_redirects=follows, auth=server.auth
    )


_LARGEST_EVENT = 2 * LARGEST
"""Bytes; a larger answer than `LARGEST` is read, so that its own error says why it is refused."""
