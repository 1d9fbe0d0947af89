"""An MCP server with a session that stays open, and is opened again when it was lost."""

from __future__ import annotations

import asyncio
import importlib.util
import math
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Protocol

from agui_runtime.connectors.mcp.results import McpResult
from agui_runtime.connectors.mcp.session import McpServer, McpSession
from agui_runtime.connectors.mcp.tools import McpTool
from agui_runtime.core.errors import MissingExtra, RemoteFailure
from agui_runtime.core.jsontext import Json
from agui_runtime.core.log_lines import logger_of

logger = logger_of(__name__)

_NO_LIST = frozenset({"REMOTE_BROKEN", "REMOTE_TIMEOUT"})
"""Failures of a list that are not over at once."""


class LastingServer:
    """Connects with the first request. The tools are listed anew after `refresh_every` seconds, and
    when the server says that they changed. A server that could not be reached, or whose list came
    to nothing, is tried again after `retry_after` seconds. With `shows_pages` the server learns
    that its pages can be shown.

    All methods raise RemoteFailure.
    """

    def __init__(
        self,
        server: McpServer,
        refresh_every: float,
        retry_after: float,
        *,
        shows_pages: bool = False,
    ) -> None:
        self.label = server.label
        self.server = server
        self._refresh_every = refresh_every
        self._retry_after = retry_after
        self._shows_pages = shows_pages
        self._failed_at = -math.inf
        self._session: McpSession | None = None
        self._tools: Sequence[McpTool] = ()
        self._listed_at = 0.0
        self._opening = asyncio.Lock()
        self._listing = asyncio.Lock()

    async def tools(self) -> Sequence[McpTool]:
        async with self._listing:
            session = await self._ready()
            fresh = monotonic() - self._listed_at < self._refresh_every
            if session.changed or not (fresh and self._tools):
                self._tools = await self._listed_by(session)
                self._listed_at = monotonic()
        return self._tools

    async def call(self, name: str, arguments: Mapping[str, Json]) -> McpResult:
        """What the tool returns, also that it failed."""
        return await (await self._ready()).call(name, arguments)

    async def resources(self) -> Sequence[Json]:
        """What it lists as resources."""
        return await (await self._ready()).resources()

    async def read(self, address: str) -> McpResult:
        """A resource; raises InvalidInput, too, if that is no address."""
        return await (await self._ready()).read(address)

    async def close(self) -> None:
        """End the session; the next request opens a new one."""
        session, self._session = self._session, None
        self._tools = ()
        if session is not None:
            await session.close()

    async def _ready(self) -> McpSession:
        async with self._opening:
            return await self._live()

    async def _listed_by(self, session: McpSession) -> Sequence[McpTool]:
        self._wait_after_failure()
        self._tools = ()
        try:
            return await session.tools()
        except RemoteFailure as failure:
            if failure.code in _NO_LIST:
                self._failed_at = monotonic()
            raise

    def _wait_after_failure(self) -> None:
        if monotonic() - self._failed_at < self._retry_after:
            raise RemoteFailure("UNREACHABLE", f"{self.label} failed just now")

    async def _live(self) -> McpSession:
        if self._session is not None and not self._session.broken:
            return self._session
        self._wait_after_failure()
        await self.close()
        try:
            self._session = await McpSession.opened(self.server, shows_pages=self._shows_pages)
        except RemoteFailure:
            self._failed_at = monotonic()
            raise
        return self._session


class _Listing(Protocol):
    @property
    def label(self) -> str: ...

    async def tools(self) -> Sequence[McpTool]: ...


async def listed_by(server: _Listing) -> Sequence[McpTool]:
    """Its tools; none, with a warning in the log, if it fails."""
    try:
        return await server.tools()
    except RemoteFailure as failure:
        logger.warning("%s is left out: %s", server.label, failure.message, exc_info=failure)
        return ()


def needs_mcp(feature: str) -> None:
    """Raises MissingExtra without the `mcp` package."""
    if importlib.util.find_spec("mcp") is None:
        raise MissingExtra(feature, "mcp")
