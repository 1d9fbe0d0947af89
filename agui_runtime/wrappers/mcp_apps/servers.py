"""The MCP servers of an agent with apps: what models are offered, and by what pages know them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from hashlib import blake2b
from uuid import uuid4

from agui_runtime.agents.actions import OfferedAction, failed
from agui_runtime.agents.agent import OfferedTool, ShownResult
from agui_runtime.connectors.mcp import McpServer
from agui_runtime.connectors.mcp.lasting_session import LastingServer, listed_by, needs_mcp
from agui_runtime.connectors.mcp.results import LARGEST as LARGEST, McpResult, bounded, content_of
from agui_runtime.connectors.mcp.tools import McpTool
from agui_runtime.core.errors import Misconfigured, RemoteFailure
from agui_runtime.core.jsontext import Json, Unencodable

ACTIVITY = "mcp-apps"
"""The type of the activities."""


class AppServer:
    """One server. Its methods raise RemoteFailure, also for answers that cannot be written as JSON
    or are too large.
    """

    def __init__(self, server: McpServer, connection: LastingServer) -> None:
        self.id = server.id
        # Front ends ask for one, by their own schema. It says no more than the id does.
        self.hash = blake2b(server.id.encode(), digest_size=16).hexdigest()
        self.connection = connection

    async def offered(self) -> list[OfferedAction]:
        """The tools with pages that models may call; none if it fails."""
        tools = [each for each in await listed_by(self.connection) if each.page and each.for_model]
        return [OfferedAction(OfferedTool(each.tool, partial(self._shown, each))) for each in tools]

    async def tool(self, name: str) -> McpTool | None:
        """The tool of that name, if the server lists it."""
        return next((each for each in await self.connection.tools() if each.name == name), None)

    async def call(self, name: str, arguments: Mapping[str, Json]) -> McpResult:
        """What the tool returns, also that it failed."""
        return self._bounded(await self.connection.call(name, arguments))

    async def read(self, address: str) -> McpResult:
        """A resource; raises InvalidInput, too, if that is no address."""
        return self._bounded(await self.connection.read(address))

    async def _shown(self, tool: McpTool, arguments: Mapping[str, Json]) -> ShownResult:
        result = await self.call(tool.name, arguments)
        content = {
            "result": result,
            "resourceUri": tool.page,
            "serverHash": self.hash,
            "serverId": self.id,
            "toolInput": arguments,
        }
        activity = {
            "type": "ACTIVITY_SNAPSHOT",
            "messageId": str(uuid4()),  # models may use the id of a call again
            "activityType": ACTIVITY,
            "content": content,
            "replace": True,
        }
        return ShownResult(_text(result), (activity,))

    def _bounded(self, result: McpResult) -> McpResult:
        try:
            return bounded(result, self.connection.label)
        except Unencodable as error:
            raise RemoteFailure(
                "BROKEN", f"{self.connection.label} answered with bad JSON"
            ) from error


class AppServers:
    """All of them, by the ids and the hashes that pages give."""

    def __init__(
        self, servers: Sequence[McpServer], refresh_every: float, retry_after: float
    ) -> None:
        needs_mcp("MCPAppsAgent")
        ids = Counter(server.id for server in servers)
        if "" in ids or any(count > 1 for count in ids.values()):
            raise Misconfigured(
                "give each MCP server with apps an id of its own: McpServer(id=...)"
            )
        if any(server.resources for server in servers):
            raise Misconfigured(
                "MCPAppsAgent offers tools with pages alone: leave out resources=True of its "
                "servers, and give them to McpServers(...) for their resources"
            )
        self._servers = [
            AppServer(server, LastingServer(server, refresh_every, retry_after, shows_pages=True))
            for server in servers
        ]

    async def actions(self) -> list[OfferedAction]:
        """The tools of all servers that answer, in their order; they return a `ShownResult`."""
        lists = await asyncio.gather(*(each.offered() for each in self._servers))
        return [action for actions in lists for action in actions]

    def find(self, id_: str | None, hash_: str) -> AppServer | None:
        """The server that a page means; the id counts where both are given."""
        known = {each.hash: each for each in self._servers}
        known |= {each.id: each for each in self._servers}
        return known.get(id_ or hash_)

    async def close(self) -> None:
        """End the sessions."""
        for each in self._servers:
            await each.connection.close()


def _text(result: McpResult) -> str:
    content = content_of(result)
    text = content if isinstance(content, str) else content.words
    return failed("HANDLER_ERROR", text) if result["isError"] else text
