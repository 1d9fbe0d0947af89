"""The MCP servers of a runtime, and those that a front end names. It keeps one session each."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import TypeAlias

from agui_runtime.agents.agent import Offer, OfferedTool, ResultParts
from agui_runtime.connectors.mcp.addresses import AllowedAddresses
from agui_runtime.connectors.mcp.lasting_session import LastingServer, listed_by, needs_mcp
from agui_runtime.connectors.mcp.output import check_output
from agui_runtime.connectors.mcp.resources import resource_tools
from agui_runtime.connectors.mcp.results import McpResult, bounded, succeeded
from agui_runtime.connectors.mcp.session import McpServer, McpSession
from agui_runtime.connectors.mcp.tools import McpTool
from agui_runtime.core.demands import Demand, a, check, check_list
from agui_runtime.core.events import RunContext
from agui_runtime.core.jsontext import Json
from agui_runtime.core.keyword_arguments import explains_arguments
from agui_runtime.core.log_lines import logger_of

logger = logger_of(__name__)

ForCaller: TypeAlias = Callable[[RunContext], Awaitable[Sequence[McpServer]]]

FOR_CALLER_SECONDS = 10.0
"""So long may `for_caller` take."""

_SERVERS = Demand(
    "a list of McpServer(...)",
    lambda value: (
        isinstance(value, Sequence) and all(isinstance(each, McpServer) for each in value)
    ),
)

MOST_NAMED = 10
"""So many servers may a front end name in one request."""


@explains_arguments
class McpServers:
    """A source of tools: `CopilotRuntime(..., remotes=[McpServers([McpServer(url=...)])])`.

    Each server is connected when it is first needed, and kept until the runtime closes. Its tools
    are listed again after `refresh_every` seconds, and when it says that they changed. A server
    that fails is left out, with a warning in the log, and tried again for the next request; one
    that could not be reached, or whose list never ends, for the first one after `retry_after`
    seconds.

    A front end names servers in its properties: `mcpServers`, or `mcpEndpoints`, is a list of
    `{"endpoint", "apiKey"?}`. They are called only where a pattern in `allowed_from_clients` allows
    it, see `AllowedAddresses`: any other address could be one that only this server can reach. They
    get a session for each use, and are not followed when they redirect.

    `for_caller` names the servers that a run has besides, with its caller's own credentials. They
    get a session for each use, too: none is shared between callers. Where it fails, takes longer
    than 10 seconds or gives anything else, a run goes on without them, with a warning in the log.
    """

    def __init__(
        self,
        servers: Sequence[McpServer] = (),
        *,
        allowed_from_clients: Sequence[str] = (),
        refresh_every: float = 60.0,
        retry_after: float = 5.0,
        for_caller: ForCaller | None = None,
    ) -> None:
        """Raises MissingExtra without the `mcp` package, Misconfigured for a malformed pattern."""
        needs_mcp("McpServers")
        check_list("servers of McpServers", servers, a(McpServer))
        self._lasting = [LastingServer(server, refresh_every, retry_after) for server in servers]
        self._allowed = AllowedAddresses(allowed_from_clients)
        self._for_caller = for_caller
        self._twins: set[str] = set()

    async def offer(self, context: RunContext) -> Offer:
        """The tools of all servers that answer, in their order."""
        servers: list[LastingServer | _Named] = [*self._lasting]
        own, named = await self._of_caller(context), self._named(context.properties)
        servers += [_Named(server) for server in (*own, *named)]
        lists = await asyncio.gather(*map(_offered, servers))
        self._warn_of_twins(lists[: len(self._lasting)])
        return Offer(tools=[tool for tools in lists for tool in tools])

    async def probe(self) -> str:
        """How many tools each server lists; raises RemoteFailure for the first that fails."""
        counts = [f"{each.label} lists {len(await each.tools())} tools" for each in self._lasting]
        return ", ".join(counts) or "no server of its own"

    async def close(self) -> None:
        """End the sessions."""
        for each in self._lasting:
            await each.close()

    async def _of_caller(self, context: RunContext) -> Sequence[McpServer]:
        if self._for_caller is None:
            return ()
        try:
            async with asyncio.timeout(FOR_CALLER_SECONDS):
                own = await self._for_caller(context)
            check("what for_caller of McpServers gives", own, _SERVERS)
        except Exception as error:  # user code: a run goes on without its servers
            reason = str(error) or type(error).__name__
            logger.warning(
                "for_caller failed, and the caller's own MCP servers are left out: %s",
                reason,
                exc_info=error,
            )
            return ()
        return own

    def _warn_of_twins(self, lists: Sequence[Sequence[OfferedTool]]) -> None:
        """Say once of a name that several servers have a tool of it, of which the first counts."""
        many = Counter(each.tool.name for tools in lists for each in tools)
        twins = {name for name in many if many[name] > 1} - self._twins
        if twins:
            words = "more than one MCP server has a tool %s: models have the first; give a `prefix`"
            logger.warning(words, ", ".join(sorted(twins)))
        self._twins |= twins

    def _named(self, properties: Mapping[str, Json]) -> list[McpServer]:
        """The allowed ones of the servers that the front end names."""
        listed = properties.get("mcpServers") or properties.get("mcpEndpoints") or ()
        servers = []
        for about in listed[:MOST_NAMED] if isinstance(listed, list) else ():
            address = about.get("endpoint") if isinstance(about, dict) else None
            if not isinstance(address, str) or not self._allowed.allows(address):
                logger.warning("a front end named the MCP server %.200r: refused", address)
                continue
            servers.append(_server(address, about.get("apiKey")))
        return servers


class _Named:
    """A server with a session for each use."""

    def __init__(self, server: McpServer) -> None:
        self.label = server.label
        self.server = server

    async def tools(self) -> Sequence[McpTool]:
        async with self._session() as session:
            return await session.tools()

    async def call(self, name: str, arguments: Mapping[str, Json]) -> McpResult:
        async with self._session() as session:
            return await session.call(name, arguments)

    async def resources(self) -> Sequence[Json]:
        async with self._session() as session:
            return await session.resources()

    async def read(self, address: str) -> McpResult:
        async with self._session() as session:
            return await session.read(address)

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[McpSession]:
        session = await McpSession.opened(self.server)
        try:
            yield session
        finally:
            await session.close()


async def _offered(server: LastingServer | _Named) -> list[OfferedTool]:
    """The tools that models may call."""
    tools = [each for each in await listed_by(server) if each.for_model]
    offered = [OfferedTool(each.tool, partial(_called, server, each)) for each in tools]
    about = server.server
    return [*offered, *(resource_tools(server, about.prefix) if about.resources else ())]


async def _called(
    server: LastingServer | _Named, tool: McpTool, arguments: Mapping[str, Json]
) -> str | ResultParts:
    result = await server.call(tool.name, arguments)
    check_output(tool, result, server.label)
    return succeeded(bounded(result, server.label))


def _server(address: str, key: object) -> McpServer:
    headers = {"authorization": f"Bearer {key}"} if isinstance(key, str) and key else {}
    return McpServer(url=address, headers=headers, follow_redirects=False)
