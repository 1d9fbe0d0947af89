"""A client for each wire of one server, and what it cannot say."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import TypeAlias

import httpx
import httpx2 as httpx2  # openai looks for it while a thread of the server may be importing it
from openai import AsyncOpenAI

from agui_runtime import (
    A2AWire,
    AguiWire,
    CopilotRuntime,
    GraphQLWire,
    McpWire,
    OpenAIWire,
    WebSocketWire,
    create_app,
)
from agui_runtime.stores.base import Store
from agui_runtime.wires.copilotkit_remote.wire import CopilotKitRemoteWire
from agui_runtime.wires.rest.wire import RestWire
from agui_runtime.wires.shared.wire import Wire
from tests.connectors import story
from tests.connectors.narrator import narrator
from tests.support import served
from tests.wires.a2a.serving import sdk_client
from tests.wires.mcp.serving import NEW, OLD, client_of
from tests.wires.visitors.a2a import A2AClient
from tests.wires.visitors.agui import AguiClient, RestClient
from tests.wires.visitors.copilotkit import GraphQLClient, RemoteClient
from tests.wires.visitors.mcp import McpClient
from tests.wires.visitors.openai import ChatClient, ResponsesClient
from tests.wires.visitors.visitor import Client, Visitor
from tests.wires.visitors.websocket import SocketClient
from tests.wires.websocket.serving import opened

Made: TypeAlias = AbstractAsyncContextManager[Client]


def _wires() -> list[Wire]:
    ours: list[Wire] = [GraphQLWire(), WebSocketWire(), AguiWire()]
    return [*ours, CopilotKitRemoteWire(), RestWire(), OpenAIWire(), A2AWire(), McpWire(pace=0)]


@asynccontextmanager
async def visitor_of(wire: str, store: Store) -> AsyncIterator[Visitor]:
    """Somebody who speaks that protocol with the narrator, on a server that speaks them all."""
    runtime = CopilotRuntime({"default": narrator}, [story.forecast], store=store)
    async with (
        served(create_app(runtime, wires=_wires())) as origin,
        CLIENTS[wire](origin) as client,
    ):
        yield Visitor(runtime, client)


@asynccontextmanager
async def _plain(kind: Callable[[httpx.AsyncClient], Client], origin: str) -> AsyncIterator[Client]:
    async with httpx.AsyncClient(base_url=origin) as http:
        yield kind(http)


@asynccontextmanager
async def _openai(kind: Callable[[AsyncOpenAI], Client], origin: str) -> AsyncIterator[Client]:
    async with AsyncOpenAI(base_url=f"{origin}/v1", api_key="ann", max_retries=0) as client:
        yield kind(client)


@asynccontextmanager
async def _a2a(version: str, origin: str) -> AsyncIterator[Client]:
    async with sdk_client(origin, version=version) as client:
        yield A2AClient(client)


@asynccontextmanager
async def _mcp(generation: str, origin: str) -> AsyncIterator[Client]:
    async with client_of(origin, generation) as client:
        yield McpClient(client)


@asynccontextmanager
async def _socket(origin: str) -> AsyncIterator[Client]:
    async with opened(origin) as page:
        yield SocketClient(page)


CLIENTS: Mapping[str, Callable[[str], Made]] = {
    "GraphQL": partial(_plain, GraphQLClient),
    "AG-UI": partial(_plain, AguiClient),
    "agent routes": partial(_plain, RestClient),
    "remote endpoint": partial(_plain, RemoteClient),
    "chat completions": partial(_openai, ChatClient),
    "responses": partial(_openai, ResponsesClient),
    "A2A 1.0": partial(_a2a, "1.0"),
    "A2A 0.3": partial(_a2a, "0.3"),
    "MCP until 2025": partial(_mcp, OLD),
    "MCP of 2026": partial(_mcp, NEW),
    "socket": _socket,
}

_NO_TOOLS = "its clients bring no tools"
CANNOT: Mapping[tuple[str, str], str] = {
    ("A2A 1.0", "frontend tool"): _NO_TOOLS,
    ("A2A 0.3", "frontend tool"): _NO_TOOLS,
    ("MCP until 2025", "frontend tool"): _NO_TOOLS,
    ("MCP of 2026", "frontend tool"): _NO_TOOLS,
    ("chat completions", "interrupt"): "a question is text, and so is its answer",
}
